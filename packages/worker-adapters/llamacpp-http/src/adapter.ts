/**
 * The worker contract over llama.cpp's native HTTP API. It owns which call serves which method; it does not know whether
 * `llama-server` or the embedded worker is at the other end.
 */
import {
  type AdapterCapabilities,
  type AdapterOptions,
  busySlots,
  type CancelOptions,
  type CompletionTask,
  type CreateAdapter,
  type EmbeddingTask,
  EngineHttp,
  EngineJson,
  type EngineRequest,
  parsePrometheus,
  type RerankTask,
  SlotPoller,
  type SlotState,
  type SubmitOptions,
  toOpenAiEmbeddings,
  toOpenAiScores,
  transportError,
  type WorkerAdapter,
  type WorkerEvent,
  type WorkerHealth,
  type WorkerMetrics,
  type WorkerProps,
  type WorkerTask,
  wholeAnswer,
} from '@llama-orch/adapter-api';
import { CompletionStream } from './completion-stream.ts';
import { toRefusalError } from './errors.ts';
import { toCompletionBody, toHealth, toProps, toSlots, toTokenizeBody } from './wire.ts';

/**
 * An abandoned request in prefill is noticed only after 1 s without any result in the whole server, and a poll of
 * `/slots` is a result. Slower than that, polls do no harm.
 */
const maxSlotPollHz = 0.7;
/** A stream in decode was freed 0.05 to 0.11 s after its client left. */
const settleMs = 120;
const maxEmbeddingBytes = 256 * 1024 * 1024;

const capabilities: AdapterCapabilities = {
  workloads: ['completion', 'embedding', 'rerank'],
  tokenize: true,
  slots: true,
  evict: false,
  load: false,
  tokenCounters: true,
  maxSlotPollHz,
  // Measured: 3.9 s from an abort in prefill, the rest of a batch of 2,048 tokens on one CPU thread.
  cancelBoundMs: 4_000,
};

/** @req ORCH-3057, ORCH-3110 */
export const createLlamaCppAdapter: CreateAdapter = (options) => new LlamaCppAdapter(options);

class LlamaCppAdapter implements WorkerAdapter {
  readonly engine = 'llamacpp';
  readonly capabilities = capabilities;
  readonly #http: EngineHttp;
  readonly #poller: SlotPoller<readonly SlotState[]>;

  constructor(options: AdapterOptions) {
    const http = new EngineHttp({ ...options, toError: toRefusalError });
    this.#http = http;
    this.#poller = new SlotPoller({
      poll: async (signal) => toSlots(await http.requestJson({ method: 'GET', path: '/slots' }, { signal })),
      busyOf: busySlots,
      counts: 'slots',
      intervalMs: 1_000 / maxSlotPollHz,
      settleMs,
      nowMs: options.nowMs,
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
    return toProps(await this.#http.requestJson({ method: 'GET', path: '/props' }, { signal }));
  }

  async engineVersion(signal: AbortSignal): Promise<string> {
    return (await this.props(signal)).engineVersion;
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
    const values = parsePrometheus(await this.#http.requestText({ method: 'GET', path: '/metrics' }, { signal }));
    const read = (name: string): number | null => values.get(`llamacpp:${name}`) ?? null;
    return {
      promptTokensTotal: read('prompt_tokens_total'),
      generatedTokensTotal: read('tokens_predicted_total'),
      requestsRunning: read('requests_processing'),
      requestsWaiting: read('requests_deferred'),
      kvUsageRatio: read('kv_cache_usage_ratio'),
    };
  }

  async countTokens(text: string, signal: AbortSignal): Promise<number> {
    const answer = await this.#http.requestJson(
      { method: 'POST', path: '/tokenize', body: toTokenizeBody(text) },
      { signal, idempotent: true },
    );
    return new EngineJson(answer, 'POST /tokenize').get('tokens').array().length;
  }

  slots(signal: AbortSignal): Promise<readonly SlotState[]> {
    return this.#poller.next(signal);
  }

  async close(): Promise<void> {
    this.#poller.close();
    await this.#http.close();
  }

  #complete(task: CompletionTask, { signal }: SubmitOptions): AsyncIterable<readonly WorkerEvent[]> {
    const decoder = new CompletionStream({
      maxTokens: task.maxTokens,
      stop: task.stop,
      detokenize: (tokenId) => this.#detokenize(tokenId, signal),
      countPrompt: () => this.countTokens(task.prompt, signal),
    });
    return this.#http.openEventStream(() => toRequest('/completion', task, toCompletionBody(task)), decoder, signal);
  }

  async #detokenize(tokenId: number, signal: AbortSignal): Promise<string> {
    const answer = await this.#http.requestJson(
      { method: 'POST', path: '/detokenize', body: { tokens: [tokenId] } },
      { signal, idempotent: true },
    );
    return new EngineJson(answer, 'POST /detokenize').get('content').string();
  }

  async *#embed(task: EmbeddingTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const request = toRequest('/v1/embeddings', task, { input: task.inputs, encoding_format: 'float' });
    const answer = await this.#http.requestJson(request, { signal, timeoutMs: null, maxBodyBytes: maxEmbeddingBytes });
    yield wholeAnswer(toOpenAiEmbeddings(answer, task.inputs.length));
  }

  async *#rerank(task: RerankTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const request = toRequest('/rerank', task, { query: task.query, documents: task.documents });
    yield wholeAnswer(toOpenAiScores(await this.#http.requestJson(request, { signal, timeoutMs: null }), task.documents.length));
  }
}

/** `X-Conversation-Id` is never sent: it would make a generation outlive its client. */
const toRequest = (path: string, task: WorkerTask, body: unknown): EngineRequest => ({
  method: 'POST',
  path,
  body,
  ...(task.traceparent === undefined ? {} : { headers: { traceparent: task.traceparent } }),
});
