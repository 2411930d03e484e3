/** When a task's time is up: its deadline, and wall and idle limits of its running attempt (ORCH-3016, 3079). */
import type { Task } from './task.ts';

/** Which limit passed. */
export type Expiry = 'deadline-passed' | 'wall-timeout' | 'idle-timeout';

/**
 * The limit that `nowMs` has passed, or `null`. The deadline goes first: it is the client's own.
 *
 * @req ORCH-3016, ORCH-3079
 */
export function expiryOf(task: Task, nowMs: number): Expiry | null {
  if (nowMs >= task.deadlineAtMs) return 'deadline-passed';
  const { attempt } = task;
  if (attempt === null) return null;
  const { wallTimeoutMs, idleTimeoutMs } = attempt.replica.pool.spec;
  if (nowMs >= attempt.dispatchedAtMs + wallTimeoutMs) return 'wall-timeout';
  if (nowMs >= attempt.lastActivityMs + idleTimeoutMs) return 'idle-timeout';
  return null;
}

/** The earliest time at which {@link expiryOf} may answer something else than `null`; Infinity = never. */
export function nextExpiryMs(task: Task): number {
  const { attempt } = task;
  if (attempt === null) return task.deadlineAtMs;
  const { wallTimeoutMs, idleTimeoutMs } = attempt.replica.pool.spec;
  return Math.min(task.deadlineAtMs, attempt.dispatchedAtMs + wallTimeoutMs, attempt.lastActivityMs + idleTimeoutMs);
}
