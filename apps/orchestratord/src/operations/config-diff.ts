/**
 * What differs between two configs, in the words of the control plane. Pure; it applies nothing.
 */
import type { ConfigApplied } from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';
import { isEqual } from '../fleet/json-equal.ts';
import { type ServedPool, servedPools } from '../fleet/served-pool.ts';

export type ConfigDiff = ConfigApplied['diff'];

/** Fields of `controller` that are read while it runs; the others count from its next start on. */
const liveFields = new Set(['failover', 'rollout']);

/** @req ORCH-2107 */
export const diffConfigs = (before: Config, after: Config): ConfigDiff => {
  const known = byId(before);
  const wanted = byId(after);
  const ids = [...wanted.keys()];
  return {
    added: ids.filter((id) => !known.has(id)),
    changed: ids.filter((id) => known.has(id) && !isEqual(withoutCanary(known.get(id)), withoutCanary(wanted.get(id)))),
    removed: [...known.keys()].filter((id) => !wanted.has(id)),
    settings: [
      ...changedKeys(before, after, ['pools', 'controller']).map((key) => `/${key}`),
      ...changedKeys(before.controller, after.controller, []).map((key) => `/controller/${key}`),
    ],
  };
};

export const isEmptyDiff = ({ added, changed, removed, settings }: ConfigDiff): boolean =>
  added.length + changed.length + removed.length + settings.length === 0;

/** Of two configs, the running process's and the active one: what a restart would change. */
export const restartRequired = (started: Config, active: Config): string[] =>
  changedKeys(started.controller, active.controller, [...liveFields]).map((key) => `/controller/${key}`);

const byId = (config: Config): ReadonlyMap<string, ServedPool> => new Map(servedPools(config).map((served) => [served.pool.id, served]));

/** Which side of a canary a pool is on is told by `/canaries`. */
const withoutCanary = (served: ServedPool | undefined): unknown =>
  served === undefined ? null : [served.pool, served.model, served.draftModel];

const changedKeys = (before: object, after: object, except: readonly string[]): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !except.includes(key) && !isEqual(Reflect.get(before, key), Reflect.get(after, key)))
    .toSorted();
