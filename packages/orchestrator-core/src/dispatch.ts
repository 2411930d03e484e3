/** Slots taken and given back: the one place where a task is bound to a replica (ORCH-3004). It chooses neither of them. */
import { isWarm, mayReuseKv, takeKvSlot } from './affinity.ts';
import type { CoreState } from './core-state.ts';
import type { ReleasingSlot } from './releasing.ts';
import type { Replica } from './replica.ts';
import { Attempt, type Task } from './task.ts';
import { leaveQueue } from './waiting.ts';

/** Give every offered slot to the task that goes next; slots in scope of nobody stay free. */
export function serveOffers(state: CoreState): void {
  for (let index = 0; index < state.offered.length; index++) {
    const replica = state.offered[index] as Replica;
    const { queue, drain } = replica.lane;
    while (replica.canFinish) {
      const task = queue.next(replica);
      if (task === null) break;
      const position = queue.position(task);
      leaveQueue(task);
      drain.onLeft(queue.size, state.nowMs);
      startTask(state, task, replica, position);
    }
  }
  state.offered.length = 0;
}

/** Bind a task to a slot (ORCH-3004: only now). */
export function startTask(state: CoreState, task: Task, replica: Replica, queuePosition: number): void {
  const nowMs = state.nowMs;
  const { lane, spec, klass, session } = task;
  const flow = lane.queue.flowOf(klass, task.tenant);
  // Whole milliseconds here and below: V8 keeps small integers inside a record and boxes every other number.
  const costMs = Math.max(1, Math.round(lane.model(klass).workMs(spec.promptTokens, task.outBudget)));
  const kvReuse = mayReuseKv(replica.pool.spec, spec);
  const kvWarmth = kvReuse && isWarm(replica, session);
  if (task.attempts === 0 && task.forecastMs > 0) lane.ownModel(klass).observeWait(task.forecastMs, nowMs - task.acceptedAtMs);
  task.attempts += 1;
  task.attempt = new Attempt(task, replica, flow, nowMs, costMs);
  if (spec.determinism === 'strict') task.set ??= replica.set;
  lane.queue.charge(flow, costMs);
  lane.running += 1;
  replica.begin(task.attempt);
  takeKvSlot(replica, session);
  state.fleet.readiness.onSlots(replica);
  state.emit({
    kind: 'dispatch',
    taskKey: task.key,
    attempt: task.attempts,
    replicaId: replica.id,
    poolId: replica.pool.id,
    kvReuse,
    kvWarmth,
    queuePosition,
    queuedMs: nowMs - task.acceptedAtMs,
    firstPredictedStartMs: task.predictedStartMs,
    set: task.set,
    failedOn: task.failedOn,
  });
}

/** The attempt is over for us: correct its charge, and free its slot or wait until the engine shows it free. */
export function closeAttempt(state: CoreState, task: Task, attempt: Attempt, slot: 'free' | 'releasing'): void {
  const { replica, flow, costMs } = attempt;
  const heldMs = state.nowMs - attempt.dispatchedAtMs;
  task.attempt = null;
  task.lane.queue.correct(flow, heldMs - costMs);
  task.lane.running -= 1;
  task.tenant.servedMs += heldMs;
  state.classServedMs[task.klass === 0 ? 0 : 1] += heldMs;
  replica.end(attempt);
  if (replica.gone) return;
  if (slot === 'releasing') {
    replica.onReleasing();
    state.releasing.add(task.key, attempt.number, replica, state.nowMs);
  }
  state.fleet.readiness.onSlots(replica);
}

export function freeReleasing(state: CoreState, slot: ReleasingSlot | undefined): void {
  if (slot === undefined) return;
  const { replica } = slot;
  replica.onReleased();
  if (slot.overdue) replica.overdue -= 1;
  state.fleet.readiness.onSlots(replica);
}
