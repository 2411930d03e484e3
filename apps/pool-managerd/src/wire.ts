/**
 * Between the words of `contracts/openapi/agent.yaml` and the agent's own. Pure both ways.
 */
import { resolve } from 'node:path';
import type { AgentStatus, DesiredPool, PoolError, PoolState as WirePoolState, PoolStatus, ReplicaReport } from '@llama-orch/api-types';
import { failureKinds } from './failure.ts';
import type { Inventory } from './gpu-device.ts';
import type { HostMemory } from './host-memory.ts';
import type { LiveWorker } from './live-worker.ts';
import type { PoolView } from './pool.ts';
import type { DesiredSpec, PoolPair } from './supervisor.ts';
import type { ModelSpec, PoolSpec } from './pool-spec.ts';
import { type PoolState, workerOf } from './pool-state.ts';
import { unreachable } from './unreachable.ts';

/** @param modelsDir - Absolute; what relative model paths are relative to. */
export const toDesiredSpec = (pool: DesiredPool, modelsDir: string): DesiredSpec => ({
  spec: toPoolSpec(pool, modelsDir),
  successor: pool.successor == null ? null : toPoolSpec(pool.successor, modelsDir),
});

export const toPoolSpec = (pool: DesiredPool, modelsDir: string): PoolSpec => ({
  id: pool.id,
  engine: pool.engine,
  model: toModel(pool.model, modelsDir),
  quant: pool.quant,
  ctx: pool.ctx,
  devices: pool.devices,
  tensorSplit: pool.tensor_split,
  shareDevices: pool.share_devices,
  workloads: pool.workloads,
  slots: pool.slots,
  determinism: pool.determinism,
  runtime: toRuntime(pool.runtime),
  triton: toTriton(pool),
  allowCpu: pool.allow_cpu,
  preload: pool.preload,
  samplerProfileVersion: pool.sampler_profile_version,
  kvType: pool.kv_type,
  speculative:
    pool.speculative == null
      ? null
      : {
          draftModel: pool.speculative.draft_model === null ? null : toModel(pool.speculative.draft_model, modelsDir),
          draftTokens: pool.speculative.draft_tokens,
        },
  prefixCacheBytes: pool.prefix_cache_bytes ?? 0,
  minStartCount: pool.min_start_count,
  timeouts: {
    startMs: pool.timeouts.start_ms,
    probeIntervalMs: pool.timeouts.probe_interval_ms,
    stopGraceMs: pool.timeouts.stop_grace_ms,
  },
  requireSameEngineVersion: pool.require_same_engine_version,
  expectedEngineVersion: pool.expected_engine_version,
});

const toModel = (model: DesiredPool['model'], modelsDir: string): ModelSpec => ({
  name: model.name,
  path: resolve(modelsDir, model.path),
  digest: model.digest,
  quant: model.quant,
  ctxLimit: model.ctx_limit,
  kvBytesPerToken: model.kv_bytes_per_token ?? null,
});

/** A controller that knows no `triton` means what is the default. */
const toTriton = ({ engine, triton, model, runtime }: DesiredPool): PoolSpec['triton'] => {
  if (engine !== 'triton') return null;
  if (triton != null) {
    return { protocol: triton.protocol, modelName: triton.model_name, grpcPort: triton.grpc_port, metricsPort: triton.metrics_port };
  }
  const isTrtllm = runtime.kind === 'command' && runtime.server === 'trtllm-serve';
  return { protocol: isTrtllm ? 'trtllm-serve' : 'grpc', modelName: model.name, grpcPort: null, metricsPort: null };
};

const toRuntime = (runtime: DesiredPool['runtime']): PoolSpec['runtime'] => {
  switch (runtime.kind) {
    case 'embedded':
      return { kind: 'embedded' };
    case 'command':
      return {
        kind: 'command',
        command: runtime.command ?? null,
        env: runtime.env ?? {},
        server: runtime.server ?? null,
        apiKeyFile: runtime.api_key_file ?? null,
        container: runtime.container === undefined ? null : { ...runtime.container, entrypoint: runtime.container.entrypoint ?? null },
      };
    case 'external':
      return {
        kind: 'external',
        url: runtime.url,
        digest: runtime.digest,
        server: runtime.server ?? null,
        apiKeyFile: runtime.api_key_file ?? null,
      };
    default:
      return unreachable(runtime);
  }
};

export type AgentIdentity = {
  /** New for each start of the agent. */
  readonly instanceId: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly hostname: string;
  readonly allowCpu: boolean;
};

export type AgentSnapshot = {
  /** The desired generation that is applied; 0 for none. */
  readonly generation: number;
  readonly intervalMs: number;
  readonly inventory: Inventory;
  readonly hostMemory: HostMemory;
  readonly pools: readonly PoolPair[];
  readonly nowMs: number;
};

