/**
 * What fields of a config must hold together, beyond the form of each one. It reads a config whose form is right, and it
 * reads nothing else: no file, no device.
 */
import type { AgentConfig } from './agent.ts';
import type { Config } from './config.ts';
import type { Fault } from './fault.ts';
import { pointer } from './fault.ts';
import { didYouMean } from './nearest-name.ts';
import { checkLaunch } from './launch-consistency.ts';
import type { EngineName, PoolConfig, Workload } from './pool.ts';
import { commandPlaceholders } from './runtime.ts';

/** Sums of ratios are written by hand, so they need not be exact (ORCH-3012). */
const splitTolerance = 0.01;

/**
 * Workloads that one worker of an engine can serve together. llama.cpp and vLLM start a generation server or another one;
 * TGI generates only; Triton has no rerank.
 */
const servedTogether: Record<EngineName, readonly (readonly Workload[])[]> = {
  llamacpp: [['completion'], ['embedding'], ['rerank']],
  vllm: [['completion'], ['embedding', 'rerank']],
  tgi: [['completion']],
  triton: [['completion'], ['embedding']],
};

/** The agent sets these from the pool's mask; a pool must not undo it (ORCH-3011). */
const maskVariables = new Set(['CUDA_VISIBLE_DEVICES', 'CUDA_DEVICE_ORDER', 'NVIDIA_VISIBLE_DEVICES']);

/**
 * All faults between the fields of a config.
 *
 * @param config - Valid by schema, derived fields filled in.
 * @req ORCH-3033, ORCH-3011, ORCH-3012, ORCH-3014, ORCH-3061, ORCH-1102
 */
export const checkConfig = (config: Config): Fault[] => [
  ...duplicates(config.pools, '/pools', (pool) => pool.id, 'id'),
  ...duplicates(config.tenants, '/tenants', (tenant) => tenant.id, 'id'),
  ...duplicates(config.keys, '/keys', (key) => key.id, 'id'),
  ...duplicates(config.keys, '/keys', (key) => key.digest, 'digest'),
  ...config.pools.flatMap((pool, index) => checkPool(pool, pointer('/pools', index), config)),
  ...checkDeviceSharing(config.pools),
  ...checkExternalUrls(config.pools),
  ...checkLanes(config),
  ...checkCanaries(config),
  ...checkKeyTenants(config),
  ...checkCosts(config),
  ...checkController(config),
  ...(config.agent ? checkAgent(config.agent) : []),
];

/** All faults between the fields of the agent's part. */
export const checkAgent = (agent: AgentConfig): Fault[] => {
  const faults = [
    ...duplicates(agent.keys, '/agent/keys', (key) => key.id, 'id'),
    ...duplicates(agent.keys, '/agent/keys', (key) => key.digest, 'digest'),
    ...checkPort(agent.listen, '/agent/listen'),
  ];
  if (agent.port_range && agent.port_range.first > agent.port_range.last)
    faults.push({ path: '/agent/port_range/last', message: `must be at least \`first\`, ${agent.port_range.first}` });
  if (agent.restart.max_ms < agent.restart.initial_ms)
    faults.push({ path: '/agent/restart/max_ms', message: `must be at least \`initial_ms\`, ${agent.restart.initial_ms}` });
  return faults;
};

const duplicates = <Item>(items: readonly Item[], path: string, read: (item: Item) => string, field: string): Fault[] => {
  const first = new Map<string, number>();
  return items.flatMap((item, index) => {
    const earlier = first.get(read(item));
    if (earlier === undefined) {
      first.set(read(item), index);
      return [];
    }
    return [{ path: pointer(pointer(path, index), field), message: `is the same as that of ${pointer(path, earlier)}; it must be unique` }];
  });
};

/** A budget of cost over models that cost nothing would never bind. */
const checkCosts = (config: Config): Fault[] => {
  if (Object.values(config.models).some(({ price }) => price !== undefined)) return [];
  const message = 'binds nothing: no model has a `price`';
  const budgets = [
    { path: '/sessions/budgets/cost', cost: config.sessions.budgets.cost },
    ...config.tenants.map(({ session_budgets }, index) => ({
      path: `${pointer('/tenants', index)}/session_budgets/cost`,
      cost: session_budgets.cost,
    })),
  ];
  return budgets.filter(({ cost }) => cost !== undefined).map(({ path }) => ({ path, message }));
};

