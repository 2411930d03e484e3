/**
 * Pools, replica sets, agents and capabilities as the control plane shows them. Pure reads of the fleet and the core.
 */
import {
  type AgentInfo,
  type AgentPool,
  type Breaker,
  type Capabilities,
  openapiDocument,
  operations,
  type PoolHealth,
  type RateLimit,
  type Replica,
  type ReplicaSet,
  type ReplicaSetCapabilities,
  schemaBundle,
  type Slots,
  type SloSnapshot,
} from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';
import type { Priority, Scheduler } from '@llama-orch/orchestrator-core';
import type { Catalog } from '../admission/catalog.ts';
import type { Clock } from '../clock.ts';
import { leaseMs } from '../fleet/agent-leases.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AgentView } from '../fleet/heard-agents.ts';
import type { PoolView } from '../fleet/pool-entry.ts';
import { replicaSets } from '../fleet/replica-set.ts';
import type { Worker } from '../fleet/worker.ts';
import type { SloFigures, SloWindows } from '../slo-window.ts';

export type PoolViewDeps = {
  readonly config: Config;
  readonly fleet: Fleet;
  readonly scheduler: Scheduler;
  readonly catalog: Catalog;
  readonly slos: SloWindows;
  readonly clock: Clock;
};

/** @req ORCH-2103, ORCH-1102 */
export const poolHealth = (view: PoolView, deps: PoolViewDeps): PoolHealth => {
  const { pool, status, worker, phase } = view;
  const lastError = status?.last_error ?? null;
  const presence = deps.fleet.presence(pool.host);
  const breaker = toBreaker(pool.id, deps);
  return {
    pool_id: pool.id,
    host: pool.host,
    engine: pool.engine,
    live: worker !== null && presence === 'live',
    ready: phase.kind === 'ready' && !view.suspect && !view.draining && breaker.state !== 'open',
    draining: view.draining,
    state: status?.state ?? 'stopped',
    last_error:
      lastError === null
        ? notReported(view, deps)
        : { code: lastError.code, message: lastError.message, cause: lastError.cause, at: lastError.at },
    cpu_carve_out: worker?.report.cpu_carve_out ?? false,
    start_count: status?.start_count ?? 0,
    restarts: status?.restarts ?? 0,
    next_retry_ms: status?.next_retry_ms ?? null,
    breaker,
    replica:
      worker === null
        ? null
        : {
            replica_id: worker.replicaId,
            engine_version: worker.report.engine_version,
            trtllm_version: worker.report.trtllm_version,
            model_digest: worker.report.model_digest,
            numerics: worker.report.numerics,
            slots: slots(worker),
          },
    metrics: {
      queue_depth: laneDepth(pool.id, deps.scheduler),
      running: worker?.running ?? 0,
      tokens_per_s: worker?.tokensPerSecond ?? null,
      kv_cache_usage_ratio: status?.replica?.kv_cache_usage_ratio ?? null,
      gpu_utilization_ratio: status?.replica?.gpu_utilization_ratio ?? null,
      vram_used_bytes: status?.replica?.vram_used_bytes ?? null,
      oom_events: (status?.oom_events.device ?? 0) + (status?.oom_events.host ?? 0),
      host_oom_events: status?.oom_events.host ?? 0,
      driver_reset_events: status?.driver_reset_events ?? 0,
      ecc_events: status?.ecc_events ?? 0,
      capacity_slots: status?.capacity_slots ?? null,
    },
  };
};

/** @req ORCH-3040 */
const toBreaker = (poolId: string, { scheduler, clock }: PoolViewDeps): Breaker => {
  const figures = scheduler.breaker(poolId, clock.nowMs());
  if (figures === undefined || figures.state === 'closed') return { state: 'closed', scope: 'pool', cause: null, retry_ms: null };
  const { state, scope, cause, pauseMs } = figures;
  return { state, scope, cause, retry_ms: pauseMs === null ? null : Math.ceil(pauseMs) };
};

