/** What time alone brings: deadlines, drains, graces, cooldowns, wall and idle limits, queues that nothing serves any more. */
import { endPauses, judgeFailure } from './breaker-flow.ts';
import type { CoreState } from './core-state.ts';
import { serveOffers } from './dispatch.ts';
import { abortDrained } from './drain.ts';
import { relaneDisplaced } from './reconfiguration.ts';
import type { ReleasingSlot } from './releasing.ts';
import type { Task } from './task.ts';
import { failed, finishTask, retryMs, stopTask, unservedEnd } from './task-end.ts';
import { findUnserved } from './unserved.ts';
import { nextTimeoutMs, type Timeout, timeoutOf } from './watchdog.ts';

/** Let time and freed slots take effect, until nothing more follows from them. */
export function settle(state: CoreState): void {
  const nowMs = state.nowMs;
  for (let task = state.deadlines.peek(); task !== undefined && task.deadlineAtMs <= nowMs; task = state.deadlines.peek()) {
    const where = task.attempt === null ? 'waited in its queue' : 'ran';
    const message = `The deadline passed while the task ${where}. Allow more time.`;
    stopTask(state, task, failed('deadline-passed', message, retryMs(state, task.lane)), 'deadline');
  }
  for (let slot = state.releasing.nextOverdue(nowMs); slot !== undefined; slot = state.releasing.nextOverdue(nowMs)) condemn(state, slot);
  if (state.breakUntilMs <= nowMs) endPauses(state);
  if (state.fleet.readiness.coolUntilMs <= nowMs) state.fleet.readiness.warmUp(nowMs);
  if (state.fleet.abortAtMs <= nowMs) abortDrained(state);
  if (state.fleet.displaced.length > 0) relaneDisplaced(state);
  if (state.offered.length > 0) serveOffers(state);
  if (state.sweepAtMs <= nowMs) sweep(state);
}

/** Stop the attempts whose limits passed; a replica is looked at again when one of its limits may have passed. */
export function watch(state: CoreState): void {
  const nowMs = state.nowMs;
  state.orphaned = state.orphaned.filter((replica) => replica.running > 0);
  for (const replica of [...state.fleet.replicas.values(), ...state.orphaned]) {
    if (replica.watchAtMs > nowMs) continue;
    for (const attempt of replica.attempts.slice()) {
      const timeout = timeoutOf(attempt, nowMs);
      if (timeout === null) continue;
      // One that ran too long but spoke may just have had much to say.
      if (timeout === 'idle-timeout') judgeFailure(state, attempt, timeout);
      timeOut(state, attempt.task, timeout);
    }
    replica.watchAtMs = replica.attempts.reduce((earliestMs, attempt) => Math.min(earliestMs, nextTimeoutMs(attempt)), Infinity);
  }
}

function timeOut(state: CoreState, task: Task, timeout: Timeout): void {
  const message =
    timeout === 'wall-timeout'
      ? 'The task ran longer than the wall timeout of its pool. Lower max_tokens, or raise the timeout.'
      : "The worker sent nothing for the idle timeout of its pool. Look at the pool's health; send it again.";
  stopTask(state, task, failed(timeout, message, retryMs(state, task.lane)), timeout);
}

/** A slot was not released in time: its replica gets no more tasks, and is restarted once. */
function condemn(state: CoreState, slot: ReleasingSlot): void {
  const { replica } = slot;
  replica.overdue += 1;
  state.fleet.readiness.onSlots(replica);
  if (replica.overdue > 1) return;
  const cause = `a slot was not released within ${replica.pool.spec.cancelGraceMs} ms after its task was stopped`;
  state.emit({ kind: 'restartReplica', replicaId: replica.id, poolId: replica.pool.id, cause });
}

/** End what waits for something that does not come ({@link findUnserved}). */
function sweep(state: CoreState): void {
  const { tasks, nextMs } = findUnserved(state.fleet, state.config.unavailableGraceMs, state.nowMs);
  state.sweepAtMs = nextMs;
  for (const { task, because } of tasks) {
    if (because === 'nothing serves it') {
      finishTask(state, task, unservedEnd(state, task.lane.id));
      continue;
    }
    const message = 'The worker died, and no replica whose output would continue the stream byte for byte can come back. Send it again.';
    finishTask(state, task, failed('worker-reset', message, retryMs(state, task.lane)));
  }
}
