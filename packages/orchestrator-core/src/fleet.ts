/**
 * Pools, lanes and replicas, and what workers and operators do to them: up, paused, down, drained. What a config does to them is in
 * `pool-changes.ts`; it knows nothing of tasks but that they wait in gates.
 */
import { loseKv } from './affinity.ts';
import { takeOut, waitingFor } from './displaced.ts';
import type { ClassWeights } from './fairness.ts';
import type { Lane, Pool } from './lane.ts';
import { LaneDirectory } from './lane-directory.ts';
import type { ReplicaSpec } from './model.ts';
import { Readiness } from './readiness.ts';
import { Replica } from './replica.ts';
import { joinSet, leaveSet, toSetId } from './replica-set.ts';
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
  readonly directory = new LaneDirectory();
  readonly readiness: Readiness;
  /** Of lanes yet to come. */
  readonly weights: ClassWeights;
  readonly #listener: FleetListener;
  /** When the next drain's time is up. */
  abortAtMs = Infinity;
  /** Tasks that waited for a pool that has left, in no queue now; whoever moves them on empties the list. */
  readonly displaced: Task[] = [];
  /** Measured time from not Ready to Ready; `null` before any pool recovered. */
  #recoveryMs: number | null = null;

  constructor(weights: ClassWeights, listener: FleetListener) {
    this.weights = weights;
    this.#listener = listener;
    this.readiness = new Readiness(this.replicas, listener.onOffer);
  }

  /** Expected time until a pool that starts is Ready. */
  recoveryMs(priorMs: number): number {
    return this.#recoveryMs ?? priorMs;
  }

  /** A worker is Ready, for the first time or again. Unknown pools and workers of a pool's former lane are ignored. */
  onUp(spec: ReplicaSpec, nowMs: number): void {
    const pool = this.pools.get(spec.poolId);
    if (pool === undefined || pool.retiredReplicaId === spec.replicaId) return;
    if ((this.replicas.get(spec.replicaId)?.pool ?? pool) !== pool) return;
    const isShed = pool.replica?.shed ?? false;
    if (!pool.ready && !isShed && !Number.isNaN(pool.unreadySinceMs)) this.#observeRecovery(nowMs - pool.unreadySinceMs);
    pool.state = 'starting';
    if (pool.replica !== null && pool.replica.id !== spec.replicaId) this.retire(pool.replica, nowMs);
    // The replica it has, if any, counts for its old set until `change` moves it.
    const set = joinSet(pool, toSetId(pool.spec, spec), spec.engineVersion);
    const known = pool.replica;
    if (known === null) {
      const replica = new Replica(spec, pool, set);
      replica.paused = true;
      pool.replica = replica;
      this.replicas.set(replica.id, replica);
      this.readiness.change(replica, nowMs, () => {
        replica.paused = false;
      });
      return;
    }
    this.readiness.change(known, nowMs, () => {
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
    this.readiness.change(replica, nowMs, () => {
      replica.paused = true;
    });
  }

  onDown(replicaId: string, nowMs: number): void {
    const replica = this.replicas.get(replicaId);
    if (replica !== undefined) this.retire(replica, nowMs);
  }

  onPoolState(poolId: string, state: 'starting' | 'down', nowMs: number): void {
    const pool = this.pools.get(poolId);
    if (pool === undefined) return;
    pool.state = state;
    this.readiness.refreshLane(pool.lane, nowMs);
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
    this.changeDraining(pool, nowMs);
  }

  onResumed(poolId: string, nowMs: number): void {
    const pool = this.pools.get(poolId);
    if (pool === undefined) return;
    pool.draining = 'no';
    pool.abortAtMs = Infinity;
    this.changeDraining(pool, nowMs);
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

  /** It is gone for good. */
  retire(replica: Replica, nowMs: number): void {
    this.readiness.change(replica, nowMs, () => {
      replica.gone = true;
    });
    this.replicas.delete(replica.id);
    const { pool, lane } = replica;
    if (pool.replica === replica) pool.replica = null;
    if (pool.leaving) this.#depart(pool);
    this.readiness.refreshLane(lane, nowMs);
    loseKv(replica);
    this.#listener.onGone(replica);
  }

  /** Whether the pool is drained has changed. */
  changeDraining(pool: Pool, nowMs: number): void {
    const { replica, lane } = pool;
    if (replica === null) return this.readiness.refreshLane(lane, nowMs);
    this.readiness.change(replica, nowMs, () => {
      replica.draining = pool.draining !== 'no';
    });
  }

  /** The last of a leaving pool is gone. */
  #depart(pool: Pool): void {
    const { lane } = pool;
    lane.leaving = lane.leaving.filter((other) => other !== pool);
    leaveSet(pool);
    if (lane.closing && lane.leaving.length === 0) {
      this.lanes.delete(lane.id);
      this.displaced.push(...takeOut(lane, lane.queue.toArray()));
    } else this.displaced.push(...takeOut(lane, waitingFor(pool)));
  }

  #observeRecovery(tookMs: number): void {
    this.#recoveryMs = this.#recoveryMs === null ? tookMs : this.#recoveryMs + RECOVERY_RATE * (tookMs - this.#recoveryMs);
  }
}
