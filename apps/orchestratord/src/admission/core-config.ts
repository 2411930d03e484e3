/**
 * The config as the scheduler core takes it: units and names of the core, wire names nowhere beyond here. Pure.
 */
import type { CanaryConfig, Config, PoolConfig, RateConfig, TenantConfig } from '@llama-orch/config-schema';
import type { CanarySpec, CoreConfig, PoolSpec, Rate, TenantSpec } from '@llama-orch/orchestrator-core';

/** Tenant of everybody while no keys are set, and the limits of tenants that the config does not name. */
const defaultTenantId = 'default';

export const toCoreConfig = (config: Config): CoreConfig => {
  const tenants = config.tenants.map(toTenant);
  const fallback = tenants.find((tenant) => tenant.tenantId === defaultTenantId);
  if (fallback === undefined) throw new Error(`The config has no tenant ${defaultTenantId}; reading one always adds it.`);
  return {
    pools: config.pools.map((pool) => toPool(pool, config)),
    canaries: config.canaries.map((canary) => toCanary(canary, config)),
    tenants,
    defaultTenant: fallback,
    classes: {
      interactive: { weight: config.classes.interactive.weight, rate: toRate(config.classes.interactive.rate) },
      batch: { weight: config.classes.batch.weight, rate: toRate(config.classes.batch.rate) },
    },
    sessions: { ttlMs: config.sessions.ttl_ms, maxTurns: config.sessions.max_turns, maxSessions: config.sessions.max_sessions },
    maxAttempts: config.controller.failover.max_attempts,
    unavailableGraceMs: config.controller.agent_lease.silent_ms,
  };
};

const toRate = (rate: RateConfig | undefined): Rate | null =>
  rate === undefined ? null : { perSecond: rate.requests_per_s, burst: rate.burst };

const toTenant = (tenant: TenantConfig): TenantSpec => ({
  tenantId: tenant.id,
  weight: tenant.weight,
  rate: toRate(tenant.rate),
  tokensPerMinute: tenant.tokens_per_minute,
  maxConcurrentTasks: tenant.max_concurrent_tasks,
  maxQueuedTasks: tenant.max_queued_tasks,
  maxKvBytes: tenant.kv_bytes,
});

const toCanary = ({ id, model, percent, label }: CanaryConfig, config: Config): CanarySpec => ({
  id,
  modelDigest: config.models[model]?.digest ?? '',
  percent,
  label: label ?? null,
});

/**
 * A task's KV lies in the draft model too; where either figure is not known nothing can be counted.
 *
 * @req ORCH-3020
 */
const kvBytesPerToken = (pool: PoolConfig, config: Config): number | null => {
  const own = config.models[pool.model]?.kv_bytes_per_token ?? null;
  const draft = pool.speculative?.draft_model;
  const guessed = draft === undefined ? 0 : (config.models[draft]?.kv_bytes_per_token ?? null);
  return own === null || guessed === null ? null : own + guessed;
};

const toPool = (pool: PoolConfig, config: Config): PoolSpec => {
  const model = config.models[pool.model];
  if (model === undefined) throw new Error(`Pool ${pool.id} names the unknown model ${pool.model}; the config check lets none through.`);
  return {
    poolId: pool.id,
    host: pool.host,
    engine: pool.engine,
    modelDigest: model.digest,
    quant: pool.quant,
    ctxTokens: pool.ctx,
    samplerProfileVersion: pool.sampler_profile_version,
    workloads: pool.workloads,
    determinism: pool.determinism,
    kvReuseVerified: pool.kv_reuse_verified,
    canary: config.canaries.find(({ pools }) => pools.includes(pool.id))?.id ?? null,
    slots: pool.slots,
    kvBytesPerToken: kvBytesPerToken(pool, config),
    queueCapacity: pool.queue.capacity,
    fullPolicy: pool.queue.full_policy,
    classCaps: pool.queue.class_caps ?? {},
    defaultDeadlineMs: pool.admission.default_deadline_ms,
    wallTimeoutMs: pool.timeouts.wall_ms,
    idleTimeoutMs: pool.timeouts.idle_ms,
    cancelGraceMs: pool.timeouts.cancel_grace_ms,
  };
};
