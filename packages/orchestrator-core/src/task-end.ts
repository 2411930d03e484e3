/** The one end of every task, whatever it is (DESIGN 4.5), and the words a client gets for it. */
import type { ErrorKind } from '@llama-orch/api-types';
import type { CoreState } from './core-state.ts';
import { closeAttempt } from './dispatch.ts';
import type { AbortReason, TaskEnd } from './effect.ts';
import { gapMs } from './forecast.ts';
import type { Lane } from './lane.ts';
import type { FullPolicy } from './model.ts';
import { type TaskUsage, toSessionUsage } from './session-budget.ts';
import type { Attempt, Task } from './task.ts';
import { leaveQueue } from './waiting.ts';

/** End a task now; a running attempt is told to stop, and its slot waits for the engine (ORCH-3017). */
export function stopTask(state: CoreState, task: Task, end: TaskEnd, reason: AbortReason): void {
  const { attempt } = task;
  finishTask(state, task, end);
  if (attempt === null) return;
  closeAttempt(state, task, attempt, 'releasing');
  state.emit({ kind: 'abort', taskKey: task.key, attempt: attempt.number, replicaId: attempt.replica.id, reason });
}

/**
 * The one end of every task: nothing about it is said after this but the `abort` of its attempt.
 *
 * @param usage - What it used: its tenant's tokens per minute and its session's budgets are charged that instead of what was
 *   reserved for it at admission.
 * @req ORCH-3036, ORCH-3099
 */
export function finishTask(state: CoreState, task: Task, end: TaskEnd, usage = usageSoFar(task, task.attempt, state.nowMs)): void {
  const { tenant, lane, session } = task;
  if (task.gateFlow !== null) {
    leaveQueue(task);
    if (lane.queue.size === 0) lane.drain.onEmptied(state.nowMs);
  }
  if (task.heapIndex !== -1) state.deadlines.remove(task);
  state.tasks.delete(task);
  tenant.live -= 1;
  tenant.kvBytes -= task.kvBytes;
  tenant.tokens?.giveBack(task.reservedTokens - (usage.tokensIn + usage.tokensOut));
  if (task.held !== null) session.account?.settle(task.held, toSessionUsage(usage, lane.price));
  state.sessions.endTurn(session, state.nowMs);
  state.emit({ kind: 'finish', taskKey: task.key, end });
}

/**
 * What a task has used as far as the scheduler can know: the prompt as it was counted, the answer as it was reported, and the
 * slot time of the attempt at hand (those that broke are nobody's to pay). A task that never ran used nothing.
 */
export function usageSoFar(task: Task, attempt: Attempt | null, nowMs: number): TaskUsage {
  if (task.attempts === 0) return { tokensIn: 0, tokensOut: 0, slotMs: 0 };
  const slotMs = attempt === null ? 0 : nowMs - attempt.dispatchedAtMs;
  return { tokensIn: task.spec.promptTokens, tokensOut: attempt?.tokensOut ?? 0, slotMs };
}

export function unservedEnd(state: CoreState, laneId: string): TaskEnd {
  const message = `Nothing can serve lane ${laneId}. Look at the health of its pools; send it again later.`;
  return failed('pool-unavailable', message, Math.ceil(state.recoveryMs));
}

export function retryMs(state: CoreState, lane: Lane): number {
  return Math.max(1, Math.ceil(gapMs(lane, state.nowMs)));
}

export function failed(error: ErrorKind, message: string, retryAfterMs: number | null, policyLabel: FullPolicy | null = null): TaskEnd {
  return { kind: 'failed', error, message, retryAfterMs, policyLabel };
}
