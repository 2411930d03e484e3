/**
 * When a failed worker is started again: exponential backoff with jitter, and a breaker that gives up for a while and
 * then lets one attempt through. Pure; time and randomness are inputs.
 */

/** Ranges as in the config's `agent.restart`. */
export type RestartPolicy = {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Random part of each wait, 0..1. */
  readonly jitterRatio: number;
  /** Faults within the window that open the breaker. */
  readonly breakerFailures: number;
  /** Window of the breaker, and how long it stays open, ms. */
  readonly breakerWindowMs: number;
};

/**
 * What is remembered of one pool.
 *
 * `open` = it gave up and waits; the attempt after the wait runs as `half_open`.
 */
export type RestartHistory = {
  /** Times of the faults inside the window, oldest first. */
  readonly faultTimesMs: readonly number[];
  /** Failures without a Ready between them, shortages included; the exponent of the backoff. */
  readonly attempts: number;
  readonly breaker: 'closed' | 'open' | 'half_open';
  /** When the worker last became Ready; `null` while it is not. */
  readonly readySinceMs: number | null;
};

export type RestartDecision = {
  readonly history: RestartHistory;
  readonly delayMs: number;
  readonly reason: 'backoff' | 'breaker_open';
};

export const freshHistory: RestartHistory = { faultTimesMs: [], attempts: 0, breaker: 'closed', readySinceMs: null };

/**
 * Decide the wait after one failure.
 *
 * 1. A worker that was Ready for `maxMs` starts the count of attempts anew and closes the breaker.
 * 2. A shortage only backs off: memory comes back without anybody's fault.
 * 3. A fault in `half_open`, or the `breakerFailures`-th within the window, opens the breaker for `breakerWindowMs`.
 * 4. Otherwise the wait is `initialMs · factor^attempts`, at most `maxMs`.
 *
 * Each wait is spread by ± `jitterRatio`, so that hosts that failed together do not start together.
 *
 * @param random - Uniform in [0, 1).
 * @req ORCH-3053, ORCH-3040, ORCH-3003
 */
export const decideRestart = (
  policy: RestartPolicy,
  history: RestartHistory,
  failureClass: 'fault' | 'shortage',
  nowMs: number,
  random: number,
): RestartDecision => {
  // 1
  const stable = history.readySinceMs !== null && nowMs - history.readySinceMs >= policy.maxMs;
  const before = stable ? { ...history, attempts: 0, breaker: 'closed' as const } : history;

  const recent = before.faultTimesMs.filter((time) => nowMs - time < policy.breakerWindowMs);
  // 2
  const faultTimesMs = failureClass === 'fault' ? [...recent, nowMs] : recent;
  const attempts = before.attempts + 1;
  const spread = 1 + policy.jitterRatio * (2 * random - 1);

  // 3
  if (failureClass === 'fault' && (before.breaker === 'half_open' || faultTimesMs.length >= policy.breakerFailures)) {
    return {
      // The faults that opened it are answered for; only new ones may open it a second time.
      history: { faultTimesMs: [], attempts, breaker: 'open', readySinceMs: null },
      delayMs: Math.round(policy.breakerWindowMs * spread),
      reason: 'breaker_open',
    };
  }
  // 4. The exponent is capped because factor^1024 overflows to Infinity.
  const wait = Math.min(policy.maxMs, policy.initialMs * policy.factor ** Math.min(before.attempts, 64));
  return {
    history: { faultTimesMs, attempts, breaker: before.breaker, readySinceMs: null },
    delayMs: Math.round(wait * spread),
    reason: 'backoff',
  };
};

/** The wait is over: an open breaker lets this one attempt through. */
export const onAttempt = (history: RestartHistory): RestartHistory =>
  history.breaker === 'open' ? { ...history, breaker: 'half_open' } : history;

/** The worker became Ready. The breaker closes only once it stayed so (see {@link decideRestart}). */
export const onReady = (history: RestartHistory, nowMs: number): RestartHistory => ({ ...history, attempts: 0, readySinceMs: nowMs });
