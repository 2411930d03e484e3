/** The config of the stack under chaos: pools, tenants, keys, limits, as objects before YAML. It writes no file. */
import { createKey, modelDigest, modelPath, programs, type TestKey } from '@llama-orch/e2e-haiku';
import type { Promises } from './transcript.ts';

export const agentNames = ['chaos-a', 'chaos-b'] as const;
export type AgentName = (typeof agentNames)[number];

/** Simulators that agents start, llama.cpp that agents start, and a simulator that somebody else runs, behind a wire of ours. */
export const poolTable = {
  'sim-a': { host: 'chaos-a', model: 'sim' },
  'sim-b': { host: 'chaos-a', model: 'sim' },
  'sim-c': { host: 'chaos-b', model: 'sim' },
  'sim-ext': { host: 'chaos-b', model: 'sim' },
  'haiku-a': { host: 'chaos-a', model: 'haiku-tiny' },
  'haiku-b': { host: 'chaos-b', model: 'haiku-tiny' },
} as const satisfies Readonly<Record<string, { readonly host: AgentName; readonly model: string }>>;

export type PoolId = keyof typeof poolTable;
export const poolIds = Object.keys(poolTable) as readonly PoolId[];
export const externalPool = 'sim-ext';

export const ctxTokens = 1_024;
const capacity = { sim: 24, 'haiku-tiny': 24 } as const;
/** Batch never takes all of the queue. */
const batchCap = 16;
const interactiveWeight = 8;

/** `steady` has no limit that binds; `greedy` asks for more than it may have open, `hasty` for more a second than it may. */
export const tenantNames = ['steady', 'greedy', 'hasty'] as const;
export type TenantName = (typeof tenantNames)[number];

export type FleetKeys = Readonly<Record<TenantName | 'operator' | 'agent', TestKey>>;

export function createKeys(): FleetKeys {
  return {
    steady: createKey('steady', 'steady', ['tasks']),
    greedy: createKey('greedy', 'greedy', ['tasks']),
    hasty: createKey('hasty', 'hasty', ['tasks']),
    operator: createKey('operator', 'steady', ['control', 'metrics']),
    agent: createKey('agent', 'steady', ['agent']),
  };
}

const quotas = { greedy: { max_concurrent_tasks: 6 }, hasty: { rate: { requests_per_s: 2, burst: 4 } } } as const;

/** What the config promises, in the checker's words. */
export const promises: Promises = {
  tenants: {
    greedy: { maxConcurrent: quotas.greedy.max_concurrent_tasks },
    hasty: { rate: { perS: quotas.hasty.rate.requests_per_s, burst: quotas.hasty.rate.burst } },
  },
  lanes: {
    sim: { queueCapacity: 4 * capacity.sim, batchCapacity: 4 * batchCap, slots: 4 },
    'haiku-tiny': { queueCapacity: 2 * capacity['haiku-tiny'], batchCapacity: 2 * batchCap, slots: 2 },
  },
  interactiveWeight,
};

export type FleetConfigInput = {
  readonly pools: readonly PoolId[];
  readonly keys: FleetKeys;
  /** Of the simulators' model, made for this stack. */
  readonly simModel: { readonly path: string; readonly digest: string };
  readonly modelsDir: string;
  readonly externalUrl: string;
};

export function fleetConfig(input: FleetConfigInput, agent: AgentName, keyFile: string): Readonly<Record<string, unknown>> {
  const { pools, keys, simModel, modelsDir } = input;
  return {
    models: {
      'haiku-tiny': { path: modelPath, digest: modelDigest, quant: 'Q8_0', ctx_limit: ctxTokens },
      sim: { path: simModel.path, digest: simModel.digest, quant: 'Q8_0', ctx_limit: ctxTokens },
    },
    pools: pools.map((id) => ({
      id,
      host: poolTable[id].host,
      engine: 'llamacpp',
      model: poolTable[id].model,
      slots: 1,
      runtime: runtimeOf(id, input),
      ...(id !== externalPool && { allow_cpu: true }),
      queue: {
        capacity: capacity[poolTable[id].model],
        full_policy: 'reject',
        class_caps: { interactive: capacity[poolTable[id].model], batch: batchCap },
      },
      timeouts: { start_ms: 60_000, wall_ms: 60_000, idle_ms: 5_000, cancel_grace_ms: 3_000, stop_grace_ms: 3_000, probe_interval_ms: 250 },
    })),
    tenants: tenantNames.map((id) => ({ id, ...limitless, ...(id !== 'steady' && quotas[id]) })),
    classes: { interactive: { weight: interactiveWeight }, batch: { weight: 1 } },
    keys: Object.values(keys).map(({ entry }) => entry),
    controller: {
      agent_lease: { interval_ms: 250 },
      shutdown_deadline_ms: 20_000,
      failover: { max_attempts: 10 },
      log: { level: 'info' },
    },
    agent: {
      name: agent,
      key_file: keyFile,
      models_dir: modelsDir,
      // Workers are killed for as long as the run goes on: no breaker may end that.
      restart: { initial_ms: 50, max_ms: 500, breaker_failures: 1_000, breaker_window_ms: 1_000 },
      stop_deadline_ms: 10_000,
    },
  };
}

/** The load of the steady tenant is bounded by the queue alone. */
const limitless = { rate: { requests_per_s: 10_000, burst: 20_000 }, max_concurrent_tasks: 20_000, max_queued_tasks: 20_000 } as const;

function runtimeOf(id: PoolId, { simModel, externalUrl }: FleetConfigInput): Readonly<Record<string, unknown>> {
  if (id === externalPool) return { kind: 'external', url: externalUrl, digest: simModel.digest };
  if (poolTable[id].model === 'haiku-tiny') return { kind: 'embedded' };
  const flags = ['--host', '{host}', '--port', '{port}', '--ctx', '{ctx}', '--slots', '{slots}', '--model', '{model_name}'];
  return { kind: 'command', command: [process.execPath, programs.mock, ...flags, '--script', simScriptFile(simModel.path)] };
}

/** Beside the model: how fast simulators are. */
export const simScriptFile = (modelFile: string): string => `${modelFile}.script.json`;

/** About what one small model does on a CPU, so that streams last long enough to be cut. */
export const simScript = { tokensPerSecond: 300 } as const;
