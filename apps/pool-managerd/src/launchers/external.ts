/**
 * Engines that somebody else runs: the agent probes them and never starts or stops one. It plans; it connects to nothing.
 */
import { PoolFailure } from '../failure.ts';
import type { PoolSpec } from '../pool-spec.ts';
import type { Launch } from './launch.ts';

/**
 * Plan an `external` worker.
 *
 * @throws PoolFailure `untrusted-artifact` where the declared digest is not the model's: nothing else can vouch for it.
 * @req ORCH-3037
 */
export const planExternal = (spec: PoolSpec): Launch => {
  if (spec.runtime.kind !== 'external') throw new TypeError(`pool ${spec.id} is not external`);
  if (spec.runtime.digest !== spec.model.digest) {
    throw new PoolFailure(
      'untrusted-artifact',
      `The engine at ${spec.runtime.url} is declared to serve ${spec.runtime.digest}, but model \`${spec.model.name}\` is ${spec.model.digest}.`,
    );
  }
  return { kind: 'external', url: spec.runtime.url.replace(/\/+$/, '') };
};
