/**
 * Pools, lanes, sets and replicas as they come and go. The one writer of who is Ready; it knows nothing of tasks but that
 * they wait in gates.
 */
import { loseKv } from './affinity.ts';
import type { ClassWeights } from './fairness.ts';
import { Lane, Pool, toLaneId } from './lane.ts';
import type { CanarySpec, CoreConfig, PoolSpec, ReplicaSpec } from './model.ts';
import { Gate } from './queue.ts';
import { Replica } from './replica.ts';
import { ReplicaSet, toSetId } from './replica-set.ts';
import type { Task } from './task.ts';

/** Weight of the newest observed recovery. */
const RECOVERY_RATE = 1 / 4;

/** What the fleet tells its owner while it changes. */
export type FleetListener = {
  /** The replica may be able to take a task now. */
  readonly onOffer: (replica: Replica) => void;
  /** The replica is gone for good. */
  readonly onGone: (replica: Replica) => void;
};

export class Fleet {
  readonly pools = new Map<string, Pool>();
  readonly lanes = new Map<string, Lane>();
  readonly replicas = new Map<string, Replica>();
  readonly #byDigest = new Map<string, Lane[]>();
  readonly #byCanary = new Map<string, Lane[]>();
  /** By the digest whose tasks they split. */
  readonly #canaries = new Map<string, CanarySpec>();
  readonly #listener: FleetListener;
  readonly #weights: ClassWeights;
  #cooling: Replica[] = [];
  /** When the next cooldown ends. */
  coolUntilMs = Infinity;
  /** When the next drain's time is up. */
  abortAtMs = Infinity;
  /** Tasks that waited for a pool that has left, in no queue now; whoever moves them on empties the list. */
  readonly displaced: Task[] = [];
  /** Measured time from not Ready to Ready; `null` before any pool recovered. */
  #recoveryMs: number | null = null;

  constructor(weights: ClassWeights, listener: FleetListener) {
    this.#weights = weights;
    this.#listener = listener;
  }

  /** Lanes of one model, in config order; not those that only a canary fills. */
  lanesOf(modelDigest: string): readonly Lane[] {
    return this.#byDigest.get(modelDigest) ?? [];
  }

  canaryOf(modelDigest: string): CanarySpec | undefined {
    return this.#canaries.get(modelDigest);
  }

  lanesOfCanary(canaryId: string): readonly Lane[] {
    return this.#byCanary.get(canaryId) ?? [];
  }

  /** Expected time until a pool that starts is Ready. */
  recoveryMs(priorMs: number): number {
    return this.#recoveryMs ?? priorMs;
  }

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
  configure(config: CoreConfig, nowMs: number): Task[] {
    const displaced: Task[] = [];
    const members = new Map<Lane, Pool[]>();
    const kept = new Set<string>();
    this.#canaries.clear();
    for (const canary of config.canaries) this.#canaries.set(canary.modelDigest, canary);
    for (const spec of config.pools) {
      kept.add(spec.poolId);
      const laneId = toLaneId(spec);
      const lane = this.lanes.get(laneId) ?? new Lane(spec, this.#weights);
      this.lanes.set(laneId, lane);
      const known = this.pools.get(spec.poolId);
      let pool = known;
      if (pool !== undefined && !isSameWorker(pool, spec)) {
        // 2
        displaced.push(...this.#leave(pool, nowMs));
        pool = undefined;
      }
      if (pool === undefined) {
        pool = this.#comeBack(spec, nowMs) ?? new Pool(spec, lane, nowMs);
        if (known !== undefined) this.#carryOver(known, pool, nowMs);
        this.pools.set(spec.poolId, pool);
      }
      if (pool.lane === lane) {
        // 1
        pool.spec = spec;
        const { replica } = pool;
        if (replica !== null) this.#change(replica, nowMs, () => replica.boundSlots());
      } else displaced.push(...this.#move(pool, spec, lane, nowMs)); // 4
      const list = members.get(lane);
      if (list === undefined) members.set(lane, [pool]);
      else list.push(pool);
    }
    // 3
    for (const pool of this.pools.values()) {
      if (kept.has(pool.id)) continue;
      displaced.push(...this.#leave(pool, nowMs));
      this.pools.delete(pool.id);
    }
    this.#byDigest.clear();
    this.#byCanary.clear();
    for (const lane of this.lanes.values()) {
      const pools = members.get(lane);
      if (pools === undefined) {
        lane.configure([]);
        if (lane.leaving.length > 0) {
          this.#refreshLane(lane, nowMs);
          for (const { replica } of lane.leaving) if (replica !== null) this.onSlots(replica);
          continue;
        }
        this.lanes.delete(lane.id);
        displaced.push(...takeOut(lane, lane.queue.toArray()));
        continue;
      }
      lane.configure(pools);
      this.#refreshLane(lane, nowMs);
      const { canary, modelDigest } = lane.shape;
      if (canary !== null) pushTo(this.#byCanary, canary, lane);
      // Who asks for the canary's own model by its name gets it.
      if (canary === null || this.#canaries.get(modelDigest)?.id !== canary) pushTo(this.#byDigest, modelDigest, lane);
    }
    return displaced.toSorted((a, b) => a.order - b.order);
  }

  /** A worker is Ready, for the first time or again. Unknown pools and workers of a pool's former lane are ignored. */
  onUp(spec: ReplicaSpec, nowMs: number): void {
    const pool = this.pools.get(spec.poolId);
    if (pool === undefined || pool.retiredReplicaId === spec.replicaId) return;
    if ((this.replicas.get(spec.replicaId)?.pool ?? pool) !== pool) return;
    const isShed = pool.replica?.shed ?? false;
    if (!pool.ready && !isShed && !Number.isNaN(pool.unreadySinceMs)) this.#observeRecovery(nowMs - pool.unreadySinceMs);
    pool.state = 'starting';
    if (pool.replica !== null && pool.replica.id !== spec.replicaId) this.#retire(pool.replica, nowMs);
    const set = this.#setOf(pool, spec);
    const known = pool.replica;
    if (known === null) {
      const replica = new Replica(spec, pool, set);
      replica.paused = true;
      pool.replica = replica;
      this.replicas.set(replica.id, replica);
      this.#change(replica, nowMs, () => {
        replica.paused = false;
      });
      return;
    }
    this.#change(known, nowMs, () => {
      known.set = set;
      known.shownSlots = spec.slots;
      known.boundSlots();
      known.paused = false;
      known.warmUp();
    });
  }

  onPaused(replicaId: string, nowMs: number): void {
    const replica = this.replicas.get(replicaId);
    if (replica === undefined) return;
    this.#change(replica, nowMs, () => {
      replica.paused = true;
    });
  }

