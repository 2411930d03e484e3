/**
 * One configured pool in the words in which an agent is told of it. Both services need it: the controller to say it, the agent
 * to show what it would make of a config. Pure.
 */
import type { DesiredPool } from '@llama-orch/api-types';
import { type ModelConfig, type PoolConfig, tritonAccessOf } from '@llama-orch/config-schema';

export type ConfiguredPool = {
  readonly pool: PoolConfig;
  /** The pool's model. */
  readonly model: ModelConfig;
  /** The model of `pool.speculative.draft_model`; `null` where none is named. */
  readonly draftModel: ModelConfig | null;
};

/** @param minStartCount - A worker with a lower start count must be restarted. */
export const toDesiredPool = ({ pool, model, draftModel }: ConfiguredPool, minStartCount: number): DesiredPool => {
  const draftName = pool.speculative?.draft_model;
  return {
    id: pool.id,
    engine: pool.engine,
    model: toDesiredModel(pool.model, model),
    quant: pool.quant,
    ctx: pool.ctx,
    devices: [...pool.devices],
    tensor_split: pool.tensor_split === undefined ? null : [...pool.tensor_split],
    share_devices: pool.share_devices,
    workloads: [...pool.workloads],
    slots: pool.slots,
    determinism: pool.determinism,
    runtime: pool.runtime,
    triton: toTriton(pool),
    allow_cpu: pool.allow_cpu,
    preload: pool.preload,
    sampler_profile_version: pool.sampler_profile_version,
    kv_type: pool.kv_type ?? null,
    speculative:
      pool.speculative === undefined
        ? null
        : {
            draft_model: draftName === undefined || draftModel === null ? null : toDesiredModel(draftName, draftModel),
            draft_tokens: pool.speculative.draft_tokens,
          },
    prefix_cache_bytes: pool.prefix_cache_bytes,
    min_start_count: minStartCount,
    timeouts: {
      start_ms: pool.timeouts.start_ms,
      probe_interval_ms: pool.timeouts.probe_interval_ms,
      stop_grace_ms: pool.timeouts.stop_grace_ms,
    },
    require_same_engine_version: pool.require_same_engine_version,
    expected_engine_version: null,
  };
};

const toTriton = (pool: PoolConfig): NonNullable<DesiredPool['triton']> | null => {
  const access = tritonAccessOf(pool);
  if (access === null) return null;
  const { protocol, modelName, grpcPort, metricsPort } = access;
  return { protocol, model_name: modelName, grpc_port: grpcPort, metrics_port: metricsPort };
};

const toDesiredModel = (name: string, model: ModelConfig): DesiredPool['model'] => ({
  name,
  path: model.path,
  digest: model.digest,
  quant: model.quant,
  ctx_limit: model.ctx_limit,
  kv_bytes_per_token: model.kv_bytes_per_token ?? null,
});

/**
 * Look a pool's models up.
 *
 * @param models - `models` of the config the pool is from.
 * @throws Error for a model that is not there, which the check of the config lets through nowhere.
 */
export const toConfiguredPool = (pool: PoolConfig, models: Readonly<Record<string, ModelConfig>>): ConfiguredPool => {
  const draftName = pool.speculative?.draft_model;
  return {
    pool,
    model: modelOf(pool, pool.model, models),
    draftModel: draftName === undefined ? null : modelOf(pool, draftName, models),
  };
};

const modelOf = (pool: PoolConfig, name: string, models: Readonly<Record<string, ModelConfig>>): ModelConfig => {
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (model === undefined) throw new Error(`Pool ${pool.id} names the unknown model ${name}; the config check lets none through.`);
  return model;
};
