/**
 * The worker contract (ORCH-3057): what every engine adapter offers and what it promises. It knows no engine and no
 * queue; whoever imports an adapter alone needs nothing else of this project.
 */
import type { ErrorKind } from '@llama-orch/api-types';

export type EngineName = 'llamacpp' | 'vllm' | 'tgi' | 'triton';
export type Workload = 'completion' | 'embedding' | 'rerank';

/** What an engine can do beyond the required calls. Declared, so that capabilities can be shown before any traffic. */
export type AdapterCapabilities = {
  readonly workloads: readonly Workload[];
  readonly tokenize: boolean;
  readonly slots: boolean;
  readonly evict: boolean;
  readonly load: boolean;
  /** `metrics` counts prompt and generated tokens. False where the engine has no such counters, or not always. */
  readonly tokenCounters: boolean;
  /** Highest rate at which `slots` may be polled without harm to the engine's own cancel detection; `null` = any. */
  readonly maxSlotPollHz: number | null;
  /** Upper bound of the time from abort to a free slot that the engine documents or was measured at, ms. */
  readonly cancelBoundMs: number;
};

/** `loading`: it will answer later. `unhealthy`: it answers, but not as a working engine. `unreachable`: no answer. */
export type WorkerHealth =
  | { readonly kind: 'ready' }
  | { readonly kind: 'loading'; readonly message: string }
  | { readonly kind: 'unhealthy'; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string };

export type WorkerProps = {
  readonly engineVersion: string;
  /** Requests decoded at a time; `null` where the engine does not say, so that the pool's own word counts. */
  readonly slotsTotal: number | null;
  /** Requests it takes before it refuses one as {@link WorkerErrorKind} `busy`, waiting ones included; absent = not told. */
  readonly requestsMax?: number;
  /** Context of one slot, tokens. */
  readonly ctxTokens: number;
  readonly modelName: string | null;
  /** Version of TensorRT-LLM, where the engine says one. */
  readonly trtllmVersion?: string;
};

/** One slot as the engine shows it. `engineTaskId` tells a new request from the one that was canceled. */
export type SlotState = { readonly id: number; readonly busy: boolean; readonly engineTaskId: string | null };

/** Cumulative figures of the engine since its start; `null` where it does not export one. */
export type WorkerMetrics = {
  readonly promptTokensTotal: number | null;
  readonly generatedTokensTotal: number | null;
  readonly requestsRunning: number | null;
  readonly requestsWaiting: number | null;
  /** 0..1. */
  readonly kvUsageRatio: number | null;
};

type TaskBase = {
  /** Passed to engines that take an id of the caller's; also what logs and traces carry (ORCH-3024). */
  readonly taskId: string;
  /** W3C trace context of the caller, for engines that take it. */
  readonly traceparent?: string;
};

export type CompletionTask = TaskBase & {
  readonly workload: 'completion';
  readonly prompt: string;
  readonly maxTokens: number;
  /** 0..2^32-2. */
  readonly seed: number;
  readonly stop: readonly string[];
  /** Key into the sampler profiles (ORCH-3058). */
  readonly samplerProfileVersion: string;
  /** False = the engine's prompt-cache reuse is off (ORCH-3045). */
  readonly kvReuse: boolean;
};

export type EmbeddingTask = TaskBase & { readonly workload: 'embedding'; readonly inputs: readonly string[] };
export type RerankTask = TaskBase & { readonly workload: 'rerank'; readonly query: string; readonly documents: readonly string[] };
export type WorkerTask = CompletionTask | EmbeddingTask | RerankTask;

export type FinishReason = 'stop' | 'length';

export type WorkerEvent =
  /** A slot took the request. First event, exactly once. */
  | { readonly kind: 'started' }
  /** Text as it came, never empty. `tokensOut`: model tokens generated so far (>= the number of events). */
  | { readonly kind: 'token'; readonly text: string; readonly tokensOut: number }
  /** Last event of a whole answer, exactly once, and only when the engine said it is complete. */
  | {
      readonly kind: 'end';
      readonly finishReason: FinishReason;
      readonly tokensIn: number;
      readonly tokensOut: number;
      /** Prompt tokens found in the KV cache. */
      readonly cachedTokens: number;
      /** From the first token to the last, as the engine itself measured it; absent where it does not say. */
      readonly engineDecodeMs?: number;
      /** One vector per input, in order; only for `embedding`. */
      readonly embeddings?: readonly (readonly number[])[];
      /** One score per document, in the order of the documents; only for `rerank`. */
      readonly scores?: readonly number[];
    };

