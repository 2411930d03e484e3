/**
 * Which replicas are interchangeable byte for byte, as an id on the wire (ORCH-3007). Pure.
 */
import { createHash } from 'node:crypto';
import type { ReplicaReport } from '@llama-orch/api-types';
import type { Worker } from './worker.ts';

/**
 * Digest of the pins: equal ids mean one set, and nothing else does.
 *
 * @req ORCH-3007, ORCH-3046
 */
export const replicaSetId = (report: ReplicaReport): string => {
  const { engine, model_digest, quant, ctx, engine_version, trtllm_version, sampler_profile_version, numerics } = report;
  const pins = JSON.stringify([engine, model_digest, quant, ctx, engine_version, trtllm_version, sampler_profile_version, numerics]);
  return `sha256:${createHash('sha256').update(pins).digest('hex')}`;
};

/** Workers by set, in a stable order. */
export const replicaSets = (workers: Iterable<Worker>): ReadonlyMap<string, readonly Worker[]> => {
  const sorted = [...workers].toSorted((a, b) => (a.replicaId < b.replicaId ? -1 : 1));
  return Map.groupBy(sorted, (worker) => replicaSetId(worker.report));
};
