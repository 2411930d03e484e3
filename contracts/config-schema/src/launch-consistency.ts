/**
 * What a pool asks of its engine beyond what the engine can do: determinism, guessing, caches, keys, containers. Each fault
 * says why it cannot be had. It reads tables and the pool, no host.
 */
import { determinismTable } from './determinism.ts';
import type { Fault } from './fault.ts';
import { pointer } from './fault.ts';
import { launcherOf, launchers } from './launcher.ts';
import type { ModelConfig } from './model.ts';
import { didYouMean } from './nearest-name.ts';
import type { PoolConfig } from './pool.ts';

/** Options of `run` that the agent sets itself, or that would hide the worker from it. */
const containerOptions = [
  '--gpus',
  '--name',
  '--rm',
  '--detach',
  '-d',
  '--restart',
  '--network',
  '--net',
  '--publish',
  '-p',
  '--entrypoint',
  '--runtime',
  '--init',
];

/**
 * @param pool - Valid by schema.
 * @param models - All of the config, by name.
 * @req ORCH-3012, ORCH-3020, ORCH-3045, ORCH-3061, ORCH-3113
 */
export const checkLaunch = (pool: PoolConfig, path: string, models: Readonly<Record<string, ModelConfig>>): Fault[] => [
  ...checkDeterminism(pool, path),
  ...checkSpeculative(pool, path, models),
  ...checkPrefixCache(pool, path),
  ...checkTemplate(pool, path),
  ...checkServer(pool, path),
  ...checkTriton(pool, path),
  ...checkKey(pool, path),
  ...checkContainer(pool, path),
  ...checkSlices(pool, path),
];

const checkDeterminism = (pool: PoolConfig, path: string): Fault[] => {
  const row = determinismTable[launcherOf(pool)][pool.determinism];
  if (row.kind === 'refused') return [{ path: `${path}/determinism`, message: `${row.reason} (ORCH-3061)` }];
  const env = pool.runtime.kind === 'command' ? (pool.runtime.env ?? {}) : {};
  return Object.entries(row.env).flatMap(([name, value]) =>
    env[name] === undefined || env[name] === value
      ? []
      : [{ path: `${path}/runtime/env/${name}`, message: `must be ${value} with \`determinism: ${pool.determinism}\`; leave it out` }],
  );
};

const checkSpeculative = (pool: PoolConfig, path: string, models: Readonly<Record<string, ModelConfig>>): Fault[] => {
  const { speculative } = pool;
  if (!speculative) return [];
  const at = `${path}/speculative`;
  if (pool.runtime.kind !== 'command') return [{ path: at, message: notOurs(pool) }];
  const launcher = launcherOf(pool);
  const { draftModel } = launchers[launcher];
  if (draftModel === null) return [{ path: at, message: `${launcher} takes it from the model’s own configuration, no flag turns it on` }];
  const row = determinismTable[launcher][pool.determinism];
  if (row.kind === 'supported' && !row.speculative)
    return [{ path: at, message: `is not covered by what the engine promises for \`determinism: ${pool.determinism}\`; drop one of them` }];
  const draft = speculative.draft_model;
  if (draftModel === 'none')
    return draft === undefined
      ? []
      : [{ path: `${at}/draft_model`, message: `${launcher} guesses from the prompt and takes no draft model` }];
  if (draft === undefined)
    return [{ path: `${at}/draft_model`, message: `${launcher} guesses with a draft model; name one of \`models\`` }];
  if (!Object.hasOwn(models, draft))
    return [{ path: `${at}/draft_model`, message: `no model "${draft}" in \`models\`${didYouMean(draft, Object.keys(models))}` }];
  return draft === pool.model ? [{ path: `${at}/draft_model`, message: 'is the pool’s own model; a draft is a smaller one' }] : [];
};

const checkPrefixCache = (pool: PoolConfig, path: string): Fault[] => {
  if (pool.prefix_cache_bytes === 0) return [];
  const at = `${path}/prefix_cache_bytes`;
  if (pool.runtime.kind !== 'command') return [{ path: at, message: notOurs(pool) }];
  const launcher = launcherOf(pool);
  if (!launchers[launcher].prefixCacheFlag)
    return [{ path: at, message: `${launcher} takes it from the model’s own configuration, no flag turns it on` }];
  const row = determinismTable[launcher][pool.determinism];
  return row.kind === 'supported' && row.prefixCache === 'verified' && !pool.kv_reuse_verified
    ? [
        {
          path: at,
          message: `${launcher} reuses KV without being asked; with \`determinism: ${pool.determinism}\` it must be 0, or measured: \`kv_reuse_verified: true\` (ORCH-3045)`,
        },
      ]
    : [];
};

