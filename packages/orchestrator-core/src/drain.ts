/** The end of a drain: what still runs on the pool is stopped and placed again (ORCH-2101). Who is drained is the fleet's to know. */
import { placeAgain } from './attempt-flow.ts';
import type { CoreState } from './core-state.ts';
import { closeAttempt } from './dispatch.ts';

/**
 * Stop what runs on every drained pool whose time is up. A `strict` task goes on elsewhere with the bytes it would have had; a
 * `best_effort` one only where it has sent nothing yet.
 *
 * @req ORCH-2101, ORCH-3301
 */
export function abortDrained(state: CoreState): void {
  for (const replica of state.fleet.takeDueDrains(state.nowMs)) {
    for (const attempt of replica.attempts.slice()) {
      const { task, number } = attempt;
      state.emit({ kind: 'abort', taskKey: task.spec.taskKey, attempt: number, replicaId: replica.id, reason: 'drained' });
      closeAttempt(state, task, attempt, 'releasing');
      placeAgain(state, task, attempt, { error: 'worker-reset', message: 'The pool was drained.', mayRunAgain: true }, 'drained');
    }
  }
}
