/**
 * A live worker as the controller holds it: what its agent reported, and the adapter that speaks to it. Its counters
 * are written by the scheduler loop and its slot releases.
 */
import type { AdapterOptions, CreateAdapter, EngineName, WorkerAdapter } from '@llama-orch/adapter-api';
import type { ReplicaReport } from '@llama-orch/api-types';
import { type PoolConfig, tritonAccessOf } from '@llama-orch/config-schema';

export type Worker = {
  readonly replicaId: string;
  /** As configured now; changes that need no other worker replace it. */
  pool: PoolConfig;
  readonly report: ReplicaReport;
  readonly adapter: WorkerAdapter;
  /** Attempts in flight. */
  running: number;
  /** Of those, the ones that a slot of the engine took. */
  decoding: number;
  /** Attempts that stopped, whose slot the engine has not yet shown free. */
  releasing: number;
  /** Model tokens received from it since it came up. */
  tokensOut: number;
  /** Of the last second or so; `null` before the first. */
  tokensPerSecond: number | null;
};

/** One adapter for each engine that this build can speak to. */
export type AdapterTable = Readonly<Partial<Record<EngineName, CreateAdapter>>>;

/** Connections beside the slots: tokenizing, slot polls and metrics must not wait behind streams. */
const spareConnections = 4;

export const createWorker = (
  pool: PoolConfig,
  report: ReplicaReport,
  createAdapter: CreateAdapter,
  options: Pick<AdapterOptions, 'apiKey' | 'callTimeoutMs' | 'nowMs'>,
): Worker => ({
  replicaId: report.replica_id,
  pool,
  report,
  adapter: createAdapter({ ...options, ...accessOf(pool, report), baseUrl: report.url, maxConnections: pool.slots + spareConnections }),
  running: 0,
  decoding: 0,
  releasing: 0,
  tokensOut: 0,
  tokensPerSecond: null,
});

/** What the pool's config says of its engine, and the ports that its agent reports. */
const accessOf = (pool: PoolConfig, { ports }: ReplicaReport): Pick<AdapterOptions, 'declared' | 'access'> => {
  const triton = tritonAccessOf(pool);
  const declared = { modelName: triton?.modelName ?? pool.model, ctxTokens: pool.ctx };
  if (triton === null) return { declared };
  return { declared, access: { protocol: triton.protocol, grpcPort: ports?.grpc ?? null, metricsPort: ports?.metrics ?? null } };
};