/** @req ORCH-2109, ORCH-3032 */
export const toAgentStatus = (agent: AgentIdentity, snapshot: AgentSnapshot): AgentStatus => ({
  instance_id: agent.instanceId,
  agent_version: agent.version,
  started_at: toIso(agent.startedAtMs),
  generation: snapshot.generation,
  interval_ms: snapshot.intervalMs,
  host: {
    hostname: agent.hostname,
    ram_total_bytes: snapshot.hostMemory.totalBytes,
    ram_available_bytes: snapshot.hostMemory.availableBytes,
    allow_cpu: agent.allowCpu,
    devices:
      snapshot.inventory.kind === 'none'
        ? []
        : snapshot.inventory.devices.map((device) => ({
            index: device.index,
            uuid: device.uuid,
            name: device.name,
            memory_total_bytes: device.memoryTotalBytes,
            memory_used_bytes: device.memoryUsedBytes,
            utilization_ratio: device.utilizationRatio,
            compute_capability: device.computeCapability,
            numa_node: device.numaNode,
            parent_uuid: device.parentUuid,
            mig_enabled: device.migEnabled,
            driver_version: device.driverVersion,
            ecc_uncorrected_errors: device.eccUncorrectedErrors,
            fault: device.fault,
            links: device.links.map((link) => ({ ...link })),
          })),
    inventory_error: toInventoryError(snapshot.inventory),
  },
  pools: snapshot.pools.map(({ pool, successor }) => ({
    ...toPoolStatus(pool, snapshot.nowMs),
    ...(successor !== null && {
      successor: {
        state: toWireState(successor.state),
        start_count: successor.startCount,
        last_error: toPoolError(successor.lastError),
        replica: toReplica(successor),
      },
    }),
  })),
});

/** Why there are no devices, or which one is missing among them. */
const toInventoryError = (inventory: Inventory): AgentStatus['host']['inventory_error'] => {
  if (inventory.kind === 'none') return { code: `nvidia-smi-${inventory.code}`, message: inventory.message };
  return inventory.lost === null ? null : { code: 'nvidia-smi-device-lost', message: inventory.lost };
};

export const toPoolStatus = (pool: PoolView, nowMs: number): PoolStatus => ({
  pool_id: pool.spec.id,
  state: toWireState(pool.state),
  start_count: pool.startCount,
  last_error: toPoolError(pool.lastError),
  restarts: pool.restarts,
  next_retry_ms: pool.state.kind === 'waiting' ? Math.max(0, Math.round(pool.state.retryAtMs - nowMs)) : null,
  oom_events: pool.oomEvents,
  driver_reset_events: pool.driverResetEvents,
  ecc_events: pool.eccEvents,
  capacity_slots: pool.capacitySlots,
  preload: pool.preload === null ? null : { outcome: pool.preload.outcome, load_ms: pool.preload.loadMs },
  replica: toReplica(pool),
});

const toPoolError = (lastError: PoolView['lastError']): PoolError | null =>
  lastError === null
    ? null
    : {
        code: failureKinds[lastError.failure.kind].code,
        kind: lastError.failure.kind,
        message: lastError.failure.message,
        cause: lastError.failure.cause,
        at: toIso(lastError.atMs),
      };

/** See the table in `pool-state.ts`. A pool that waits for its next try, or ends a failed worker before it, is Unready. */
export const toWireState = (state: PoolState): WirePoolState => {
  switch (state.kind) {
    case 'checking':
    case 'launching':
    case 'loading':
    case 'testing':
      return 'starting';
    case 'waiting':
      return 'unready';
    case 'stopping':
      return state.next.kind === 'wait' ? 'unready' : 'stopping';
    case 'stopped':
    case 'ready':
    case 'unready':
    case 'refused':
      return state.kind;
    default:
      return unreachable(state);
  }
};

/** Only a worker that passed its self-test is one: before it nothing is known of it. */
const toReplica = (pool: PoolView): ReplicaReport | null => {
  if (pool.state.kind !== 'ready' && pool.state.kind !== 'unready' && pool.state.kind !== 'stopping') return null;
  const worker: LiveWorker | null = workerOf(pool.state);
  const tested = worker?.record.tested;
  if (!worker || !tested) return null;
  const { record } = worker;
  return {
    replica_id: `${record.poolId}/${record.startCount}`,
    url: record.advertisedUrl,
    engine: pool.spec.engine,
    engine_version: tested.engineVersion,
    trtllm_version: tested.trtllmVersion ?? null,
    model_digest: pool.spec.model.digest,
    quant: pool.spec.quant,
    ctx: pool.spec.ctx,
    slots_total: tested.slotsTotal,
    slots_free: pool.gauges?.slotsFree ?? null,
    numerics: record.facts.numerics,
    sampler_profile_version: pool.spec.samplerProfileVersion,
    workloads: [...pool.spec.workloads],
    cpu_carve_out: record.facts.cpuCarveOut,
    pid: record.process?.pid ?? null,
    started_at: toIso(record.startedAtMs),
    vram_used_bytes: pool.gauges?.vramUsedBytes ?? null,
    gpu_utilization_ratio: pool.gauges?.gpuUtilizationRatio ?? null,
    kv_cache_usage_ratio: pool.gauges?.kvCacheUsageRatio ?? null,
    ...(record.facts.topology === undefined
      ? {}
      : { topology: { worst_link: record.facts.topology.worstLink, numa_nodes: [...record.facts.topology.numaNodes] } }),
    ...(record.ports === undefined ? {} : { ports: { grpc: record.ports.grpc, metrics: record.ports.metrics } }),
  };
};

const toIso = (ms: number): string => new Date(ms).toISOString();
