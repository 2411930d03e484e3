/**
 * One pool as the agent is asked to run it, in the agent's own words, and the digest that tells whether a running worker
 * still is what is asked for. It knows neither the wire nor the host.
 */
import { digestOf, type JsonValue } from './canonical-json.ts';

export type EngineName = 'llamacpp' | 'vllm' | 'tgi' | 'triton';
export type Workload = 'completion' | 'embedding' | 'rerank';

export type RuntimeSpec =
  | { readonly kind: 'embedded' }
  /** `command` `null` = the engine's built-in template. */
  | { readonly kind: 'command'; readonly command: readonly string[] | null; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'external'; readonly url: string; readonly digest: string };

export type PoolSpec = {
  readonly id: string;
  readonly engine: EngineName;
  readonly model: {
    readonly name: string;
    /** Absolute. */
    readonly path: string;
    /** `sha256:` and 64 hex digits. */
    readonly digest: string;
    readonly quant: string;
    readonly ctxLimit: number;
  };
  readonly quant: string;
  /** Context of one slot, tokens. */
  readonly ctx: number;
  /** Indices or UUIDs, as configured. */
  readonly devices: readonly string[];
  /** As many ratios as devices, or `null`. */
  readonly tensorSplit: readonly number[] | null;
  readonly shareDevices: boolean;
  readonly workloads: readonly Workload[];
  readonly slots: number;
  readonly determinism: 'single_slot' | 'batch_invariant' | 'none';
  readonly runtime: RuntimeSpec;
  readonly allowCpu: boolean;
  readonly preload: boolean;
  readonly samplerProfileVersion: string;
  readonly kvType: string | null;
  /** A live worker with a lower start count is restarted. */
  readonly minStartCount: number;
  readonly timeouts: { readonly startMs: number; readonly probeIntervalMs: number; readonly stopGraceMs: number };
  readonly requireSameEngineVersion: boolean;
  /** The version expected where `requireSameEngineVersion`; `null` = none known yet. */
  readonly expectedEngineVersion: string | null;
};

/**
 * Digest of all that a process was started from: a worker whose digest is unlike must be replaced, any other must not.
 *
 * The model counts by its digest and not by its path, and devices as they are named in the config: so a moved file or a
 * driver that is deaf for a minute never costs a reload. Clocks and labels are applied to the living worker.
 */
export const workerDigest = (spec: PoolSpec): string =>
  digestOf({
    format: 1,
    engine: spec.engine,
    model: spec.model.digest,
    model_name: spec.model.name,
    ctx: spec.ctx,
    devices: spec.devices,
    tensor_split: spec.tensorSplit,
    workloads: spec.workloads.toSorted(),
    slots: spec.slots,
    runtime: runtimeFacts(spec.runtime),
    allow_cpu: spec.allowCpu,
    kv_type: spec.kvType,
  });

const runtimeFacts = (runtime: RuntimeSpec): JsonValue => {
  switch (runtime.kind) {
    case 'embedded':
      return { kind: 'embedded' };
    case 'command':
      return { kind: 'command', command: runtime.command, env: runtime.env };
    case 'external':
      return { kind: 'external', url: runtime.url, digest: runtime.digest };
  }
};
