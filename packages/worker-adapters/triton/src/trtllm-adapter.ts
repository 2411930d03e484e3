/**
 * The worker contract over `trtllm-serve`'s OpenAI front: no Triton, but TensorRT-LLM alone. It owns which call serves which
 * method.
 */
import {
  type AdapterCapabilities,
  type AdapterOptions,
  type CancelOptions,
  type CompletionTask,
  type EmbeddingTask,
  EngineHttp,
  type EngineRequest,
  SlotPoller,
  type SubmitOptions,
  toOpenAiEmbeddings,
  transportError,
  wholeAnswer,
  type WorkerAdapter,
  WorkerError,
  type WorkerEvent,
  type WorkerHealth,
  type WorkerMetrics,
  type WorkerProps,
  type WorkerTask,
} from '@llama-orch/adapter-api';
import { Answer, tokensInBound } from './answer.ts';
import { CompletionStream } from './completion-stream.ts';
import { toRefusalError } from './errors.ts';
import { refuseTask } from './refused-task.ts';
import { type IterationFigures, toCompletionBody, toHealth, toIterationFigures, toModelId, toVersion } from './trtllm-wire.ts';

/** It looks for clients that left once a second. */
const settleMs = 1_000;
/** Two answers in a row that show no iteration mean that none runs; a step of the engine takes far less than this. */
const pollIntervalMs = 1_000;
const maxEmbeddingBytes = 256 * 1024 * 1024;

const capabilities: AdapterCapabilities = {
  // A server has one of the two; `trtllm-serve embeddings` is another program than `trtllm-serve`.
  workloads: ['completion', 'embedding'],
  // Its tokenizer is internal, and only in new versions.
  tokenize: false,
  slots: false,
  evict: false,
  load: false,
  tokenCounters: false,
  maxSlotPollHz: 1_000 / pollIntervalMs,
  // A second until the disconnect is seen, a step until the abort is done, and two looks.
  cancelBoundMs: 4_000,
};

/** @req ORCH-3057, ORCH-3113 */
export class TrtllmServeAdapter implements WorkerAdapter {
  readonly engine = 'triton';
  readonly capabilities = capabilities;
  readonly #http: EngineHttp;
  readonly #poller: SlotPoller<number>;
  readonly #ctxTokens: number | null;
  #modelId: string | null = null;
  /** Whether `/metrics` ever showed an iteration, and whether the last look did. */
  #sawIterations = false;
  #wasQuiet = false;
  #hasRun = false;

  constructor(options: AdapterOptions) {
    this.#http = new EngineHttp({ ...options, toError: toRefusalError });
    this.#ctxTokens = options.declared?.ctxTokens ?? null;
    this.#poller = new SlotPoller({
      poll: (signal) => this.#active(signal),
      busyOf: (active) => active,
      counts: 'slots',
      intervalMs: pollIntervalMs,
      settleMs,
      nowMs: options.nowMs,
    });
  }

  async health(signal: AbortSignal): Promise<WorkerHealth> {
    try {
      const health = await this.#http.request({ method: 'GET', path: '/health' }, { signal });
      return toHealth(health, await this.#http.request({ method: 'GET', path: '/version' }, { signal }));
    } catch (thrown) {
      return { kind: 'unreachable', message: transportError(thrown).message };
    }
  }

  /** @req ORCH-3032 */
  async props(signal: AbortSignal): Promise<WorkerProps> {
    if (this.#ctxTokens === null) {
      throw new WorkerError('engine-rejected', 'trtllm-serve does not say how long its context is; pass `declared.ctxTokens`.', {
        mayRunAgain: false,
      });
    }
    this.#modelId = null;
    const modelName = await this.#model(signal);
    const version = await this.engineVersion(signal);
    return { engineVersion: version, trtllmVersion: version, slotsTotal: null, ctxTokens: this.#ctxTokens, modelName };
  }

  async engineVersion(signal: AbortSignal): Promise<string> {
    return toVersion(await this.#http.requestJson({ method: 'GET', path: '/version' }, { signal }));
  }

  submit(task: WorkerTask, options: SubmitOptions): AsyncIterable<readonly WorkerEvent[]> {
    switch (task.workload) {
      case 'completion':
        return this.#complete(task, options);
      case 'embedding':
        return this.#embed(task, options);
      case 'rerank':
        return refuseTask('trtllm-serve does not rerank.');
    }
  }

  confirmReleased(options: CancelOptions): Promise<void> {
    return this.#poller.confirmReleased(options);
  }

  /** @errors `engine-rejected` where tasks ran and no iteration was ever shown: the server was started without its statistics. */
  async metrics(signal: AbortSignal): Promise<WorkerMetrics> {
    const figures = await this.#iteration(signal);
    if (figures === null && this.#hasRun && !this.#sawIterations) {
      throw new WorkerError(
        'engine-rejected',
        'trtllm-serve shows no iterations, so a canceled request could not be seen to be gone; start it with `enable_iter_perf_stats: true`.',
        { mayRunAgain: false },
      );
    }
    return {
      promptTokensTotal: null,
      generatedTokensTotal: null,
      requestsRunning: figures?.active ?? null,
      requestsWaiting: null,
      kvUsageRatio: figures?.kvUsageRatio ?? null,
    };
  }

  async close(): Promise<void> {
    this.#poller.close();
    await this.#http.close();
  }

  /** The last iteration shows its own requests, and nothing comes after it: silence twice means that nothing is active. */
  async #active(signal: AbortSignal): Promise<number> {
    const figures = await this.#iteration(signal);
    const wasQuiet = this.#wasQuiet;
    this.#wasQuiet = figures === null;
    if (figures !== null) return figures.active;
    return wasQuiet ? 0 : Number.POSITIVE_INFINITY;
  }

  async #iteration(signal: AbortSignal): Promise<IterationFigures | null> {
    const figures = toIterationFigures(await this.#http.requestJson({ method: 'GET', path: '/metrics' }, { signal }));
    this.#sawIterations ||= figures !== null;
    return figures;
  }

  async #model(signal: AbortSignal): Promise<string> {
    this.#modelId ??= toModelId(await this.#http.requestJson({ method: 'GET', path: '/v1/models' }, { signal }));
    return this.#modelId;
  }

  async *#complete(task: CompletionTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const model = await this.#model(signal);
    const answer = new Answer({ text: 'delta', maxTokens: task.maxTokens, stop: task.stop, tokensInBound: tokensInBound(task.prompt) });
    const toStream = (): EngineRequest => toRequest('/v1/completions', task, toCompletionBody(task, model));
    try {
      yield* this.#http.openEventStream(toStream, new CompletionStream(answer), signal);
    } catch (thrown) {
      if (!signal.aborted) this.#modelId = null;
      throw thrown;
    }
    this.#hasRun = true;
  }

  async *#embed(task: EmbeddingTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const request = toRequest('/v1/embeddings', task, { model: await this.#model(signal), input: task.inputs });
    const body = await this.#http.requestJson(request, { signal, timeoutMs: null, maxBodyBytes: maxEmbeddingBytes });
    yield wholeAnswer(toOpenAiEmbeddings(body, task.inputs.length));
  }
}

const toRequest = (path: string, task: WorkerTask, body: unknown): EngineRequest => ({
  method: 'POST',
  path,
  body,
  ...(task.traceparent === undefined ? {} : { headers: { traceparent: task.traceparent } }),
});