export type SubmitOptions = {
  /** Abort = stop generating and free the slot. The iteration then throws a {@link WorkerError} of kind `aborted`. */
  readonly signal: AbortSignal;
};

/**
 * Kind of a worker's failure. `aborted` is the answer to the caller's own abort. `busy`: the engine had no room and refused
 * before it began; nothing is wrong with it, and it holds nothing of the request.
 */
export type WorkerErrorKind = ErrorKind | 'aborted' | 'busy';

/**
 * What the caller's other requests hold; the engine is free of the canceled one at or below that. Which of the two numbers
 * counts depends on what an engine shows: its slots, or only how many requests are inside it.
 */
export type CancelOptions = {
  readonly signal: AbortSignal;
  /** Those of its other requests that gave `started`, and canceled ones that are not confirmed yet. */
  readonly expectedBusy: () => number;
  /** All of its other requests, those that no slot took yet included, and canceled ones that are not confirmed yet. */
  readonly expectedInFlight: () => number;
};

/**
 * One engine process seen through its wire protocol. Calls never throw anything but {@link WorkerError}
 * (`worker-error.ts`); no call leaves a socket, timer or listener behind once it settled and `close` was called.
 *
 * @req ORCH-3057
 */
export interface WorkerAdapter {
  readonly engine: EngineName;
  readonly capabilities: AdapterCapabilities;
  /** Costs the engine no token. Never throws: every failure is a state. */
  health(signal: AbortSignal): Promise<WorkerHealth>;
  props(signal: AbortSignal): Promise<WorkerProps>;
  engineVersion(signal: AbortSignal): Promise<string>;
  /**
   * Run one task. Yields one batch of events for each read from the network, as soon as it came; batches are never
   * empty. Ends after `end`; throws a WorkerError on anything else, a truncated stream included. Leaving the iteration
   * early aborts the request.
   */
  submit(task: WorkerTask, options: SubmitOptions): AsyncIterable<readonly WorkerEvent[]>;
  /**
   * Wait until the engine shows the slot of an aborted request free (ORCH-3017). Call after aborting `submit`.
   * Resolves when confirmed; rejects with kind `aborted` when the signal fires first.
   */
  confirmReleased(options: CancelOptions): Promise<void>;
  metrics(signal: AbortSignal): Promise<WorkerMetrics>;
  /** Tokens that `submit` would count for this prompt, BOS included. Present where `capabilities.tokenize`. */
  countTokens?(text: string, signal: AbortSignal): Promise<number>;
  /** Present where `capabilities.slots`. */
  slots?(signal: AbortSignal): Promise<readonly SlotState[]>;
  /** Bring the model into the engine's memory; resolves once it is there. Present where `capabilities.load`. */
  load?(signal: AbortSignal): Promise<void>;
  /** Take the model out of the engine's memory. Present where `capabilities.load`. */
  unload?(signal: AbortSignal): Promise<void>;
  /** Close pooled connections; requests in flight are aborted. */
  close(): Promise<void>;
}

/** What the pool's config says of a worker; for engines that do not say it themselves. */
export type DeclaredWorker = {
  /** Name of the model inside the engine. */
  readonly modelName: string;
  /** Context of one slot, tokens. */
  readonly ctxTokens: number;
};

/** Which of its fronts an engine is spoken to by; only Triton has several. */
export type WorkerAccess = {
  readonly protocol: 'http' | 'grpc' | 'trtllm-serve';
  /** Ports at the host of `baseUrl`; `null` = the engine's default, or it has none. */
  readonly grpcPort: number | null;
  readonly metricsPort: number | null;
};

/** Everything an adapter may depend on, injected. */
export type AdapterOptions = {
  /** `http://host:port` of the worker, no trailing path. */
  readonly baseUrl: string;
  /** Key of the engine, where it wants one. */
  readonly apiKey?: string;
  readonly declared?: DeclaredWorker;
  readonly access?: WorkerAccess;
  /** Connections to the worker at most, for streams and as many for other calls; >= 1. */
  readonly maxConnections: number;
  /** How long a call that is not `submit` may take, ms. */
  readonly callTimeoutMs: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
};

/** How the controller and the agent make an adapter for one worker. */
export type CreateAdapter = (options: AdapterOptions) => WorkerAdapter;
