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
