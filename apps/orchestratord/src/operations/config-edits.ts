/**
 * Configs made from configs: checked whole, with one pool on another model or as it was, and why one cannot follow another. Pure; nothing
 * is in force by it.
 */
import { OrchError } from '@llama-orch/api-types';
import { type Config, didYouMean, type PoolConfig, validateConfig } from '@llama-orch/config-schema';
import type { ServedPool } from '../fleet/served-pool.ts';
import { diffConfigs } from './config-diff.ts';

/** @param faults - By JSON pointer into the config that was sent. */
export const invalidConfig = (faults: readonly { readonly path: string; readonly message: string }[]): OrchError =>
  new OrchError('invalid-params', {
    message: faults.map(({ path, message }) => `/config${path}: ${message}`).join('; '),
    details: { faults: faults.map(({ path, message }) => ({ path: `/config${path}`, message })) },
  });

/** @throws OrchError with every fault. */
export const checkedConfig = (value: unknown): Config => {
  const result = validateConfig(value);
  if (!result.ok) throw invalidConfig(result.faults);
  return result.config;
};

/** Agents count starts by themselves, so a pool that moved would give two workers one name. */
export const movedPool = (before: Config, after: Config): { readonly path: string; readonly message: string } | null => {
  const hosts = new Map(before.pools.map(({ id, host }) => [id, host]));
  const index = after.pools.findIndex(({ id, host }) => (hosts.get(id) ?? host) !== host);
  if (index === -1) return null;
  return { path: `/pools/${index}/host`, message: 'a pool cannot move to another host; add one with another id, then remove this one' };
};

/** The pool on another model: what of it follows from a model does. */
export const withModel = (config: Config, served: ServedPool, model: string): Config => {
  const pool: PoolConfig = { ...configuredPool(config, served.pool.id), model, ...atModel(config, model, served) };
  return checkedConfig(withPool(config, pool));
};

/**
 * The config with one pool as it is in `served`, and nothing else changed.
 *
 * @throws OrchError where that would change what another pool loads.
 */
export const withServedPool = (config: Config, served: ServedPool): Config => {
  const { pool, model, draftModel } = served;
  const draft = pool.speculative?.draft_model;
  const models = { ...config.models, [pool.model]: model, ...(draft !== undefined && draftModel !== null && { [draft]: draftModel }) };
  const next = checkedConfig(withPool({ ...config, models }, pool));
  const other = diffConfigs(config, next).changed.find((id) => id !== pool.id);
  if (other === undefined) return next;
  const message = `The model ${pool.model} of pool ${pool.id} is also pool ${other}’s; go back with POST /v1/config/rollback.`;
  throw new OrchError('operation-conflict', { message, poolId: pool.id });
};

/** @returns The name in `models` of what `modelRef` names, or is the digest of. */
export const modelNamed = (config: Config, modelRef: string): string => {
  if (Object.hasOwn(config.models, modelRef)) return modelRef;
  const byDigest = Object.entries(config.models).find(([, { digest }]) => digest === modelRef);
  if (byDigest !== undefined) return byDigest[0];
  const message = `no model "${modelRef}" in \`models\` of the active config${didYouMean(modelRef, Object.keys(config.models))}`;
  throw new OrchError('unknown-model', { message, details: { faults: [{ path: '/new_model_ref', message }] } });
};

const withPool = (config: Config, pool: PoolConfig): Config => ({
  ...config,
  pools: config.pools.map((other) => (other.id === pool.id ? pool : other)),
});

const configuredPool = (config: Config, poolId: string): PoolConfig => {
  const pool = config.pools.find(({ id }) => id === poolId);
  if (pool === undefined) throw new OrchError('not-found');
  return pool;
};

/** What of a pool follows from its model: the quantisation, and a context that was the old model's own limit or is above the new one's. */
const atModel = (config: Config, name: string, { pool, model }: ServedPool): Partial<PoolConfig> => {
  const next = config.models[name];
  if (next === undefined) return {};
  const ctx = pool.ctx === model.ctx_limit ? next.ctx_limit : Math.min(pool.ctx, next.ctx_limit);
  const runtime = pool.runtime.kind === 'external' ? { ...pool.runtime, digest: next.digest } : pool.runtime;
  return { quant: next.quant, ctx, runtime };
};
