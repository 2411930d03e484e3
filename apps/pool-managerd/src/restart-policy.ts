/**
 * When a failed worker is started again: exponential backoff with jitter, and a breaker that gives up for a while and
 * then lets one attempt through. Pure; time and randomness are inputs. It knows no task: only how a worker's life went.
 */

/** Ranges as in the config's `agent.restart`. */
export type RestartPolicy = {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Random part of each wait, 0..1. */
  readonly jitterRatio: number;
  /** Faults that open the breaker: of starts within the window, or of workers that died at the longest wait without having served. */
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
  /** Times of the faults of starts inside the window, oldest first. */
  readonly startFaultTimesMs: readonly number[];
  /** Faults since a worker last stayed Ready; the exponent of the backoff. */
  readonly faults: number;
  /** Shortages in a row; they stretch each other's waits, not those of faults. */
  readonly shortages: number;
  /** Workers in a row that died Ready after the longest wait, none of which had served. */
  readonly unservedDeaths: number;
  readonly breaker: 'closed' | 'open' | 'half_open';
  /** When the worker last became Ready; `null` while it is not. */
  readonly readySinceMs: number | null;
  /** That worker was seen to generate for others than its self-test. */
  readonly hasServed: boolean;
};

export type RestartDecision = {
  readonly history: RestartHistory;
  readonly delayMs: number;
  readonly reason: 'backoff' | 'breaker_open';
};

export const freshHistory: RestartHistory = {
  startFaultTimesMs: [],
  faults: 0,
  shortages: 0,
  unservedDeaths: 0,
  breaker: 'closed',
  readySinceMs: null,
  hasServed: false,
};

/**
 * Decide the wait after one failure. Each wait is spread by ± `jitterRatio`, so that hosts that failed together do not start together.
 *
 * 1. A shortage only backs off: memory comes back without anybody's fault.
 * 2. A worker that was Ready for `maxMs` starts all counts anew and closes the breaker.
 * 3. One that served closes the breaker and ends the row of those that had not: single requests may kill it, one after the other.
 *    Its backoff grows all the same, for its Ready did not last.
 * 4. One that died Ready without having served counts once the wait before it was the longest. A queue of requests that kill is used
 *    up by waits that grow; who still dies then, time after time, dies by itself.
 * 5. A fault of a start counts for the length of the window.
 * 6. `breakerFailures` of either, or any that served nothing in `half_open`, open the breaker for `breakerWindowMs`.
 * 7. Otherwise the wait is `initialMs · factor^faults`, at most `maxMs`.
 *
 * So no schedule of deaths starts more workers within `maxMs · (1 - jitterRatio)` than it takes waits to grow to `maxMs`, and two.
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
  const spread = 1 + policy.jitterRatio * (2 * random - 1);
  const backOff = (next: RestartHistory, exponent: number): RestartDecision => ({
    history: next,
    delayMs: Math.round(waitMs(policy, exponent) * spread),
    reason: 'backoff',
  });

  // 1
  if (failureClass === 'shortage') {
    return backOff({ ...history, ...ended, shortages: history.shortages + 1 }, history.faults + history.shortages);
  }
  const { readySinceMs, hasServed } = history;
  // 2
  const hasLasted = readySinceMs !== null && nowMs - readySinceMs >= policy.maxMs;
  const before = hasLasted ? freshHistory : history;
  const { faults } = before;
  const after = { ...before, ...ended, faults: faults + 1, shortages: 0 };

  // 3
  if (hasLasted || hasServed) {
    return backOff({ ...after, unservedDeaths: 0, breaker: 'closed' }, faults);
  }
  const isStart = readySinceMs === null;
  // 4
  const waitedLongest = faults > 0 && waitMs(policy, faults - 1) >= policy.maxMs;
  const unservedDeaths = before.unservedDeaths + (!isStart && waitedLongest ? 1 : 0);
  // 5
  const recent = before.startFaultTimesMs.filter((time) => nowMs - time < policy.breakerWindowMs);
  const startFaultTimesMs = isStart ? [...recent, nowMs] : recent;
  // 6
  if (before.breaker === 'half_open' || startFaultTimesMs.length >= policy.breakerFailures || unservedDeaths >= policy.breakerFailures) {
    return {
      // The faults that opened it are answered for; only new ones may open it a second time.
      history: { ...after, startFaultTimesMs: [], unservedDeaths: 0, breaker: 'open' },
      delayMs: Math.round(policy.breakerWindowMs * spread),
      reason: 'breaker_open',
    };
  }
  // 7
  return backOff({ ...after, startFaultTimesMs, unservedDeaths }, faults);
};

/** The wait is over: an open breaker lets this one attempt through. */
export const onAttempt = (history: RestartHistory): RestartHistory =>
  history.breaker === 'open' ? { ...history, breaker: 'half_open' } : history;

/** The worker became Ready. Nothing is forgiven before it stayed so or served (see {@link decideRestart}). */
export const onReady = (history: RestartHistory, nowMs: number): RestartHistory => ({
  ...history,
  shortages: 0,
  readySinceMs: nowMs,
  hasServed: false,
});

/** The Ready worker was seen to generate. */
export const onServed = (history: RestartHistory): RestartHistory => (history.hasServed ? history : { ...history, hasServed: true });

const ended = { readySinceMs: null, hasServed: false } as const;

/** The exponent is capped because factor^1024 overflows to Infinity. */
const waitMs = ({ initialMs, maxMs, factor }: RestartPolicy, exponent: number): number =>
  Math.min(maxMs, initialMs * factor ** Math.min(exponent, 64));
