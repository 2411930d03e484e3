/** Whether a task whose attempt failed may run again (ORCH-3301). Pure: it reads the task and moves nothing. */
import type { ErrorKind } from '@llama-orch/api-types';
import type { Attempt } from './task.ts';

/** How an attempt failed, as its adapter saw it. */
export type Failure = { readonly error: ErrorKind; readonly message: string; readonly mayRunAgain: boolean };

export type Failover =
  | { readonly kind: 'again' }
  /** `retriable`: another try of the same request may pass, so its client is told when. */
  | { readonly kind: 'over'; readonly error: ErrorKind; readonly message: string; readonly retriable: boolean };

/**
 * 1. The engine's own refusal, or a mismatch: no re-run could help.
 * 2. `best_effort` after its first token: other bytes may follow, so it may not fail over → `worker-reset`.
 * 3. As many attempts failed as may → `replica-exhausted`; one that was moved off a drained pool did not fail.
 * 4. Else again.
 *
 * @param maxAttempts - Attempts of one task that may fail, the first included.
 * @req ORCH-3301
 */
export function decideFailover(attempt: Attempt, failure: Failure, maxAttempts: number): Failover {
  const { error, message, mayRunAgain } = failure;
  // 1
  if (!mayRunAgain) return { kind: 'over', error, message, retriable: false };
  // 2
  if (attempt.task.spec.determinism === 'best_effort' && attempt.firstTokenAtMs >= 0) {
    const why = `The worker broke after the first token of a best_effort task: ${message}`;
    return { kind: 'over', error: 'worker-reset', message: why, retriable: true };
  }
  // 3
  const failures = attempt.task.failedOn.length;
  if (failures >= maxAttempts) {
    const why = `All ${failures} attempts failed, the last one with: ${message}`;
    return { kind: 'over', error: 'replica-exhausted', message: why, retriable: true };
  }
  // 4
  return { kind: 'again' };
}
