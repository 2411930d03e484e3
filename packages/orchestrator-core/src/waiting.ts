/** Which gate a task waits in, and the counts that go with entering and leaving a queue. Who goes next is the queue's. */
import type { CoreState } from './core-state.ts';
import type { FailedOn } from './model.ts';
import type { Gate, GateScope } from './queue.ts';
import type { Task } from './task.ts';

/** Queue a task: a newcomer at the end, a re-run at the head. */
export function enterQueue(state: CoreState, task: Task): void {
  if (task.lane.queue.size === 0) task.lane.drain.onFilled(state.nowMs);
  task.tenant.queued += 1;
  if (task.attempts === 0) task.lane.queue.push(task, gateOf(state, task));
  else task.lane.queue.pushFront(task, gateOf(state, task));
  for (const { replica } of task.lane.leaving) if (replica !== null) state.offered.push(replica);
  // A lane that nothing can serve must not keep it.
  if (!task.lane.available || task.attempts > 0) state.sweepAtMs = state.nowMs;
}

export function leaveQueue(task: Task): void {
  task.lane.queue.remove(task);
  task.tenant.queued -= 1;
}

export function scopeOf(state: CoreState, task: Task): GateScope {
  const pool = state.pinnedPool(task.spec);
  if (task.attempts === 0) return (pool?.pins ?? task.lane.queue.open).scope;
  return { pool, set: task.set, avoid: task.failedOn.filter((failed) => mayServe(state, failed)) };
}

/** Whether that very replica may still take a task: of a pool without one nobody knows. */
function mayServe({ fleet }: CoreState, { poolId, replicaId }: FailedOn): boolean {
  return fleet.replicas.has(replicaId) || fleet.pools.get(poolId)?.replica === null;
}

export function gateOf(state: CoreState, task: Task): Gate {
  const { queue } = task.lane;
  return task.attempts > 0 ? queue.rerunGate(scopeOf(state, task)) : (state.pinnedPool(task.spec)?.pins ?? queue.open);
}