const notOurs = (pool: PoolConfig): string =>
  pool.runtime.kind === 'external'
    ? 'an external engine’s flags are its owner’s; leave it out'
    : 'the embedded runtime does not have it; leave it out';

/** What only the built-in templates must be able to say; a command of its own says what it likes. */
const checkTemplate = (pool: PoolConfig, path: string): Fault[] => {
  const { runtime } = pool;
  if (runtime.kind !== 'command') return [];
  if (runtime.command !== undefined) return [];
  const faults: Fault[] = [];
  const launcher = launcherOf(pool);
  const { kvTypes } = launchers[launcher];
  if (pool.kv_type !== undefined && !kvTypes.includes(pool.kv_type))
    faults.push({
      path: `${path}/kv_type`,
      message:
        kvTypes.length === 0
          ? `${launcher} takes it from the model’s own configuration; leave it out`
          : `is ${pool.kv_type}; ${launcher} takes ${kvTypes.join(', ')}`,
    });
  if (pool.engine !== 'llamacpp' && pool.devices.length === 0)
    faults.push({
      path: `${path}/devices`,
      message: `the built-in template of ${launcher} runs on NVIDIA devices only; name some, or give a command`,
    });
  if (launcher === 'text-generation-launcher' && pool.ctx < 2)
    faults.push({ path: `${path}/ctx`, message: 'must be at least 2: TGI keeps one token of it for the answer' });
  return faults;
};

const checkServer = (pool: PoolConfig, path: string): Fault[] =>
  pool.engine !== 'triton' && 'server' in pool.runtime && pool.runtime.server !== undefined
    ? [{ path: `${path}/runtime/server`, message: 'names the program of a triton pool; leave it out here' }]
    : [];

/** A server's fronts: `trtllm-serve` has one, and only an external server's ports are the config's to name. */
const checkTriton = (pool: PoolConfig, path: string): Fault[] => {
  const faults: Fault[] = [];
  const isTrtllm = launcherOf(pool) === 'trtllm-serve';
  if (pool.engine === 'triton' && !isTrtllm && pool.workloads.includes('embedding')) {
    const message = 'Triton’s language models give no embeddings; use `server: trtllm-serve` (its `embeddings` program), or another engine';
    faults.push({ path: `${path}/workloads`, message });
  }
  const { triton } = pool;
  if (triton === undefined) return faults;
  const at = `${path}/triton`;
  if (pool.engine !== 'triton') return [...faults, { path: at, message: `is for \`engine: triton\`; the pool’s is ${pool.engine}` }];
  if (isTrtllm) return [...faults, { path: at, message: 'is for `tritonserver`; `trtllm-serve` has one front and one model' }];
  for (const field of ['grpc_port', 'metrics_port'] as const)
    if (triton[field] !== undefined && pool.runtime.kind !== 'external')
      faults.push({ path: `${at}/${field}`, message: 'is picked by the agent for a server that it starts; leave it out' });
  return faults;
};

const checkKey = (pool: PoolConfig, path: string): Fault[] => {
  const { runtime } = pool;
  if (runtime.kind === 'embedded') return [];
  const launcher = launcherOf(pool);
  const { apiKeyVariable } = launchers[launcher];
  const faults: Fault[] = [];
  if (runtime.api_key_file !== undefined && apiKeyVariable === null)
    faults.push({ path: `${path}/runtime/api_key_file`, message: `${launcher} knows no API keys; leave it out` });
  if (runtime.kind === 'external') return faults;
  const file = 'a key stands neither in the config nor on a command line; name a file: `runtime.api_key_file`';
  for (const [index, word] of (runtime.command ?? []).entries())
    if (/^--api[-_]key(=|$)/.test(word)) faults.push({ path: pointer(`${path}/runtime/command`, index), message: file });
  if (apiKeyVariable !== null && runtime.env?.[apiKeyVariable] !== undefined)
    faults.push({ path: `${path}/runtime/env/${apiKeyVariable}`, message: file });
  return faults;
};

const checkContainer = (pool: PoolConfig, path: string): Fault[] =>
  pool.runtime.kind !== 'command' || pool.runtime.container === undefined
    ? []
    : pool.runtime.container.args.flatMap((word, index) =>
        containerOptions.includes(word.split('=')[0] ?? '')
          ? [{ path: pointer(`${path}/runtime/container/args`, index), message: 'is set by the agent; leave it out' }]
          : [],
      );

/** CUDA shows a process one slice, whatever its mask names. */
const checkSlices = (pool: PoolConfig, path: string): Fault[] => {
  const slice = pool.devices.findIndex((device) => device.startsWith('MIG-'));
  return slice >= 0 && pool.devices.length > 1
    ? [
        {
          path: pointer(`${path}/devices`, slice),
          message: 'a process sees one MIG slice only, so a mask with a slice names nothing else; make a pool of each slice',
        },
      ]
    : [];
};
