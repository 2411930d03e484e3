/** When a running attempt is stuck: the wall and idle limits of its pool (ORCH-3016). It stops nothing. */
import type { Attempt } from './task.ts';

export type Timeout = 'wall-timeout' | 'idle-timeout';

/**
 * The limit that `nowMs` has passed, or `null`. Idle counts from the last sign of life, the dispatch included; so a long
 * prompt must be read within the idle limit.
 *
 * @req ORCH-3016
 */
export function timeoutOf(attempt: Attempt, nowMs: number): Timeout | null {
  const { wallTimeoutMs, idleTimeoutMs } = attempt.replica.pool.spec;
  if (nowMs >= attempt.dispatchedAtMs + wallTimeoutMs) return 'wall-timeout';
  return nowMs >= attempt.lastActivityMs + idleTimeoutMs ? 'idle-timeout' : null;
}

/** The earliest time at which {@link timeoutOf} may answer something else than `null`. */
export function nextTimeoutMs(attempt: Attempt): number {
  const { wallTimeoutMs, idleTimeoutMs } = attempt.replica.pool.spec;
  return Math.min(attempt.dispatchedAtMs + wallTimeoutMs, attempt.lastActivityMs + idleTimeoutMs);
}
