/** What the engines report of running attempts: signs of life, ends, and the re-runs that follow from failures. */
import { leaveKv } from './affinity.ts';
import { unreachable } from './assert.ts';
import { judgeFailure, judgeFirstToken, judgeSuccess } from './breaker-flow.ts';
import type { CoreState } from './core-state.ts';
import { closeAttempt, freeReleasing, startTask } from './dispatch.ts';
import type { AttemptOutcome, CoreEvent } from './event.ts';
import { decideFailover, type Failure } from './failover.ts';
import type { FailedOn, TaskKey } from './model.ts';
import { chooseReplica } from './placement.ts';
import { laneLike } from './reconfiguration.ts';
import type { Replica } from './replica.ts';
import type { Session } from './session.ts';
import type { Attempt, Task } from './task.ts';
import { failed, finishTask, retryMs, unservedEnd, usageSoFar } from './task-end.ts';
import { enterQueue, scopeOf } from './waiting.ts';

export function onActivity(state: CoreState, event: Extract<CoreEvent, { kind: 'started' | 'firstToken' | 'progress' }>): void {
  const attempt = attemptOf(state, event.taskKey, event.attempt);
  if (attempt === null) return;
  attempt.lastActivityMs = state.nowMs;
  if (event.kind === 'firstToken' && attempt.firstTokenAtMs < 0) {
    attempt.firstTokenAtMs = state.nowMs;
    judgeFirstToken(state, attempt);
  }
  if (event.kind === 'progress') attempt.tokensOut += event.tokensOut;
}

/**
 * An attempt is over.
 *
 * 1. Of a task that has ended, or an older attempt: only its slot is of interest.
 * 2. Succeeded: learn from it, remember where its KV lies, finish.
 * 3. Failed: run it again where that is allowed ({@link placeAgain}), else finish.
 */
export function onEnded(state: CoreState, taskKey: TaskKey, number: number, outcome: AttemptOutcome, slotFree: boolean): void {
  const attempt = attemptOf(state, taskKey, number);
  // 1
  if (attempt === null) {
    if (slotFree) freeReleasing(state, state.releasing.take(taskKey, number));
    return;
  }
  const { task } = attempt;
  const slot = slotFree ? 'free' : 'releasing';
  switch (outcome.kind) {
    case 'succeeded': // 2
      attempt.tokensOut = outcome.tokensOut;
      learn(state, task, attempt, outcome);
      judgeSuccess(state, attempt);
      closeAttempt(state, task, attempt, slot);
      keepKv(state, task.session, attempt.replica, outcome.tokensIn + outcome.tokensOut);
      finishTask(
        state,
        task,
        {
          kind: 'succeeded',
          finishReason: outcome.finishReason,
          tokensIn: outcome.tokensIn,
          tokensOut: outcome.tokensOut,
        },
        { tokensIn: outcome.tokensIn, tokensOut: outcome.tokensOut, slotMs: state.nowMs - attempt.dispatchedAtMs },
      );
      return;
    case 'failed': // 3
      judgeFailure(state, attempt, outcome.error);
      if (outcome.mayRunAgain) state.fleet.readiness.cool(attempt.replica, state.nowMs);
      task.failedOn = [...task.failedOn, toFailedOn(attempt.replica)];
      closeAttempt(state, task, attempt, slot);
      placeAgain(state, task, attempt, outcome, 'failed');
      return;
    case 'aborted': // 3: stopped by the controller, not by us: nothing is wrong with the replica
      closeAttempt(state, task, attempt, slot);
      placeAgain(
        state,
        task,
        attempt,
        { error: 'worker-reset', message: 'The attempt was stopped before its end.', mayRunAgain: true },
        'drained',
      );
      return;
    default:
      unreachable(outcome);
  }
}

/**
 * 1. It may not run again ({@link decideFailover}) → it ends.
 * 2. Its lane or pinned pool was removed meanwhile → another lane like it, or `pool-unavailable`.
 * 3. Back to the head of its queue, or straight into a free slot.
 *
 * @req ORCH-3301, ORCH-2101
 */
export function placeAgain(state: CoreState, task: Task, attempt: Attempt, failure: Failure, because: 'failed' | 'drained'): void {
  // 1
  const decision = decideFailover(attempt, failure, state.config.maxAttempts);
  if (decision.kind === 'over') {
    const retryAfterMs = decision.retriable ? retryMs(state, task.lane) : null;
    const usage = usageSoFar(task, attempt, state.nowMs);
    return finishTask(state, task, failed(decision.error, decision.message, retryAfterMs), usage);
  }
  // 2
  if (!stillServed(state, task)) {
    const lane = laneLike(state, task);
    if (lane === null || (task.set !== null && !lane.sets.has(task.set.id)))
      return finishTask(state, task, unservedEnd(state, task.lane.id));
    task.lane = lane;
  }
  // 3
  if (task.set !== null) task.set = task.lane.sets.get(task.set.id) ?? task.set;
  state.frontOrder -= 1;
  task.order = state.frontOrder;
  state.emit({ kind: 'requeued', taskKey: task.key, failedReplicaId: attempt.replica.id, error: failure.error, because });
  const replica = chooseReplica(task.lane, task, scopeOf(state, task));
  if (replica === null) enterQueue(state, task);
  else startTask(state, task, replica, 0);
}

function stillServed(state: CoreState, task: Task): boolean {
  if (state.fleet.lanes.get(task.lane.id) !== task.lane) return false;
  return task.spec.pinPoolId === null || state.pinnedPool(task.spec)?.lane === task.lane;
}

function learn(state: CoreState, task: Task, attempt: Attempt, outcome: Extract<AttemptOutcome, { kind: 'succeeded' }>): void {
  const { lane, klass, spec } = task;
  const { tokensOut, cachedTokens } = outcome;
  const nowMs = state.nowMs;
  const heldMs = nowMs - attempt.dispatchedAtMs;
  const prefillMs = attempt.firstTokenAtMs < 0 ? heldMs : attempt.firstTokenAtMs - attempt.dispatchedAtMs;
  attempt.replica.observe(lane.model(klass).serviceMs(spec.promptTokens - cachedTokens, tokensOut), heldMs);
  const model = lane.ownModel(klass);
  if (task.predictedStartMs !== null && task.attempts === 1) {
    model.observeError(task.predictedStartMs + task.predictedServiceMs, nowMs - task.acceptedAtMs);
  }
  model.observe({
    promptTokens: spec.promptTokens,
    cachedTokens,
    tokensOut,
    outBudget: task.outBudget,
    prefillMs,
    decodeMs: heldMs - prefillMs,
  });
}

function toFailedOn({ id, pool }: Replica): FailedOn {
  return { replicaId: id, poolId: pool.id, host: pool.spec.host };
}

/** The running attempt with this number; `null` when it is over for us. */
function attemptOf(state: CoreState, taskKey: TaskKey, number: number): Attempt | null {
  const attempt = state.tasks.get(taskKey)?.attempt ?? null;
  return attempt !== null && attempt.number === number ? attempt : null;
}

function keepKv(state: CoreState, session: Session, replica: Replica, tokens: number): void {
  if (replica.gone) return;
  if (session.ended) state.emit({ kind: 'evictSession', sessionKey: session.key, replicaId: replica.id });
  else leaveKv(replica, session, tokens);
}
