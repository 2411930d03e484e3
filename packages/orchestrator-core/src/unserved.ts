/** Which waiting tasks wait for something that does not come (ORCH-3018). Pure: it reads lanes and ends nothing. */
import type { Fleet } from './fleet.ts';
import type { Lane } from './lane.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Task } from './task.ts';

export type Unserved = {
  readonly tasks: readonly { readonly task: Task; readonly because: 'nothing serves it' | 'its set is gone' }[];
  /** When to look again; Infinity = not before the fleet changes. */
  readonly nextMs: number;
};

/**
 * 1. A lane that nothing can serve, for the grace time: all its tasks.
 * 2. A pinned pool likewise: the tasks pinned to it.
 * 3. A set that nothing can bring back: its re-runs; at once where no pool would come back as that set.
 *
 * @param graceMs - How long what can serve nothing may still recover.
 * @req ORCH-3018
 */
export function findUnserved(fleet: Fleet, graceMs: number, nowMs: number): Unserved {
  const tasks: { task: Task; because: 'nothing serves it' | 'its set is gone' }[] = [];
  let nextMs = Infinity;
  const isOver = (sinceMs: number): boolean => {
    if (sinceMs + graceMs <= nowMs) return true;
    nextMs = Math.min(nextMs, sinceMs + graceMs);
    return false;
  };
  for (const lane of fleet.lanes.values()) {
    if (lane.queue.size === 0) continue;
    // 1
    if (isOver(lane.deadSinceMs)) {
      for (const task of lane.queue.toArray()) tasks.push({ task, because: 'nothing serves it' });
      continue;
    }
    for (const gate of waitingGates(lane)) {
      const { pool, set } = gate.scope;
      // 2
      if (pool !== null && isOver(pool.deadSinceMs)) {
        for (const task of gate.tasks()) tasks.push({ task, because: 'nothing serves it' });
      } else if (set !== null && isOver(setDeadSinceMs(lane, set))) {
        // 3
        for (const task of gate.tasks()) tasks.push({ task, because: 'its set is gone' });
      }
    }
  }
  return { tasks, nextMs };
}

/** Gates with tasks that wait for less than the whole lane. */
function waitingGates(lane: Lane) {
  return [...[...lane.pools, ...lane.leaving].map((pool) => pool.pins), ...lane.queue.reruns].filter((gate) => gate.size > 0);
}

/** Since when no pool of a set can bring it back: Infinity = one can, -Infinity = none ever will. */
function setDeadSinceMs(lane: Lane, set: ReplicaSet): number {
  let sinceMs = -Infinity;
  // After a restart of the controller every set is known by name only: any pool that has not shown its own may be of it.
  for (const pool of lane.pools) if (pool.set === null) sinceMs = Math.max(sinceMs, pool.deadSinceMs);
  for (const pool of set.pools) sinceMs = Math.max(sinceMs, pool.deadSinceMs);
  return sinceMs;
}
