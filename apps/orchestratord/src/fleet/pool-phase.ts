/**
 * What a pool is worth to the scheduler, from its config, its agent's last report and whether that agent is still
 * heard. Pure: one decision table, no state.
 */
import type { PoolStatus, ReplicaReport } from '@llama-orch/api-types';
import type { PoolConfig } from '@llama-orch/config-schema';
import type { AgentPresence } from './agent-leases.ts';

export type PoolPhase =
  /** Dispatch to it. */
  | { readonly kind: 'ready'; readonly replica: ReplicaReport }
  /** Its worker lives, but gets nothing new; `mayRecover` = it, or another one, may be Ready soon. */
  | { readonly kind: 'paused'; readonly replica: ReplicaReport; readonly reason: string; readonly mayRecover: boolean }
  /** No worker, but one may come. */
  | { readonly kind: 'starting'; readonly reason: string }
  /** No worker, and none will come by itself soon. */
  | { readonly kind: 'down'; readonly reason: string };

/** A pool whose agent waits longer than this before the next start counts as broken (ORCH-3053). */
const brokenRetryMs = 30_000;

/**
 * 1. Never reported: `starting` while its agent may still appear, then `down`.
 * 2. Agent lost: `down`, its worker `paused` (streams that run go on).
 * 3. A replica that is not what the pool says: `down`.
 * 4. Agent silent, or the worker not `ready`: `paused`.
 * 5. Worker `ready`: `ready`.
 * 6. No replica: `down` when refused, stopped or far from its next try, else `starting`.
 *
 * @req ORCH-2109, ORCH-3010, ORCH-3018
 */
export const poolPhase = (pool: PoolConfig, modelDigest: string, status: PoolStatus | null, presence: AgentPresence): PoolPhase => {
  if (status === null) {
    return presence === 'lost'
      ? { kind: 'down', reason: `agent ${pool.host} is not heard` }
      : { kind: 'starting', reason: `agent ${pool.host} has not reported the pool yet` };
  }
  const { replica } = status;
  if (replica === null) {
    if (presence === 'lost') return { kind: 'down', reason: `agent ${pool.host} is not heard` };
    if (status.state === 'refused' || status.state === 'stopped')
      return { kind: 'down', reason: status.last_error?.message ?? `pool is ${status.state}` };
    if ((status.next_retry_ms ?? 0) > brokenRetryMs) return { kind: 'down', reason: status.last_error?.message ?? 'pool is broken' };
    return { kind: 'starting', reason: status.last_error?.message ?? 'worker is starting' };
  }
  const unlike = unlikeConfig(pool, modelDigest, replica);
  if (unlike !== undefined) return { kind: 'down', reason: unlike };
  if (presence !== 'live') return { kind: 'paused', replica, reason: `agent ${pool.host} is not heard`, mayRecover: presence === 'silent' };
  if (status.state !== 'ready')
    return { kind: 'paused', replica, reason: status.last_error?.message ?? `worker is ${status.state}`, mayRecover: true };
  return { kind: 'ready', replica };
};

/** What of the replica contradicts the pool; `undefined` = nothing. A stale worker of an older config is caught here. */
const unlikeConfig = (pool: PoolConfig, modelDigest: string, replica: ReplicaReport): string | undefined => {
  if (replica.engine !== pool.engine) return `worker runs ${replica.engine}, the pool wants ${pool.engine}`;
  if (replica.model_digest !== modelDigest) return `worker holds ${replica.model_digest}, the pool wants ${modelDigest}`;
  if (replica.ctx < pool.ctx) return `worker has ${replica.ctx} tokens of context, the pool wants ${pool.ctx}`;
  if (replica.sampler_profile_version !== pool.sampler_profile_version) return 'worker was started for another sampler profile';
  if (!pool.workloads.every((workload) => replica.workloads.includes(workload))) return 'worker lacks a workload of the pool';
  if (replica.cpu_carve_out && !pool.allow_cpu) return 'worker runs on the CPU, the pool does not allow it';
  return undefined;
};
