/** Tasks whose pool, set or lane leaves: which they are, and out of their queues. Where they go is not decided here. */
import type { Lane, Pool } from './lane.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Task } from './task.ts';

/** Tasks that wait for this very pool. */
export function waitingFor(pool: Pool): Task[] {
  return [pool.pins, ...pool.lane.queue.reruns.filter((gate) => gate.scope.pool === pool)].flatMap((gate) => gate.tasks());
}

/** Re-runs that only this set can serve. */
export function waitingForSet(lane: Lane, set: ReplicaSet): Task[] {
  return lane.queue.reruns.filter((gate) => gate.scope.set === set).flatMap((gate) => gate.tasks());
}

export function takeOut(lane: Lane, tasks: Task[]): Task[] {
  for (const task of tasks) lane.queue.remove(task);
  return tasks;
}
