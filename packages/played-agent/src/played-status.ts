/**
 * What a played agent reports: whole reports of the contract from few words. Pure; it knows neither who asks nor whether a worker is
 * really there.
 */
import type { AgentHost, AgentStatus, PoolStatus, ReplicaReport } from '@llama-orch/api-types';

const epoch = new Date(0).toISOString();

/**
 * A llama.cpp worker of one slot and 1,024 tokens that was not measured, unless `fields` say otherwise.
 *
 * @param startCount - From 1; the worker's id is made of it.
 */
export function playedReplica(
  poolId: string,
  startCount: number,
  fields: Pick<ReplicaReport, 'url' | 'model_digest'> & Partial<ReplicaReport>,
): ReplicaReport {
  return {
    replica_id: `${poolId}/${startCount}`,
    engine: 'llamacpp',
    engine_version: 'played-1',
    trtllm_version: null,
    quant: 'Q8_0',
    ctx: 1_024,
    slots_total: 1,
    slots_free: null,
    numerics: `sha256:${'c'.repeat(64)}`,
    sampler_profile_version: 'v1',
    workloads: ['completion'],
    cpu_carve_out: false,
    pid: null,
    started_at: epoch,
    vram_used_bytes: null,
    gpu_utilization_ratio: null,
    kv_cache_usage_ratio: null,
    ...fields,
  };
}

/** A pool that never failed: Ready with its first worker, or `unready` without one. */
export function playedPool(poolId: string, replica: ReplicaReport | null, fields: Partial<PoolStatus> = {}): PoolStatus {
  return {
    pool_id: poolId,
    state: replica === null ? 'unready' : 'ready',
    start_count: 1,
    last_error: null,
    restarts: 0,
    next_retry_ms: null,
    oom_events: { device: 0, host: 0 },
    driver_reset_events: 0,
    preload: null,
    replica,
    ...fields,
  };
}

/** A host of 64 GiB, half of them free, without devices, that reports every second and has applied nothing. */
export function playedStatus(
  host: Pick<AgentHost, 'hostname'> & Partial<AgentHost>,
  pools: readonly PoolStatus[],
  fields: Pick<AgentStatus, 'instance_id'> & Partial<AgentStatus>,
): AgentStatus {
  return {
    agent_version: '1.0.0',
    started_at: epoch,
    generation: 0,
    interval_ms: 1_000,
    host: { ram_total_bytes: 2 ** 36, ram_available_bytes: 2 ** 35, allow_cpu: false, devices: [], inventory_error: null, ...host },
    pools: [...pools],
    ...fields,
  };
}