  onDown(replicaId: string, nowMs: number): void {
    const replica = this.replicas.get(replicaId);
    if (replica !== undefined) this.#retire(replica, nowMs);
  }

  onPoolState(poolId: string, state: 'starting' | 'down', nowMs: number): void {
    const pool = this.pools.get(poolId);
    if (pool === undefined) return;
    pool.state = state;
    this.#refreshLane(pool.lane, nowMs);
  }

  /**
   * No new dispatch to the pool from now on.
   *
   * @req ORCH-2101
   */
  onDrained(poolId: string, { abortAtMs, returns }: { readonly abortAtMs: number; readonly returns: boolean }, nowMs: number): void {
    const pool = this.pools.get(poolId);
    if (pool === undefined) return;
    pool.draining = returns ? 'returns' : 'stays';
    pool.abortAtMs = abortAtMs;
    this.abortAtMs = Math.min(this.abortAtMs, abortAtMs);
    this.#changeDraining(pool, nowMs);
  }

  onResumed(poolId: string, nowMs: number): void {
    const pool = this.pools.get(poolId);
    if (pool === undefined) return;
    pool.draining = 'no';
    pool.abortAtMs = Infinity;
    this.#changeDraining(pool, nowMs);
  }

  /** Replicas of drained pools whose time is up; each is returned once for each drain. */
  takeDueDrains(nowMs: number): Replica[] {
    const due: Replica[] = [];
    this.abortAtMs = Infinity;
    for (const pool of this.pools.values()) {
      if (pool.abortAtMs > nowMs) {
        this.abortAtMs = Math.min(this.abortAtMs, pool.abortAtMs);
        continue;
      }
      pool.abortAtMs = Infinity;
      if (pool.replica !== null) due.push(pool.replica);
    }
    return due;
  }

  /** A slot was taken, released or shown free. */
  onSlots(replica: Replica): void {
    const { free } = replica.lane;
    if (replica.pool.leaving) {
      if (replica.heapIndex !== -1) free.remove(replica);
      if (replica.canFinish) this.#listener.onOffer(replica);
      return;
    }
    if (replica.canTake) {
      if (replica.heapIndex === -1) free.push(replica);
      else free.update(replica);
      this.#listener.onOffer(replica);
    } else if (replica.heapIndex !== -1) free.remove(replica);
  }

  /** An attempt broke on the replica: it gets nothing for a while. */
  cool(replica: Replica, nowMs: number): void {
    if (!replica.cooling) this.#cooling.push(replica);
    replica.cool(nowMs);
    this.coolUntilMs = Math.min(this.coolUntilMs, replica.coolUntilMs);
    this.onSlots(replica);
  }

