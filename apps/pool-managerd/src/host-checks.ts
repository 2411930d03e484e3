/**
 * All that must hold before a process is started: the host, the model's bytes, the room for it. It reads the host; the
 * rules themselves are in `preflight.ts` and `headroom.ts`.
 */
import { stat } from 'node:fs/promises';
import { type Failure, PoolFailure } from './failure.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { GpuProbe } from './gpu-probe.ts';
import { emptyPlan, type HeadroomInput, type HeadroomPlan, judgeHeadroom, type ModelSize } from './headroom.ts';
import { readHostMemory } from './host-memory.ts';
import type { ModelDigests } from './model-digest.ts';
import { readModelFacts } from './model-facts.ts';
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

    const fit = async (devices: readonly GpuDevice[]): Promise<HeadroomPlan> => {
      const { plan, failure } = await planHeadroom(deps.modelDigests, spec, devices, deps.reserve);
      if (failure !== null) throw new PoolFailure(failure.kind, failure.message);
      return plan;
    };
    await fit(admitted.devices);

    const draft = spec.speculative?.draftModel ?? null;
    for (const model of draft === null ? [spec.model] : [spec.model, draft]) {
      const artifact = await deps.modelDigests.digest(model.path, signal);
      if (artifact.digest !== model.digest)
        throw new PoolFailure(
          'untrusted-artifact',
          `Model \`${model.name}\` at ${model.path} must be ${model.digest}, it is ${artifact.digest}; restore the file, or correct the digest.`,
        );
    }
    const { devices, onCpu } = await admit();
    return { devices, onCpu, plan: await fit(devices) };
  };

/**
 * What a pool needs on these devices, by the sizes and headers of its models, and whether there is room for it now.
 *
 * @throws PoolFailure `model-missing`.
 */
export const planHeadroom = async (
  digests: ModelDigests,
  spec: PoolSpec,
  devices: readonly GpuDevice[],
  reserve: HeadroomInput['reserve'],
): Promise<{ readonly plan: HeadroomPlan; readonly failure: Failure | null }> => {
  const draft = spec.speculative?.draftModel ?? null;
  const verdict = judgeHeadroom({
    engine: spec.engine,
    model: await lookAtModel(digests, spec.model),
    draft: draft === null ? null : await lookAtModel(digests, draft),
    kvType: spec.kvType,
    ctx: spec.ctx,
    slots: spec.slots,
    prefixCacheBytes: spec.prefixCacheBytes,
    devices,
    tensorSplit: spec.tensorSplit,
    shareDevices: spec.shareDevices,
    hostMemory: readHostMemory(),
    reserve,
  });
  return { plan: verdict.plan, failure: verdict.kind === 'short' ? verdict.failure : null };
};

/** Size and header. */
const lookAtModel = async (digests: ModelDigests, model: ModelSpec): Promise<ModelSize> => {
  try {
    const isDirectory = (await stat(model.path)).isDirectory();
    return {
      weightsBytes: await digests.bytes(model.path),
      facts: await readModelFacts(model.path, isDirectory),
      kvBytesPerToken: model.kvBytesPerToken,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PoolFailure(
      'model-missing',
      `Model \`${model.name}\` cannot be read at ${model.path}: ${reason}. Paths are relative to \`agent.models_dir\`.`,
    );
  }
};
