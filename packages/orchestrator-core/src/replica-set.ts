/** Replicas whose outputs are interchangeable byte for byte (ORCH-3007). It knows their identity, not their load. */
import type { Pool } from './lane.ts';
import type { PoolSpec, ReplicaSpec } from './model.ts';

/** One set inside a lane. */
export class ReplicaSet {
  readonly id: string;
  readonly engineVersion: string;
  /** Pools whose latest replica belongs to the set, Ready or not: through them it can come back. */
  readonly pools = new Set<Pool>();
  readyReplicas = 0;

  constructor(id: string, engineVersion: string) {
    this.id = id;
    this.engineVersion = engineVersion;
  }
}

/**
 * Equal ids = one set: equal engine, model digest, quant, ctx, engine version, sampler profile version and `numerics`.
 *
 * @req ORCH-3007, ORCH-3046
 */
export function toSetId(pool: PoolSpec, replica: ReplicaSpec): string {
  return [
    pool.engine,
    pool.modelDigest,
    pool.quant,
    `ctx${pool.ctxTokens}`,
    replica.engineVersion,
    pool.samplerProfileVersion,
    replica.numerics,
  ].join('/');
}

/** The set of the pool's latest replica is that one from now on. */
export function joinSet(pool: Pool, id: string, engineVersion: string): ReplicaSet {
  if (pool.set?.id === id) return pool.set;
  leaveSet(pool);
  const { sets } = pool.lane;
  const set = sets.get(id) ?? new ReplicaSet(id, engineVersion);
  sets.set(id, set);
  set.pools.add(pool);
  pool.set = set;
  return set;
}

export function leaveSet(pool: Pool): void {
  const { set } = pool;
  if (set === null) return;
  set.pools.delete(pool);
  if (set.pools.size === 0) pool.lane.sets.delete(set.id);
  pool.set = null;
}