  /** End the cooldowns that are over. */
  warmUp(nowMs: number): void {
    const still: Replica[] = [];
    this.coolUntilMs = Infinity;
    for (const replica of this.#cooling) {
      if (replica.gone || !replica.cooling) continue;
      if (replica.coolUntilMs > nowMs) {
        still.push(replica);
        this.coolUntilMs = Math.min(this.coolUntilMs, replica.coolUntilMs);
        continue;
      }
      replica.warmUp();
      this.onSlots(replica);
    }
    this.#cooling = still;
  }

  /** Its breaker changed, or its pool's. */
  onBreaker(replica: Replica, nowMs: number): void {
    this.#change(replica, nowMs, () => {
      replica.shed = replica.breaker.state !== 'closed' || replica.pool.breaker.state !== 'closed';
    });
  }

  /** Change what decides readiness, and keep every count derived from it true. */
  #change(replica: Replica, nowMs: number, mutate: () => void): void {
    const { lane } = replica;
    this.#count(replica, -1);
    mutate();
    this.#count(replica, 1);
    this.onSlots(replica);
    this.#refreshLane(lane, nowMs);
    // Fewer Ready ones: a replica that re-runs avoided may now be the only one left for them.
    for (const gate of lane.queue.reruns) {
      for (const { replicaId } of gate.scope.avoid) {
        const avoided = this.replicas.get(replicaId);
        if (avoided?.canTake === true) this.#listener.onOffer(avoided);
      }
    }
  }

  #count(replica: Replica, by: 1 | -1, lane = replica.lane): void {
    if (!replica.ready) return;
    lane.readyReplicas += by;
    lane.readySlots += by * replica.slots;
    replica.set.readyReplicas += by;
  }

  #retire(replica: Replica, nowMs: number): void {
    this.#change(replica, nowMs, () => {
      replica.gone = true;
    });
    this.replicas.delete(replica.id);
    const { pool, lane } = replica;
    if (pool.replica === replica) pool.replica = null;
    if (pool.leaving) this.#depart(pool);
    this.#refreshLane(lane, nowMs);
    loseKv(replica);
    this.#listener.onGone(replica);
  }

  #changeDraining(pool: Pool, nowMs: number): void {
    const { replica, lane } = pool;
    if (replica === null) return this.#refreshLane(lane, nowMs);
    this.#change(replica, nowMs, () => {
      replica.draining = pool.draining !== 'no';
    });
  }

  /** The pool is gone from its lane by config. A replica that serves stays to finish; without one its tasks must go. */
  #leave(pool: Pool, nowMs: number): Task[] {
    const { lane, replica } = pool;
    if (replica === null || !replica.serves) return this.#uproot(pool, nowMs);
    pool.draining = 'no';
    pool.retiredReplicaId = replica.id;
    pool.state = 'down';
    pool.abortAtMs = Infinity;
    this.#change(replica, nowMs, () => {
      pool.leaving = true;
      // It says how the pool's workers fare, and this one is no longer of them.
      pool.breaker.close();
      replica.shed = replica.breaker.state !== 'closed';
    });
    lane.leaving = [...lane.leaving, pool];
    return [];
  }

  /** The same worker, on another side of a canary: what waits for the pool moves, what runs there goes on. */
  #move(pool: Pool, spec: PoolSpec, lane: Lane, nowMs: number): Task[] {
    const { lane: before, replica, set } = pool;
    const waiting = takeOut(before, waitingFor(pool));
    this.#leaveSet(pool);
    if (set !== null && set.pools.size === 0) waiting.push(...takeOut(before, waitingForSet(before, set)));
    pool.spec = spec;
    pool.lane = lane;
    // Its FIFOs belong to the old lane's flows.
    pool.pins = new Gate({ pool, set: null, avoid: [] });
    if (replica === null) return waiting;
    this.#count(replica, -1, before);
    if (replica.heapIndex !== -1) before.free.remove(replica);
    replica.lane = lane;
    if (set !== null) {
      const joined = lane.sets.get(set.id) ?? new ReplicaSet(set.id, set.engineVersion);
      lane.sets.set(set.id, joined);
      joined.pools.add(pool);
      pool.set = joined;
      replica.set = joined;
    }
    replica.boundSlots();
    this.#count(replica, 1);
    this.onSlots(replica);
    this.#refreshLane(before, nowMs);
    return waiting;
  }

  /** A pool that was about to leave is configured again as it was: it stays, with its replica. */
  #comeBack(spec: PoolSpec, nowMs: number): Pool | undefined {
    for (const lane of this.lanes.values()) {
      const pool = lane.leaving.find((other) => other.id === spec.poolId && isSameWorker(other, spec));
      if (pool === undefined) continue;
      lane.leaving = lane.leaving.filter((other) => other !== pool);
      pool.retiredReplicaId = null;
      const { replica } = pool;
      if (replica !== null) {
        this.#change(replica, nowMs, () => {
          pool.leaving = false;
        });
      }
      return pool;
    }
    return undefined;
  }

  /** What outlives the change of a pool's lane. */
  #carryOver(from: Pool, to: Pool, nowMs: number): void {
    if (to.replica === null) to.retiredReplicaId = from.retiredReplicaId;
    to.draining = from.draining;
    to.abortAtMs = from.abortAtMs;
    this.#changeDraining(to, nowMs);
  }

  /** The last of a leaving pool is gone. */
  #depart(pool: Pool): void {
    const { lane } = pool;
    lane.leaving = lane.leaving.filter((other) => other !== pool);
    this.#leaveSet(pool);
    if (lane.closing && lane.leaving.length === 0) {
      this.lanes.delete(lane.id);
      this.displaced.push(...takeOut(lane, lane.queue.toArray()));
    } else this.displaced.push(...takeOut(lane, waitingFor(pool)));
  }

  /** Take a pool out of its lane, with everything that waits for it. */
  #uproot(pool: Pool, nowMs: number): Task[] {
    const { lane, replica } = pool;
    if (replica !== null) {
      pool.retiredReplicaId = replica.id;
      this.#retire(replica, nowMs);
    }
    this.#leaveSet(pool);
    const waiting = takeOut(lane, waitingFor(pool));
    // Its FIFOs belong to the old lane's flows.
    pool.pins = new Gate({ pool, set: null, avoid: [] });
    return waiting;
  }

  #setOf(pool: Pool, spec: ReplicaSpec): ReplicaSet {
    const id = toSetId(pool.spec, spec);
    if (pool.set?.id === id) return pool.set;
    // The replica it has, if any, counts for its old set until `#change` moves it.
    this.#leaveSet(pool);
    const { sets } = pool.lane;
    const set = sets.get(id) ?? new ReplicaSet(id, spec.engineVersion);
    sets.set(id, set);
    set.pools.add(pool);
    pool.set = set;
    return set;
  }

  #leaveSet(pool: Pool): void {
    const { set } = pool;
    if (set === null) return;
    set.pools.delete(pool);
    if (set.pools.size === 0) pool.lane.sets.delete(set.id);
    pool.set = null;
  }

  #observeRecovery(tookMs: number): void {
    this.#recoveryMs = this.#recoveryMs === null ? tookMs : this.#recoveryMs + RECOVERY_RATE * (tookMs - this.#recoveryMs);
  }

  /** Since when each pool of the lane, and the lane itself, cannot serve. */
  #refreshLane(lane: Lane, nowMs: number): void {
    let hopeful = 0;
    for (const pool of [...lane.pools, ...lane.leaving]) {
      if (pool.ready) pool.unreadySinceMs = Number.NaN;
      else if (Number.isNaN(pool.unreadySinceMs)) pool.unreadySinceMs = nowMs;
      if (pool.hopeful) {
        hopeful += 1;
        pool.deadSinceMs = Infinity;
      } else if (pool.deadSinceMs === Infinity) pool.deadSinceMs = nowMs;
    }
    lane.hopefulPools = hopeful;
    if (hopeful > 0) lane.deadSinceMs = Infinity;
    else if (lane.deadSinceMs === Infinity) lane.deadSinceMs = nowMs;
  }
}

/** Whether the pool's worker is what `spec` asks for; on which side of a canary it serves is not the worker's. */
function isSameWorker(pool: Pool, spec: PoolSpec): boolean {
  return toLaneId({ ...spec, canary: pool.spec.canary }) === pool.lane.id;
}

/** Tasks that wait for this very pool. */
function waitingFor(pool: Pool): Task[] {
  return [pool.pins, ...pool.lane.queue.reruns.filter((gate) => gate.scope.pool === pool)].flatMap((gate) => gate.tasks());
}

/** Re-runs that only this set can serve. */
function waitingForSet(lane: Lane, set: ReplicaSet): Task[] {
  return lane.queue.reruns.filter((gate) => gate.scope.set === set).flatMap((gate) => gate.tasks());
}

function pushTo(lanes: Map<string, Lane[]>, key: string, lane: Lane): void {
  const list = lanes.get(key);
  if (list === undefined) lanes.set(key, [lane]);
  else list.push(lane);
}

function takeOut(lane: Lane, tasks: Task[]): Task[] {
  for (const task of tasks) lane.queue.remove(task);
  return tasks;
}
