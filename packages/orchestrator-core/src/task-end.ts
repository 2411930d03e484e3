/** The one end of every task, whatever it is (DESIGN 4.5), and the words a client gets for it. */
import type { ErrorKind } from '@llama-orch/api-types';
import type { CoreState } from './core-state.ts';
import { closeAttempt } from './dispatch.ts';
import type { AbortReason, TaskEnd } from './effect.ts';
import { gapMs } from './forecast.ts';
import type { Lane } from './lane.ts';
import type { FullPolicy } from './model.ts';
import type { Task } from './task.ts';
import { leaveQueue } from './waiting.ts';

/** End a task now; a running attempt is told to stop, and its slot waits for the engine (ORCH-3017). */
export function stopTask(state: CoreState, task: Task, end: TaskEnd, reason: AbortReason): void {
  const { attempt } = task;
  finishTask(state, task, end, task.spec.promptTokens + (attempt?.tokensOut ?? 0));
  if (attempt === null) return;
  closeAttempt(state, task, attempt, 'releasing');
  state.emit({ kind: 'abort', taskKey: task.key, attempt: attempt.number, replicaId: attempt.replica.id, reason });
}

/**
 * The one end of every task: nothing about it is said after this but the `abort` of its attempt.
 *
 * @param usedTokens - Prompt and answer as far as known; the rest of what it had reserved goes back to its tenant.
 */
export function finishTask(state: CoreState, task: Task, end: TaskEnd, usedTokens = 0): void {
  const { tenant, lane } = task;
  const ran = task.attempts > 0;
  if (task.gateFlow !== null) {
    leaveQueue(task);
    if (lane.queue.size === 0) lane.drain.onEmptied(state.nowMs);
  }
  if (task.heapIndex !== -1) state.deadlines.remove(task);
  state.tasks.delete(task);
  tenant.live -= 1;
  tenant.kvBytes -= task.kvBytes;
  tenant.tokens?.giveBack(task.reservedTokens - (ran ? Math.max(usedTokens, task.spec.promptTokens) : 0));
  state.sessions.endTurn(task.session, state.nowMs);
  state.emit({ kind: 'finish', taskKey: task.key, end });
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