/** @req ORCH-2104 */
export const replicaSetList = (deps: PoolViewDeps): ReplicaSet[] =>
  [...replicaSets(deps.fleet.workers())].map(([id, workers]) => {
    const first = workers[0] as Worker;
    const rates = workers.map((worker) => worker.tokensPerSecond).filter((rate) => rate !== null);
    return {
      id,
      engine: first.report.engine,
      engine_version: first.report.engine_version,
      trtllm_version: first.report.trtllm_version,
      model_digest: first.report.model_digest,
      models: [...(deps.catalog.resolve(first.report.model_digest)?.names ?? [])],
      quant: first.pool.quant,
      ctx: first.pool.ctx,
      sampler_profile_version: first.report.sampler_profile_version,
      numerics: first.report.numerics,
      determinism: first.pool.determinism,
      workloads: first.report.workloads,
      replicas: workers.map((worker) => toReplica(worker, deps)),
      load: {
        queue_depth: laneDepth(first.pool.id, deps.scheduler),
        running: workers.reduce((sum, worker) => sum + worker.running, 0),
        tokens_per_s: rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0),
      },
      slo: (['interactive', 'batch'] as const).map((priority) =>
        toSloSnapshot(priority, deps.slos.figures(id, priority), deps.config.slos),
      ),
    };
  });

/**
 * What was measured beside what the config asks for.
 *
 * @req ORCH-3041
 */
const toSloSnapshot = (priority: Priority, figures: SloFigures, { interactive, batch }: Config['slos']): SloSnapshot => {
  const targets =
    priority === 'interactive'
      ? { ...interactive, token_rate_ratio: null }
      : { ...batch, first_token_p95_ms: null, tokens_64_p95_ms: null };
  const judged: [measured: number | null, allowed: number | null][] = [
    [figures.firstTokenP95Ms, targets.first_token_p95_ms],
    [figures.tokens64P95Ms, targets.tokens_64_p95_ms],
    [figures.errorRatio, targets.error_ratio],
  ];
  const isRateKept = figures.tokenRateRatio === null || figures.tokenRateRatio >= (targets.token_rate_ratio ?? 0);
  return {
    priority,
    first_token_p95_ms: figures.firstTokenP95Ms,
    tokens_64_p95_ms: figures.tokens64P95Ms,
    error_ratio: figures.errorRatio,
    token_rate_ratio: figures.tokenRateRatio,
    samples: figures.samples,
    targets,
    met:
      figures.samples === 0
        ? null
        : isRateKept && judged.every(([measured, allowed]) => measured === null || allowed === null || measured <= allowed),
  };
};

/** @req ORCH-2105 */
export const capabilities = (tenantId: string, deps: PoolViewDeps): Capabilities => ({
  api_version: openapiDocument.info.version,
  // A worker that leaves takes nothing more, so it is nothing that can be asked for.
  replica_sets: [...replicaSets([...deps.fleet.pools()].flatMap(({ worker }) => worker ?? []))].map(([id, workers]) =>
    setCapabilities(id, workers[0] as Worker, deps.catalog),
  ),
  rate_limits: rateLimits(tenantId, deps.config),
  limits: {
    max_body_bytes: deps.config.controller.limits.max_body_bytes,
    max_prompt_chars: requestSchema.prompt.maxLength,
    max_inputs: requestSchema.inputs.maxItems,
    max_stop: requestSchema.stop.maxItems,
    retention_ms: deps.config.controller.retention.ms,
  },
  operations: operations.filter((operation) => operation.status === 'served').map((operation) => operation.operationId),
});

/**
 * Every agent that reported, and every host that the config names.
 *
 * @req ORCH-2109
 */
export const agentList = (deps: PoolViewDeps): AgentInfo[] => {
  const heard = deps.fleet.agents();
  const names = new Set(heard.map(({ name }) => name));
  const unheard = [...new Set(deps.config.pools.map(({ host }) => host))].filter((host) => !names.has(host));
  return [...heard.map((agent) => agentInfo(agent, deps)), ...unheard.map((name) => unheardAgent(name, deps))].toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
};