const checkPool = (pool: PoolConfig, path: string, config: Config): Fault[] => {
  const faults: Fault[] = [];
  const fault = (field: string, message: string) => faults.push({ path: `${path}${field}`, message });

  const model = Object.hasOwn(config.models, pool.model) ? config.models[pool.model] : undefined;
  if (!model) fault('/model', `no model "${pool.model}" in \`models\`${didYouMean(pool.model, Object.keys(config.models))}`);
  if (model && pool.quant !== model.quant) fault('/quant', `is ${pool.quant}, but the model’s is ${model.quant}`);
  if (model && pool.ctx > model.ctx_limit) fault('/ctx', `is ${pool.ctx}, above the model’s limit of ${model.ctx_limit} (ORCH-3014)`);

  if (pool.determinism === 'single_slot' && pool.slots !== 1)
    fault(
      '/slots',
      `\`determinism: single_slot\` needs \`slots: 1\`, got ${pool.slots}; use \`batch_invariant\` or \`none\` for more (ORCH-3061)`,
    );

  const together = servedTogether[pool.engine];
  if (!together.some((served) => pool.workloads.every((workload) => served.includes(workload)))) {
    const allowed = together.map((served) => served.join(' + ')).join(', or ');
    fault('/workloads', `one ${pool.engine} worker serves ${allowed}; got ${pool.workloads.join(' + ')}. Use a pool for each`);
  }
  faults.push(
    ...checkDevices(pool, path),
    ...checkSplit(pool, path),
    ...checkRuntime(pool, path, model?.digest),
    ...checkLaunch(pool, path, config.models),
  );
  return faults;
};

const checkDevices = (pool: PoolConfig, path: string): Fault[] => {
  const onCpu = pool.devices.length === 0;
  if (pool.runtime.kind === 'embedded' && !onCpu)
    return [{ path: `${path}/devices`, message: 'the embedded runtime runs on the CPU only; leave the mask empty' }];
  if (onCpu && pool.runtime.kind !== 'external' && !pool.allow_cpu)
    return [
      {
        path: `${path}/devices`,
        message: 'name at least one NVIDIA device, or set `allow_cpu: true` for development (ORCH-1101, ORCH-1102)',
      },
    ];
  return [];
};

const checkSplit = (pool: PoolConfig, path: string): Fault[] => {
  const split = pool.tensor_split;
  if (!split) return [];
  const at = `${path}/tensor_split`;
  if (pool.engine !== 'llamacpp') return [{ path: at, message: `${pool.engine} cannot split by ratios; only llamacpp can` }];
  if (split.length !== pool.devices.length)
    return [{ path: at, message: `has ${split.length} ratios for ${pool.devices.length} devices (ORCH-3012)` }];
  const sum = split.reduce((total, share) => total + share, 0);
  // The epsilon lets 1.01 through although its parts do not add up to it in binary.
  if (Math.abs(sum - 1) > splitTolerance + 1e-9)
    return [{ path: at, message: `sums to ${Number(sum.toFixed(6))}, must be 1 ± ${splitTolerance} (ORCH-3012)` }];
  return [];
};

const checkRuntime = (pool: PoolConfig, path: string, modelDigest: string | undefined): Fault[] => {
  const at = `${path}/runtime`;
  const { runtime } = pool;
  switch (runtime.kind) {
    case 'embedded':
      return [
        ...(pool.engine === 'llamacpp'
          ? []
          : [{ path: `${at}/kind`, message: `embedded is llama.cpp; the pool’s engine is ${pool.engine}` }]),
        ...(pool.allow_cpu ? [] : [{ path: `${path}/allow_cpu`, message: 'the embedded runtime needs `allow_cpu: true` (ORCH-1102)' }]),
      ];
    case 'external':
      return modelDigest === undefined || runtime.digest === modelDigest
        ? []
        : [{ path: `${at}/digest`, message: `differs from the digest of model "${pool.model}"; the engine would serve something else` }];
    case 'command':
      return [
        ...(runtime.command ?? []).flatMap((word, index) => checkPlaceholders(word, pointer(`${at}/command`, index))),
        ...Object.entries(runtime.env ?? {}).flatMap(([name, value]) => checkVariable(name, value, pointer(`${at}/env`, name))),
      ];
    default:
      return unreachable(runtime);
  }
};

const checkVariable = (name: string, value: string, path: string): Fault[] => [
  ...checkPlaceholders(value, path),
  ...(maskVariables.has(name) ? [{ path, message: 'is set by the agent from `devices`; leave it out (ORCH-3011)' }] : []),
];

const unreachable = (value: never): never => {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`);
};

// Only `{word}` counts, so that JSON in an argument passes.
const checkPlaceholders = (text: string, path: string): Fault[] =>
  [...text.matchAll(/\{([a-z_]+)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !Object.hasOwn(commandPlaceholders, name))
    .map((name) => ({ path, message: `unknown placeholder {${name}}${didYouMean(name, Object.keys(commandPlaceholders))}` }));

const checkDeviceSharing = (pools: readonly PoolConfig[]): Fault[] => {
  const owners = new Map<string, number[]>();
  const faults: Fault[] = [];
  pools.forEach((pool, index) => {
    pool.devices.forEach((device, position) => {
      const key = `${pool.host} ${device}`;
      const earlier = owners.get(key) ?? [];
      owners.set(key, [...earlier, index]);
      const other = earlier.map((at) => pools[at]).find((candidate) => candidate && !(candidate.share_devices && pool.share_devices));
      if (other)
        faults.push({
          path: pointer(pointer(pointer('/pools', index), 'devices'), position),
          message: `device ${device} of host ${pool.host} is also pool ${other.id}’s; set \`share_devices: true\` on both or separate them (ORCH-3011)`,
        });
    });
  });
  return faults;
};

