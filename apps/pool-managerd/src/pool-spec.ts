/**
 * One pool as the agent is asked to run it, in the agent's own words, and the digest that tells whether a running worker
 * still is what is asked for. It knows neither the wire nor the host.
 */
import { digestOf, type JsonValue } from './canonical-json.ts';

export type EngineName = 'llamacpp' | 'vllm' | 'tgi' | 'triton';
export type Workload = 'completion' | 'embedding' | 'rerank';

export type RuntimeSpec =
  | { readonly kind: 'embedded' }
  | CommandSpec
  | {
      readonly kind: 'external';
      readonly url: string;
      readonly digest: string;
      readonly server: 'tritonserver' | 'trtllm-serve' | null;
      readonly apiKeyFile: string | null;
    };

/** How a triton pool's worker is spoken to. Ports are an external server's; `null` = its default, or ours to pick. */
export type TritonAccess = {
  readonly protocol: 'grpc' | 'http' | 'trtllm-serve';
  readonly modelName: string;
  readonly grpcPort: number | null;
  readonly metricsPort: number | null;
};

export type CommandSpec = {
  readonly kind: 'command';
  /** `null` = the engine's built-in template. */
  readonly command: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  /** Template of a triton pool; `null` = `tritonserver`. */
  readonly server: 'tritonserver' | 'trtllm-serve' | null;
  readonly apiKeyFile: string | null;
  readonly container: ContainerSpec | null;
};

export type ContainerSpec = {
  readonly program: 'docker' | 'podman';
  readonly image: string;
  /** Program inside the image; `null` = the command's first word. */
  readonly entrypoint: string | null;
  readonly args: readonly string[];
};

export type ModelSpec = {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly quant: string;
  readonly ctxLimit: number;
  /** As configured; `null` = only the model's own header can tell. */
  readonly kvBytesPerToken: number | null;
};

export type PoolSpec = {
  readonly id: string;
  readonly engine: EngineName;
  readonly model: ModelSpec;
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
  /** `null` = an engine with one front. */
  readonly triton: TritonAccess | null;
  readonly allowCpu: boolean;
  readonly preload: boolean;
  readonly samplerProfileVersion: string;
  readonly kvType: string | null;
  /** `draftModel` `null` = the engine guesses from the prompt. */
  readonly speculative: { readonly draftModel: ModelSpec | null; readonly draftTokens: number } | null;
  /** 0 = off. */
  readonly prefixCacheBytes: number;
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
 * driver that is deaf for a minute never costs a reload. Clocks are applied to the living worker.
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
    // What came later is named only where it is used, so that a newer agent adopts the workers of an older one.
    ...(spec.speculative === null
      ? {}
      : { speculative: { draft: spec.speculative.draftModel?.digest ?? null, draft_tokens: spec.speculative.draftTokens } }),
    ...(spec.prefixCacheBytes === 0 ? {} : { prefix_cache_bytes: spec.prefixCacheBytes }),
    ...(spec.triton === null ? {} : { triton: { ...spec.triton } }),
    // The controller takes another profile or promise for another worker (its lane differs), so the agent must, too.
    ...(spec.determinism === 'single_slot' ? {} : { determinism: spec.determinism }),
    ...(spec.samplerProfileVersion === 'v1' ? {} : { sampler_profile_version: spec.samplerProfileVersion }),
  });

const runtimeFacts = (runtime: RuntimeSpec): JsonValue => {
  switch (runtime.kind) {
    case 'embedded':
      return { kind: 'embedded' };
    case 'command':
      return {
        kind: 'command',
        command: runtime.command,
        env: runtime.env,
        ...(runtime.server === null ? {} : { server: runtime.server }),
        ...(runtime.apiKeyFile === null ? {} : { api_key_file: runtime.apiKeyFile }),
        ...(runtime.container === null ? {} : { container: { ...runtime.container } }),
      };
    case 'external':
      return { kind: 'external', url: runtime.url, digest: runtime.digest };
  }
};

/** Program of a triton pool, as the tables of launchers want it. */
export const serverOf = (spec: PoolSpec): 'tritonserver' | 'trtllm-serve' | undefined =>
  spec.runtime.kind === 'embedded' ? undefined : (spec.runtime.server ?? undefined);
