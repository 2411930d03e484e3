/**
 * A pool together with the model entry that it was configured with: what one worker is made from. While a config is rolled out two of
 * them may stand for one pool id, so a pool is never looked up in `models` again.
 */
import type { Config } from '@llama-orch/config-schema';
import { type ConfiguredPool, toConfiguredPool } from '@llama-orch/service-kit';
import { isEqual } from './json-equal.ts';

export type ServedPool = ConfiguredPool & {
  /** Id of the canary whose share it takes; `null` = it takes what is left. */
  readonly canary: string | null;
};

/** The pools of a config, in its order. */
export const servedPools = (config: Config): readonly ServedPool[] =>
  config.pools.map((pool) => ({
    ...toConfiguredPool(pool, config.models),
    canary: config.canaries.find(({ pools }) => pools.includes(pool.id))?.id ?? null,
  }));

/** Equal for pools that wait in one queue. */
export const laneKeyOf = ({ pool, model, canary }: ServedPool): string =>
  JSON.stringify([
    pool.engine,
    model.digest,
    pool.quant,
    pool.ctx,
    pool.sampler_profile_version,
    pool.workloads.toSorted(),
    pool.determinism,
    canary,
  ]);

/** Fields that a living worker follows; everything else is what it was started from. */
const liveFields = new Set<string>([
  'share_devices',
  'kv_reuse_verified',
  'preload',
  'require_same_engine_version',
  'queue',
  'admission',
  'timeouts',
]);

/**
 * Whether a worker of `before` can go on as one of `after`: nothing that it was started from differs.
 *
 * @req ORCH-3031
 */
export const isSameWorker = (before: ServedPool, after: ServedPool): boolean => isEqual(workerFacts(before), workerFacts(after));

const workerFacts = ({ pool, model, draftModel }: ServedPool): unknown => [
  Object.entries(pool).filter(([field]) => !liveFields.has(field)),
  model.digest,
  draftModel?.digest ?? null,
];