const unheardAgent = (name: string, { fleet }: PoolViewDeps): AgentInfo => ({
  name,
  connected: false,
  instance_id: null,
  agent_version: null,
  last_seen_at: null,
  lease_ms_remaining: 0,
  generation_applied: 0,
  generation_desired: fleet.desired.generation(name),
  host: null,
  pools: [],
});

const agentInfo = (agent: AgentView, deps: PoolViewDeps): AgentInfo => {
  const nowMs = deps.clock.nowMs();
  const quietMs = nowMs - agent.lastSeenMs;
  return {
    name: agent.name,
    connected: agent.presence === 'live',
    instance_id: agent.instanceId,
    agent_version: agent.agentVersion,
    last_seen_at: new Date(deps.clock.epochMs() - quietMs).toISOString(),
    lease_ms_remaining: Math.max(0, Math.round(leaseMs(agent.intervalMs) - quietMs)),
    generation_applied: agent.status.generation,
    generation_desired: deps.fleet.desired.generation(agent.name),
    host: agent.status.host,
    pools: agent.status.pools.map(({ pool_id, state }): AgentPool => ({ pool_id, state })),
  };
};

/** Bounds of a request, read from the contract so that what is told is what is checked. */
const { properties: requestSchema } = schemaBundle.$defs.TaskRequest as {
  properties: { prompt: { maxLength: number }; inputs: { maxItems: number }; stop: { maxItems: number } };
};

const notReported = (view: PoolView, deps: PoolViewDeps): PoolHealth['last_error'] =>
  view.phase.kind === 'ready'
    ? null
    : { code: 'POOL_UNAVAILABLE', message: view.phase.reason, cause: null, at: new Date(deps.clock.epochMs()).toISOString() };

const slots = (worker: Worker): Slots => {
  const total = Math.min(worker.pool.slots, worker.report.slots_total);
  return { total, busy: worker.running, releasing: worker.releasing, free: Math.max(0, total - worker.running - worker.releasing) };
};

const toReplica = (worker: Worker, deps: PoolViewDeps): Replica => {
  const { fleet } = deps;
  const view = fleet.pool(worker.pool.id);
  const isSilent = fleet.presence(worker.pool.host) !== 'live';
  const isReady = view?.phase.kind === 'ready' && !view.suspect;
  return {
    replica_id: worker.replicaId,
    pool_id: worker.pool.id,
    host: worker.pool.host,
    state: isSilent ? 'silent' : view?.worker !== worker || view.draining ? 'draining' : isReady ? 'ready' : 'unready',
    breaker: view?.worker === worker ? toBreaker(worker.pool.id, deps).state : 'closed',
    slots: slots(worker),
  };
};

const setCapabilities = (id: string, worker: Worker, catalog: Catalog): ReplicaSetCapabilities => ({
  id,
  engine: worker.report.engine,
  engine_version: worker.report.engine_version,
  models: [...(catalog.resolve(worker.report.model_digest)?.names ?? [])],
  model_digest: worker.report.model_digest,
  ctx_max: worker.pool.ctx,
  workloads: worker.report.workloads,
  determinism: worker.pool.determinism,
  sampler_profile_versions: [worker.report.sampler_profile_version],
  features: {
    kv_reuse_verified: worker.pool.kv_reuse_verified,
    tokenize: worker.adapter.capabilities.tokenize,
    cpu_carve_out: worker.report.cpu_carve_out,
  },
  evict: worker.adapter.capabilities.evict,
});

const rateLimits = (tenantId: string, config: Config): RateLimit[] => {
  const tenant = config.tenants.find(({ id }) => id === tenantId);
  const limits: RateLimit[] = tenant === undefined ? [] : [{ priority: null, ...tenant.rate }];
  for (const priority of ['interactive', 'batch'] as const) {
    const rate = config.classes[priority].rate;
    if (rate !== undefined) limits.push({ priority, ...rate });
  }
  return limits;
};

const laneDepth = (poolId: string, scheduler: Scheduler): number => {
  const lane = scheduler.lanes().find(({ poolIds }) => poolIds.includes(poolId));
  return lane === undefined ? 0 : lane.queued.interactive + lane.queued.batch;
};
