/**
 * The config as the scheduler core takes it: units and names of the core, wire names nowhere beyond here. Pure.
 */
import type { CanaryConfig, Config, ModelConfig, RateConfig, SessionsConfig, TenantConfig } from '@llama-orch/config-schema';
import type { BreakerSpec, CanarySpec, CoreConfig, PoolSpec, Price, Rate, TenantSpec } from '@llama-orch/orchestrator-core';
import type { ServedPool } from '../fleet/served-pool.ts';

/** Tenant of everybody while no keys are set, and the limits of tenants that the config does not name. */
const defaultTenantId = 'default';

/** @param pools - As they are served now, which a rollout may hold back behind the config. */
export const toCoreConfig = (config: Config, pools: readonly ServedPool[]): CoreConfig => {
  const tenants = config.tenants.map((tenant) => toTenant(tenant, config.sessions));
  const fallback = tenants.find((tenant) => tenant.tenantId === defaultTenantId);
  if (fallback === undefined) throw new Error(`The config has no tenant ${defaultTenantId}; reading one always adds it.`);
  return {
    pools: pools.map(toPool),
    canaries: config.canaries.map((canary) => toCanary(canary, config)),
    tenants,
    defaultTenant: fallback,
    classes: {
      interactive: { weight: config.classes.interactive.weight, rate: toRate(config.classes.interactive.rate) },
      batch: { weight: config.classes.batch.weight, rate: toRate(config.classes.batch.rate) },
    },
    sessions: { ttlMs: config.sessions.ttl_ms, maxTurns: config.sessions.max_turns, maxSessions: config.sessions.max_sessions },
    maxAttempts: config.controller.failover.max_attempts,
    breaker: toBreaker(config),
    unavailableGraceMs: config.controller.agent_lease.silent_ms,
  };
};

const toBreaker = ({ controller: { breaker }, slos }: Config): BreakerSpec | null =>
  breaker.enabled
    ? {
        replica: { failures: breaker.replica.failures, windowMs: breaker.replica.window_ms },
        pool: { failures: breaker.pool.failures, windowMs: breaker.pool.window_ms },
        failureRatio: breaker.failure_ratio,
        openMs: breaker.open_ms,
        maxOpenMs: Math.max(breaker.open_ms, breaker.max_open_ms),
        restartAfter: breaker.restart_after,
        slo: breaker.slo.enabled
          ? { firstTokenMs: slos.interactive.first_token_p95_ms, misses: breaker.slo.misses, ratio: breaker.slo.miss_ratio }
          : null,
      }
    : null;

const toRate = (rate: RateConfig | undefined): Rate | null =>
  rate === undefined ? null : { perSecond: rate.requests_per_s, burst: rate.burst };

const toTenant = (tenant: TenantConfig, sessions: SessionsConfig): TenantSpec => ({
  tenantId: tenant.id,
  weight: tenant.weight,
  rate: toRate(tenant.rate),
  tokensPerMinute: tenant.tokens_per_minute,
  maxConcurrentTasks: tenant.max_concurrent_tasks,
  maxQueuedTasks: tenant.max_queued_tasks,
  maxKvBytes: tenant.kv_bytes,
  sessionBudgets: {
    tokens: tenant.session_budgets.tokens ?? sessions.budgets.tokens ?? null,
    slotMs: tenant.session_budgets.time_ms ?? sessions.budgets.time_ms ?? null,
    cost: tenant.session_budgets.cost ?? sessions.budgets.cost ?? null,
  },
});

const toPrice = ({ price }: ModelConfig): Price => ({
  perInputToken: (price?.per_1k_tokens_in ?? 0) / 1_000,
  perOutputToken: (price?.per_1k_tokens_out ?? 0) / 1_000,
  perSlotMs: (price?.per_slot_hour ?? 0) / 3_600_000,
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
const kvBytesPerToken = ({ model, draftModel }: ServedPool): number | null => {
  const own = model.kv_bytes_per_token ?? null;
  const guessed = draftModel === null ? 0 : (draftModel.kv_bytes_per_token ?? null);
  return own === null || guessed === null ? null : own + guessed;
};

const toPool = (served: ServedPool): PoolSpec => {
  const { pool, model, canary } = served;
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
    canary,
    slots: pool.slots,
    kvBytesPerToken: kvBytesPerToken(served),
    price: toPrice(model),
    queueCapacity: pool.queue.capacity,
    fullPolicy: pool.queue.full_policy,
    classCaps: pool.queue.class_caps ?? {},
    defaultDeadlineMs: pool.admission.default_deadline_ms,
    wallTimeoutMs: pool.timeouts.wall_ms,
    idleTimeoutMs: pool.timeouts.idle_ms,
    cancelGraceMs: pool.timeouts.cancel_grace_ms,
  };
};
