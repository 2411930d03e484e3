/**
 * What a config makes of the fleet: pools that come, stay, move to another lane and leave, and what waits for those that do. It decides
 * no place for a task; who is Ready is kept true by the fleet's own readiness.
 */
import { takeOut, waitingFor, waitingForSet } from './displaced.ts';
import type { Fleet } from './fleet.ts';
import { Lane, Pool, toLaneId } from './lane.ts';
import type { CoreConfig, PoolSpec } from './model.ts';
import { Gate } from './queue.ts';
import { joinSet, leaveSet } from './replica-set.ts';
import type { Task } from './task.ts';

/**
 * Apply a config.
 *
 * 1. A pool that stays in its lane keeps its replica; new limits bind at once.
 * 2. A pool that moved to another lane leaves its replica behind: that worker runs the old model, finishes what runs on it and what
 *    waits for nothing else, and is reported down when it is done.
 * 3. A pool that is gone leaves its replica behind too.
 * 4. A pool that only joined or left a canary takes its replica along: it is the same worker.
 *
 * @returns Tasks that waited for what cannot finish them, in no queue now, oldest first.
 * @req ORCH-3031
 */
export function configureFleet(fleet: Fleet, config: CoreConfig, nowMs: number): Task[] {
  const displaced: Task[] = [];
  const members = new Map<Lane, Pool[]>();
  const kept = new Set<string>();
  for (const spec of config.pools) {
    kept.add(spec.poolId);
    const laneId = toLaneId(spec);
    const lane = fleet.lanes.get(laneId) ?? new Lane(spec, fleet.weights);
    fleet.lanes.set(laneId, lane);
    const known = fleet.pools.get(spec.poolId);
    let pool = known;
    if (pool !== undefined && !isSameWorker(pool, spec)) {
      // 2
      displaced.push(...leave(fleet, pool, nowMs));
      pool = undefined;
    }
    if (pool === undefined) {
      pool = comeBack(fleet, spec, nowMs) ?? new Pool(spec, lane, nowMs);
      if (known !== undefined) carryOver(fleet, known, pool, nowMs);
      fleet.pools.set(spec.poolId, pool);
    }
    if (pool.lane === lane) {
      // 1
      pool.spec = spec;
      const { replica } = pool;
      if (replica !== null) fleet.readiness.change(replica, nowMs, () => replica.boundSlots());
    } else displaced.push(...move(fleet, pool, spec, lane, nowMs)); // 4
    const list = members.get(lane);
    if (list === undefined) members.set(lane, [pool]);
    else list.push(pool);
  }
  // 3
  for (const pool of fleet.pools.values()) {
    if (kept.has(pool.id)) continue;
    displaced.push(...leave(fleet, pool, nowMs));
    fleet.pools.delete(pool.id);
  }
  const served: Lane[] = [];
  for (const lane of fleet.lanes.values()) {
    const pools = members.get(lane);
    if (pools === undefined) {
      lane.configure([]);
      if (lane.leaving.length > 0) {
        fleet.readiness.refreshLane(lane, nowMs);
        for (const { replica } of lane.leaving) if (replica !== null) fleet.readiness.onSlots(replica);
        continue;
      }
      fleet.lanes.delete(lane.id);
      displaced.push(...takeOut(lane, lane.queue.toArray()));
      continue;
    }
    lane.configure(pools);
    fleet.readiness.refreshLane(lane, nowMs);
    served.push(lane);
  }
  fleet.directory.configure(config.canaries, served);
  return displaced.toSorted((a, b) => a.order - b.order);
}

/** The pool is gone from its lane by config. A replica that serves stays to finish; without one its tasks must go. */
function leave(fleet: Fleet, pool: Pool, nowMs: number): Task[] {
  const { lane, replica } = pool;
  if (replica === null || !replica.serves) return uproot(fleet, pool, nowMs);
  pool.draining = 'no';
  pool.retiredReplicaId = replica.id;
  pool.state = 'down';
  pool.abortAtMs = Infinity;
  fleet.readiness.change(replica, nowMs, () => {
    pool.leaving = true;
    // It says how the pool's workers fare, and this one is no longer of them.
    pool.breaker.close();
    replica.shed = replica.breaker.state !== 'closed';
  });
  lane.leaving = [...lane.leaving, pool];
  return [];
}

/** The same worker, on another side of a canary: what waits for the pool moves, what runs there goes on. */
function move(fleet: Fleet, pool: Pool, spec: PoolSpec, lane: Lane, nowMs: number): Task[] {
  const { lane: before, replica, set } = pool;
  const waiting = takeOut(before, waitingFor(pool));
  leaveSet(pool);
  if (set !== null && set.pools.size === 0) waiting.push(...takeOut(before, waitingForSet(before, set)));
  pool.spec = spec;
  pool.lane = lane;
  // Its FIFOs belong to the old lane's flows.
  pool.pins = new Gate({ pool, set: null, avoid: [] });
  if (replica === null) return waiting;
  fleet.readiness.count(replica, -1, before);
  if (replica.heapIndex !== -1) before.free.remove(replica);
  replica.lane = lane;
  if (set !== null) replica.set = joinSet(pool, set.id, set.engineVersion);
  replica.boundSlots();
  fleet.readiness.count(replica, 1);
  fleet.readiness.onSlots(replica);
  fleet.readiness.refreshLane(before, nowMs);
  return waiting;
}

/** A pool that was about to leave is configured again as it was: it stays, with its replica. */
function comeBack(fleet: Fleet, spec: PoolSpec, nowMs: number): Pool | undefined {
  for (const lane of fleet.lanes.values()) {
    const pool = lane.leaving.find((other) => other.id === spec.poolId && isSameWorker(other, spec));
    if (pool === undefined) continue;
    lane.leaving = lane.leaving.filter((other) => other !== pool);
    pool.retiredReplicaId = null;
    const { replica } = pool;
    if (replica !== null) {
      fleet.readiness.change(replica, nowMs, () => {
        pool.leaving = false;
      });
    }
    return pool;
  }
  return undefined;
}

/** What outlives the change of a pool's lane. */
function carryOver(fleet: Fleet, from: Pool, to: Pool, nowMs: number): void {
  if (to.replica === null) to.retiredReplicaId = from.retiredReplicaId;
  to.draining = from.draining;
  to.abortAtMs = from.abortAtMs;
  fleet.changeDraining(to, nowMs);
}

/** Take a pool out of its lane, with everything that waits for it. */
function uproot(fleet: Fleet, pool: Pool, nowMs: number): Task[] {
  const { lane, replica } = pool;
  if (replica !== null) {
    pool.retiredReplicaId = replica.id;
    fleet.retire(replica, nowMs);
  }
  leaveSet(pool);
  const waiting = takeOut(lane, waitingFor(pool));
  // Its FIFOs belong to the old lane's flows.
  pool.pins = new Gate({ pool, set: null, avoid: [] });
  return waiting;
}

/** Whether the pool's worker is what `spec` asks for; on which side of a canary it serves is not the worker's. */
function isSameWorker(pool: Pool, spec: PoolSpec): boolean {
  return toLaneId({ ...spec, canary: pool.spec.canary }) === pool.lane.id;
}
