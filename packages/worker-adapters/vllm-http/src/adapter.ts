/**
 * The worker contract over vLLM's OpenAI-compatible server. It owns which call serves which method; the shapes are in `wire.ts`.
 */
import {
  type AdapterCapabilities,
  type AdapterOptions,
  type CancelOptions,
  type CompletionTask,
  type CreateAdapter,
  type EmbeddingTask,
  EngineHttp,
  EngineJson,
  type EngineRequest,
  type RerankTask,
  SlotPoller,
  type SubmitOptions,
  toOpenAiEmbeddings,
  toOpenAiScores,
  transportError,
  type WorkerAdapter,
  WorkerError,
  type WorkerEvent,
  type WorkerHealth,
  type WorkerMetrics,
  type WorkerProps,
  type WorkerTask,
  type Workload,
  wholeAnswer,
} from '@llama-orch/adapter-api';
import { CompletionStream } from './completion-stream.ts';
import { toRefusalError } from './errors.ts';
import { toCompletionBody, toHealth, toMetrics, toNudge, toProps, toTokenizeBody } from './wire.ts';

/** Pause between two looks at the engine's load. */
const pollIntervalMs = 250;
/** An abort takes effect at the next step of the engine's scheduler, which is one pass through the model. */
const settleMs = 60;
/** The gauges of many releases stand still when the last request is aborted, until the engine takes a step again. */
const stuckMs = 1_000;
const maxEmbeddingBytes = 256 * 1024 * 1024;

const capabilities: AdapterCapabilities = {
  workloads: ['completion', 'embedding', 'rerank'],
  tokenize: true,
  slots: false,
  evict: false,
  load: false,
  tokenCounters: true,
  maxSlotPollHz: null,
  // Not measured. One step takes the largest piece of a prompt that the engine reads at a time; then a nudge may be needed.
  cancelBoundMs: 4_000,
};

/** @req ORCH-3057, ORCH-3111 */
export const createVllmAdapter: CreateAdapter = (options) => new VllmAdapter(options);

class VllmAdapter implements WorkerAdapter {
  readonly engine = 'vllm';
  readonly capabilities = capabilities;
  readonly #http: EngineHttp;
  readonly #poller: SlotPoller<number>;
  /** What the server at the other end is for, as far as it was asked. */
  #workload: Workload = 'completion';

  constructor(options: AdapterOptions) {
    this.#http = new EngineHttp({ ...options, toError: toRefusalError });
    this.#poller = new SlotPoller({
      poll: (signal) => this.#load(signal),
      busyOf: (load) => load,
      counts: 'requests',
      intervalMs: pollIntervalMs,
      settleMs,
      nowMs: options.nowMs,
      whenStuck: { afterMs: stuckMs, nudge: (signal) => this.#nudge(signal) },
    });
  }

  async health(signal: AbortSignal): Promise<WorkerHealth> {
    try {
      return toHealth(await this.#http.request({ method: 'GET', path: '/health' }, { signal }));
    } catch (thrown) {
      return { kind: 'unreachable', message: transportError(thrown).message };
    }
  }

  async props(signal: AbortSignal): Promise<WorkerProps> {
    const [version, models] = await Promise.all([
      this.#http.requestJson({ method: 'GET', path: '/version' }, { signal }),
      this.#http.requestJson({ method: 'GET', path: '/v1/models' }, { signal }),
    ]);
    return toProps(version, models);
  }

  async engineVersion(signal: AbortSignal): Promise<string> {
    return new EngineJson(await this.#http.requestJson({ method: 'GET', path: '/version' }, { signal }), 'GET /version')
      .get('version')
      .string();
  }

  submit(task: WorkerTask, options: SubmitOptions): AsyncIterable<readonly WorkerEvent[]> {
    switch (task.workload) {
      case 'completion':
        return this.#complete(task, options);
      case 'embedding':
        return this.#embed(task, options);
      case 'rerank':
        return this.#rerank(task, options);
    }
  }

  confirmReleased(options: CancelOptions): Promise<void> {
    return this.#poller.confirmReleased(options);
  }

  async metrics(signal: AbortSignal): Promise<WorkerMetrics> {
    return toMetrics(await this.#http.requestText({ method: 'GET', path: '/metrics' }, { signal }));
  }

  async countTokens(text: string, signal: AbortSignal): Promise<number> {
    const answer = await this.#http.requestJson(
      { method: 'POST', path: '/tokenize', body: toTokenizeBody(text) },
      { signal, idempotent: true },
    );
    return new EngineJson(answer, 'POST /tokenize').get('count').integer();
  }

  async close(): Promise<void> {
    this.#poller.close();
    await this.#http.close();
  }

  #complete(task: CompletionTask, { signal }: SubmitOptions): AsyncIterable<readonly WorkerEvent[]> {
    const decoder = new CompletionStream(Buffer.byteLength(task.prompt));
    const request = (): EngineRequest => this.#toRequest('/v1/completions', task, toCompletionBody(task, crypto.randomUUID()));
    return this.#http.openEventStream(request, decoder, signal);
  }

  async *#embed(task: EmbeddingTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const request = this.#toRequest('/v1/embeddings', task, { input: task.inputs, encoding_format: 'float' });
    const answer = await this.#http.requestJson(request, { signal, timeoutMs: null, maxBodyBytes: maxEmbeddingBytes });
    yield wholeAnswer(toOpenAiEmbeddings(answer, task.inputs.length));
  }

  async *#rerank(task: RerankTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const request = this.#toRequest('/v1/rerank', task, { query: task.query, documents: task.documents });
    yield wholeAnswer(toOpenAiScores(await this.#http.requestJson(request, { signal, timeoutMs: null }), task.documents.length));
  }

  #toRequest(path: string, task: WorkerTask, body: unknown): EngineRequest {
    this.#workload = task.workload;
    const trace = task.traceparent === undefined ? {} : { traceparent: task.traceparent };
    return { method: 'POST', path, body, headers: { 'x-request-id': task.taskId, ...trace } };
  }

  /** Requests inside the engine. Without these two gauges nobody could say that a request is gone, so their absence is an error. */
  async #load(signal: AbortSignal): Promise<number> {
    const { requestsRunning, requestsWaiting } = await this.metrics(signal);
    if (requestsRunning === null || requestsWaiting === null) {
      throw new WorkerError('engine-rejected', 'The engine does not export its load; start vLLM without `--disable-log-stats`.', {
        mayRunAgain: false,
      });
    }
    return requestsRunning + requestsWaiting;
  }

  /** One small request. Whether it is answered does not matter, and an engine that refuses it is not idle. */
  async #nudge(signal: AbortSignal): Promise<void> {
    const { path, body } = toNudge(this.#workload);
    await this.#http.request({ method: 'POST', path, body }, { signal }).catch(() => undefined);
  }
}