// Two pools on one engine would each believe that all its slots are theirs.
const checkExternalUrls = (pools: readonly PoolConfig[]): Fault[] => {
  const first = new Map<string, string>();
  return pools.flatMap((pool, index) => {
    if (pool.runtime.kind !== 'external') return [];
    const url = pool.runtime.url.replace(/\/+$/, '');
    const earlier = first.get(url);
    if (earlier === undefined) first.set(url, pool.id);
    return earlier === undefined
      ? []
      : [
          {
            path: pointer(pointer('/pools', index), 'runtime') + '/url',
            message: `is also the engine of pool ${earlier}; one engine is one pool`,
          },
        ];
  });
};

/** Pools of one lane (spec glossary) share a queue, so what governs the queue must be the same in all of them. */
const checkLanes = (config: Config): Fault[] => {
  const firstOfLane = new Map<string, PoolConfig>();
  return config.pools.flatMap((pool, index) => {
    const lane = JSON.stringify([
      pool.engine,
      config.models[pool.model]?.digest,
      pool.quant,
      pool.ctx,
      pool.sampler_profile_version,
      pool.workloads.toSorted(),
      pool.determinism,
      config.canaries.find(({ pools }) => pools.includes(pool.id))?.id ?? null,
    ]);
    const first = firstOfLane.get(lane);
    if (!first) {
      firstOfLane.set(lane, pool);
      return [];
    }
    const at = pointer('/pools', index);
    const faults: Fault[] = [];
    if (pool.queue.full_policy !== first.queue.full_policy)
      faults.push({
        path: `${at}/queue/full_policy`,
        message: `is ${pool.queue.full_policy}, but ${first.queue.full_policy} in pool ${first.id} of the same lane; they share one queue`,
      });
    if (pool.admission.default_deadline_ms !== first.admission.default_deadline_ms)
      faults.push({
        path: `${at}/admission/default_deadline_ms`,
        message: `is ${pool.admission.default_deadline_ms}, but ${first.admission.default_deadline_ms} in pool ${first.id} of the same lane; they share one queue`,
      });
    return faults;
  });
};

const checkCanaries = (config: Config): Fault[] => {
  const { canaries } = config;
  const poolIds = new Set(config.pools.map(({ id }) => id));
  const owners = new Map<string, string>();
  return [
    ...duplicates(canaries, '/canaries', ({ id }) => id, 'id'),
    // By digest: two names of one model are one stream of tasks.
    ...duplicates(canaries, '/canaries', ({ model }) => config.models[model]?.digest ?? model, 'model'),
    ...canaries.flatMap((canary, index) => {
      const at = pointer('/canaries', index);
      const faults: Fault[] = [];
      if (!Object.hasOwn(config.models, canary.model))
        faults.push({
          path: `${at}/model`,
          message: `no model "${canary.model}" in \`models\`${didYouMean(canary.model, Object.keys(config.models))}`,
        });
      canary.pools.forEach((poolId, position) => {
        const path = pointer(`${at}/pools`, position);
        const owner = owners.get(poolId);
        if (!poolIds.has(poolId)) faults.push({ path, message: `no pool "${poolId}" in \`pools\`${didYouMean(poolId, poolIds)}` });
        else if (owner !== undefined) faults.push({ path, message: `pool ${poolId} is already in canary ${owner}` });
        else owners.set(poolId, canary.id);
      });
      return faults;
    }),
  ];
};

const checkKeyTenants = (config: Config): Fault[] => {
  const known = new Set(config.tenants.map((tenant) => tenant.id));
  return config.keys.flatMap((key, index) =>
    known.has(key.tenant)
      ? []
      : [
          {
            path: `${pointer('/keys', index)}/tenant`,
            message: `no tenant "${key.tenant}" in \`tenants\`${didYouMean(key.tenant, known)}`,
          },
        ],
  );
};

const checkController = ({ controller }: Config): Fault[] => {
  const faults = checkPort(controller.listen, '/controller/listen');
  const leaseMs = 3 * controller.agent_lease.interval_ms;
  if (controller.agent_lease.silent_ms < leaseMs)
    faults.push({ path: '/controller/agent_lease/silent_ms', message: `must be at least three intervals, ${leaseMs}` });
  return faults;
};

const checkPort = (listen: string, path: string): Fault[] => {
  const port = Number(listen.slice(listen.lastIndexOf(':') + 1));
  return port <= 65_535 ? [] : [{ path, message: `port ${port} is above 65535` }];
};
