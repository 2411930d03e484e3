/**
 * All that is known of one pool: how it is configured, what its agent said last, and the worker it has. Which of the reported workers is
 * its own is told here; the fleet alone writes it.
 */
import type { PoolStatus, ReplicaReport } from '@llama-orch/api-types';
import type { PoolConfig } from '@llama-orch/config-schema';
import type { PoolPhase } from './pool-phase.ts';
import { startCountOf } from './replica-id.ts';
import { laneKeyOf, type ServedPool } from './served-pool.ts';
import type { Worker } from './worker.ts';

/** A pool with everything known of it. */
export type PoolView = {
  readonly pool: PoolConfig;
  readonly modelDigest: string;
  readonly status: PoolStatus | null;
  readonly phase: PoolPhase;
  readonly worker: Worker | null;
  /** Traffic found the worker broken before its agent did: no dispatch until it answers again. */
  readonly suspect: boolean;
  /** Drained, or its worker is being replaced. */
  readonly draining: boolean;
};

export type PoolEntry = {
  pool: PoolConfig;
  modelDigest: string;
  /** Equal for pools that are one lane by config. */
  laneKey: string;
  /** Workers of an earlier start are not this pool's any more; 0 = all are. */
  firstStart: number;
  draining: boolean;
  status: PoolStatus | null;
  phase: PoolPhase;
  worker: Worker | null;
  /** Traffic found the worker broken before its agent did: no dispatch until it answers again. */
  suspect: boolean;
  /** The last event told of the pool, so that each change is told once. */
  told: string;
};

export const newEntry = (served: ServedPool): PoolEntry => ({
  pool: served.pool,
  modelDigest: served.model.digest,
  laneKey: laneKeyOf(served),
  firstStart: 0,
  draining: false,
  status: null,
  phase: { kind: 'starting', reason: 'not reported yet' },
  worker: null,
  suspect: false,
  told: '',
});

/** It is configured otherwise from now on; a worker that is still its own follows. */
export const reconfigure = (entry: PoolEntry, served: ServedPool): void => {
  entry.pool = served.pool;
  entry.modelDigest = served.model.digest;
  entry.laneKey = laneKeyOf(served);
  if (entry.worker !== null && startCountOf(entry.worker.replicaId) >= entry.firstStart) entry.worker.pool = served.pool;
};

/**
 * What is reported of the worker that the pool has now: the pool's own report, that of the successor until it has taken the place, or
 * nothing yet.
 */
export const statusOf = ({ status, firstStart }: PoolEntry): PoolStatus | null => {
  if (status === null || firstStart === 0 || isOf(status.replica, firstStart)) return status;
  const successor = status.successor ?? null;
  if (successor !== null && isOf(successor.replica, firstStart)) return asOwn(status, successor);
  return status.replica === null ? status : { ...status, state: 'starting', replica: null };
};

const isOf = (replica: ReplicaReport | null, firstStart: number): boolean =>
  replica !== null && startCountOf(replica.replica_id) >= firstStart;

/** The report as it would be if the second worker were the pool's own. */
export const asOwn = (status: PoolStatus, successor: NonNullable<PoolStatus['successor']>): PoolStatus => {
  const { state, replica, last_error: lastError, start_count: startCount } = successor;
  return { ...status, state, replica, last_error: lastError, start_count: startCount };
};
