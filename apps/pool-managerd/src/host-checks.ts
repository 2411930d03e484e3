/**
 * All that must hold before a process is started: the host, the model's bytes, the room for it. It reads the host; the
 * rules themselves are in `preflight.ts` and `headroom.ts`.
 */
import { stat } from 'node:fs/promises';
import { PoolFailure } from './failure.ts';
import { type GgufFacts, readGgufFacts } from './gguf.ts';
import type { GpuDevice, GpuProbe } from './gpu-probe.ts';
import { type HeadroomInput, type HeadroomPlan, judgeHeadroom } from './headroom.ts';
import { readHostMemory } from './host-memory.ts';
import type { ModelDigests } from './model-digest.ts';
import type { PoolSpec } from './pool-spec.ts';
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
 * @req ORCH-3003, ORCH-3037, ORCH-1101
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
    if (spec.runtime.kind === 'external') return { devices: [], onCpu: admitted.onCpu, plan: { kvBytesPerToken: null, kvBytes: 0 } };

    const model = await lookAtModel(spec);
    const fit = (devices: readonly GpuDevice[], weightsBytes: number): HeadroomPlan => {
      const verdict = judgeHeadroom({
        weightsBytes,
        gguf: model.gguf,
        kvType: spec.kvType,
        ctx: spec.ctx,
        slots: spec.slots,
        devices,
        tensorSplit: spec.tensorSplit,
        hostMemory: readHostMemory(),
        reserve: deps.reserve,
      });
      if (verdict.kind === 'short') throw new PoolFailure(verdict.failure.kind, verdict.failure.message);
      return verdict.plan;
    };
    fit(admitted.devices, model.bytes);

    const artifact = await deps.modelDigests.digest(spec.model.path, signal);
    if (artifact.digest !== spec.model.digest) {
      throw new PoolFailure(
        'untrusted-artifact',
        `Model \`${spec.model.name}\` at ${spec.model.path} must be ${spec.model.digest}, it is ${artifact.digest}; restore the file, or correct the digest.`,
      );
    }
    const { devices, onCpu } = await admit();
    return { devices, onCpu, plan: fit(devices, artifact.bytes) };
  };

/** Size and header. A directory's size is known only after its files were listed for the checksum: 0 until then. */
const lookAtModel = async (spec: PoolSpec): Promise<{ readonly bytes: number; readonly gguf: GgufFacts | null }> => {
  try {
    const facts = await stat(spec.model.path);
    if (facts.isDirectory()) return { bytes: 0, gguf: null };
    return { bytes: facts.size, gguf: await readGgufFacts(spec.model.path) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PoolFailure(
      'model-missing',
      `Model \`${spec.model.name}\` cannot be read at ${spec.model.path}: ${reason}. Paths are relative to \`agent.models_dir\`.`,
    );
  }
};
