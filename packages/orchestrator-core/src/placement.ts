/**
 * Which replica a task gets (ORCH-3008 to 3010). It reads replicas and gates; slots are taken and tasks moved elsewhere.
 */
import { affineReplica } from './affinity.ts';
import type { GateScope } from './queue.ts';
import type { Lane } from './lane.ts';
import type { Replica } from './replica.ts';
import type { Session } from './session.ts';
import type { Task } from './task.ts';

/**
 * Order of replicas that can take a task: most free slots, then the earliest predicted finish (the fastest as measured),
 * then the one whose devices lie closest together, then the lowest id, so that runs repeat.
 *
 * @req ORCH-3008, ORCH-3013
 */
export function lessLoaded(a: Replica, b: Replica): boolean {
  if (a.freeSlots !== b.freeSlots) return a.freeSlots > b.freeSlots;
  if (a.slowness !== b.slowness) return a.slowness < b.slowness;
  if (a.spread !== b.spread) return a.spread < b.spread;
  return a.id < b.id;
}

/**
 * Whether a replica may run the tasks of a gate.
 *
 * 1. It is of the pinned pool and of the pinned set, where there are such.
 * 2. A replica that these re-runs failed on serves them only when no other Ready one is in scope.
 *
 * @req ORCH-3301
 */
export function servesScope(replica: Replica, scope: GateScope): boolean {
  // 1
  if (scope.pool !== null && replica.pool !== scope.pool) return false;
  if (scope.set !== null && replica.set !== scope.set) return false;
  // 2
  return !avoids(scope, replica) || othersReady(replica.lane, scope) === 0;
}

/** Ready replicas in scope besides the avoided ones. */
function othersReady(lane: Lane, scope: GateScope): number {
  if (scope.pool !== null) return scope.pool.replica?.ready === true && !avoids(scope, scope.pool.replica) ? 1 : 0;
  let ready = scope.set === null ? lane.readyReplicas : scope.set.readyReplicas;
  for (const { replica } of [...lane.pools, ...lane.leaving]) {
    if (replica !== null && replica.ready && avoids(scope, replica) && (scope.set === null || replica.set === scope.set)) ready -= 1;
  }
  return ready;
}

function avoids(scope: GateScope, replica: Replica): boolean {
  return scope.avoid.some(({ replicaId }) => replicaId === replica.id);
}

/** What placement needs of a task; one that is only being considered has no session yet where it would be a new one. */
export type Placeable = { readonly session: Session | undefined } & Pick<Task, 'attempts' | 'failedOn'>;

/**
 * The replica that takes a task right now, or `null` when it must wait. Called when no waiting task could use any free
 * replica in scope, so the choice passes nobody.
 *
 * 1. A pinned pool: its replica or none.
 * 2. The session's last good replica when it has a free slot and the task did not fail there (ORCH-3009).
 * 3. A first run: the least loaded.
 * 4. A re-run: the least loaded in scope, first on hosts where it has not failed, then on pools where it has not.
 *
 * @req ORCH-3008, ORCH-3009, ORCH-3010
 */
export function chooseReplica(lane: Lane, task: Placeable, scope: GateScope): Replica | null {
  // 1
  if (scope.pool !== null) {
    const { replica } = scope.pool;
    return replica !== null && replica.canTake && servesScope(replica, scope) ? replica : null;
  }
  // 2
  const affine = task.session === undefined ? null : affineReplica(task.session);
  if (affine !== null && affine.lane === lane && task.attempts === 0) return affine;
  // 3
  if (task.attempts === 0) return lane.free.peek() ?? null;
  // 4: a scan of the free replicas, but only where something failed.
  let best: Replica | null = null;
  let bestDistance = -1;
  for (const replica of lane.free.items) {
    if (!servesScope(replica, scope)) continue;
    const distance = distanceFromFailures(task, replica);
    if (best === null || distance > bestDistance || (distance === bestDistance && lessLoaded(replica, best))) {
      best = replica;
      bestDistance = distance;
    }
  }
  return best;
}

/** 2 = another host, 1 = another pool of the host, 0 = a pool it failed on. */
function distanceFromFailures(task: Placeable, replica: Replica): number {
  let distance = 2;
  for (const failed of task.failedOn) {
    if (failed.poolId === replica.pool.id) return 0;
    if (failed.host === replica.pool.spec.host) distance = 1;
  }
  return distance;
}
