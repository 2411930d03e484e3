/**
 * All that must hold before a process is started: the host, the model's bytes, the room for it. It reads the host; the
 * rules themselves are in `preflight.ts` and `headroom.ts`.
 */
import { stat } from 'node:fs/promises';
import { PoolFailure } from './failure.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { GpuProbe } from './gpu-probe.ts';
import { emptyPlan, type HeadroomInput, type HeadroomPlan, judgeHeadroom, type ModelSize } from './headroom.ts';
import { readHostMemory } from './host-memory.ts';
import type { ModelDigests } from './model-digest.ts';
import { type ModelFacts, readModelFacts } from './model-facts.ts';
import type { ModelSpec, PoolSpec } from './pool-spec.ts';
import { preflight } from './preflight.ts';

/** What the checks found out; everything a launch needs of the host. */
export type CheckedPool = {
  readonly devices: readonly GpuDevice[];
  readonly onCpu: boolean;
  readonly plan: HeadroomPlan;
};

/** Check one pool; throws {@link PoolFailure}, or the signal's reason. */
export type CheckPool = (spec: PoolSpec, signal: AbortSignal) => Promise<CheckedPool>;

export type HostCheckDeps = {
  readonly gpuProbe: GpuProbe;
  readonly modelDigests: ModelDigests;
  readonly cpuAllowedHere: boolean;
  readonly reserve: HeadroomInput['reserve'];
  /** All pools of this host now. */
  readonly pools: () => readonly PoolSpec[];
  readonly hasAdapter: (spec: PoolSpec) => boolean;
};

/** Older than this an inventory does not decide about a start. */
const inventoryAgeMs = 2_000;

/**
 * Make the checks.
 *
 * Headroom is judged before the checksum, because a model of 100 GB is read for minutes and a lack of memory should show
 * at once, and again after it, because minutes are long.
 *
 * @req ORCH-3003, ORCH-3020, ORCH-3037, ORCH-1101
 */
export const createHostChecks =
  (deps: HostCheckDeps): CheckPool =>
  async (spec, signal) => {
    const admit = async () => {
      const verdict = preflight({
        spec,
        inventory: await deps.gpuProbe.inventory(inventoryAgeMs),
        cpuAllowedHere: deps.cpuAllowedHere,
        pools: deps.pools(),
        hasAdapter: deps.hasAdapter(spec),
      });
      if (verdict.kind === 'failed') throw new PoolFailure(verdict.failure.kind, verdict.failure.message);
      signal.throwIfAborted();
      return verdict;
    };

    const admitted = await admit();
    if (spec.runtime.kind === 'external') return { devices: [], onCpu: admitted.onCpu, plan: emptyPlan };

    const draftSpec = spec.speculative?.draftModel ?? null;
    const model = await lookAtModel(deps.modelDigests, spec.model);
    const draft = draftSpec === null ? null : await lookAtModel(deps.modelDigests, draftSpec);
    const fit = (devices: readonly GpuDevice[]): HeadroomPlan => {
      const verdict = judgeHeadroom({
        engine: spec.engine,
        model: sizeOf(spec.model, model),
        draft: draftSpec === null || draft === null ? null : sizeOf(draftSpec, draft),
        kvType: spec.kvType,
        ctx: spec.ctx,
        slots: spec.slots,
        prefixCacheBytes: spec.prefixCacheBytes,
        devices,
        tensorSplit: spec.tensorSplit,
        shareDevices: spec.shareDevices,
        hostMemory: readHostMemory(),
        reserve: deps.reserve,
      });
      if (verdict.kind === 'short') throw new PoolFailure(verdict.failure.kind, verdict.failure.message);
      return verdict.plan;
    };
    fit(admitted.devices);

    for (const each of draftSpec === null ? [spec.model] : [spec.model, draftSpec]) {
      const artifact = await deps.modelDigests.digest(each.path, signal);
      if (artifact.digest !== each.digest)
        throw new PoolFailure(
          'untrusted-artifact',
          `Model \`${each.name}\` at ${each.path} must be ${each.digest}, it is ${artifact.digest}; restore the file, or correct the digest.`,
        );
    }
    const { devices, onCpu } = await admit();
    return { devices, onCpu, plan: fit(devices) };
  };

type SeenModel = { readonly bytes: number; readonly facts: ModelFacts | null };

const sizeOf = (spec: ModelSpec, seen: SeenModel): ModelSize => ({
  weightsBytes: seen.bytes,
  facts: seen.facts,
  kvBytesPerToken: spec.kvBytesPerToken,
});

/** Size and header. */
const lookAtModel = async (digests: ModelDigests, model: ModelSpec): Promise<SeenModel> => {
  try {
    const isDirectory = (await stat(model.path)).isDirectory();
    return { bytes: await digests.bytes(model.path), facts: await readModelFacts(model.path, isDirectory) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PoolFailure(
      'model-missing',
      `Model \`${model.name}\` cannot be read at ${model.path}: ${reason}. Paths are relative to \`agent.models_dir\`.`,
    );
  }
};
