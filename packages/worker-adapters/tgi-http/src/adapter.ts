/**
 * The worker contract over TGI's own HTTP API. It owns which call serves which method, and leaving the engine where it goes on after
 * a stop text; the shapes are in `wire.ts`.
 */
import {
  type AdapterCapabilities,
  type AdapterOptions,
  type CancelOptions,
  type CompletionTask,
  type CreateAdapter,
  EngineHttp,
  EngineJson,
  type EngineRequest,
  SlotPoller,
  StopMatcher,
  type SubmitOptions,
  transportError,
  type WorkerAdapter,
  WorkerError,
  type WorkerEvent,
  type WorkerHealth,
  type WorkerMetrics,
  type WorkerProps,
  type WorkerTask,
} from '@llama-orch/adapter-api';
import { CompletionStream, endEvent } from './completion-stream.ts';
import { toRefusalError } from './errors.ts';
import { toGenerateBody, toHealth, toMetrics, toProps, toWholeAnswer } from './wire.ts';

/** Pause between two looks at the size of the engine's batch. */
const pollIntervalMs = 250;
/** An abort takes effect when the next token of the request is made. */
const settleMs = 60;

const capabilities: AdapterCapabilities = {
  workloads: ['completion'],
  tokenize: true,
  slots: false,
  evict: false,
  load: false,
  tokenCounters: true,
  maxSlotPollHz: null,
  // Not measured. A prefill under way is finished first; then one pass through the model.
  cancelBoundMs: 4_000,
};

/** @req ORCH-3057, ORCH-3112 */
export const createTgiAdapter: CreateAdapter = (options) => new TgiAdapter(options);

class TgiAdapter implements WorkerAdapter {
  readonly engine = 'tgi';
  readonly capabilities = capabilities;
  readonly #http: EngineHttp;
  readonly #poller: SlotPoller<WorkerMetrics>;

  constructor(options: AdapterOptions) {
    this.#http = new EngineHttp({ ...options, toError: toRefusalError });
    this.#poller = new SlotPoller({
      poll: (signal) => this.metrics(signal),
      // Requests of the batch have all given a token. What waits is not counted: an abandoned request stays in that figure until its turn.
      busyOf: ({ requestsRunning }) => requestsRunning ?? 0,
      counts: 'slots',
      intervalMs: pollIntervalMs,
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
    return toProps(await this.#http.requestJson({ method: 'GET', path: '/info' }, { signal }));
  }

  async engineVersion(signal: AbortSignal): Promise<string> {
    return (await this.props(signal)).engineVersion;
  }

  submit(task: WorkerTask, options: SubmitOptions): AsyncIterable<readonly WorkerEvent[]> {
    if (task.workload !== 'completion') return refuse(task);
    return task.maxTokens === 1 ? this.#completeOne(task, options) : this.#complete(task, options);
  }

  confirmReleased(options: CancelOptions): Promise<void> {
    return this.#poller.confirmReleased(options);
  }

  async metrics(signal: AbortSignal): Promise<WorkerMetrics> {
    return toMetrics(await this.#http.requestText({ method: 'GET', path: '/metrics' }, { signal }));
  }

  async countTokens(text: string, signal: AbortSignal): Promise<number> {
    const answer = await this.#http.requestJson(
      { method: 'POST', path: '/tokenize', body: { inputs: text } },
      { signal, idempotent: true },
    );
    return new EngineJson(answer, 'POST /tokenize').array().length;
  }

  async close(): Promise<void> {
    this.#poller.close();
    await this.#http.close();
  }

  /**
   * Where the engine goes on after a stop text its request is aborted before the answer ends here. Its place in the batch is free when the
   * next token would have been made; until then the engine has one request more than its caller thinks, which it has room for.
   */
  async *#complete(task: CompletionTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const countPrompt = (): Promise<number> => this.countTokens(task.prompt, signal);
    const decoder = new CompletionStream({ maxTokens: task.maxTokens, stop: task.stop, countPrompt });
    let tokensOut: number | null = null;
    for await (const batch of this.#http.openEventStream(() => toRequest('/generate_stream', task), decoder, signal)) {
      const events: WorkerEvent[] = [];
      for (const event of batch) {
        if (event.kind === 'stop-met') tokensOut = event.tokensOut;
        else events.push(event);
      }
      if (events.length > 0) yield events;
      if (tokensOut !== null) break;
    }
    if (tokensOut !== null) yield [endEvent({ finishReason: 'stop', tokensOut }, await countPrompt())];
  }

  /** One token is no stream: it comes at once, and what goes wrong has a status. */
  async *#completeOne(task: CompletionTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const answer = toWholeAnswer(await this.#http.requestJson(toRequest('/generate', task), { signal, timeoutMs: null }));
    const stop = new StopMatcher(task.stop);
    const text = answer.texts.map((piece) => stop.push(piece)).join('') + stop.rest();
    const { tokensOut } = answer.details;
    const end = endEvent(
      { tokensOut, finishReason: stop.isMet ? 'stop' : answer.details.finishReason },
      await this.countTokens(task.prompt, signal),
    );
    yield [{ kind: 'started' }, ...(text === '' ? [] : [{ kind: 'token', text, tokensOut } as const]), end];
  }
}

const toRequest = (path: string, task: CompletionTask): EngineRequest => ({
  method: 'POST',
  path,
  body: toGenerateBody(task),
  ...(task.traceparent === undefined ? {} : { headers: { traceparent: task.traceparent } }),
});

async function* refuse(task: WorkerTask): AsyncGenerator<readonly WorkerEvent[], void, void> {
  yield* [];
  throw new WorkerError('engine-rejected', `TGI serves completions only, no ${task.workload}.`, { mayRunAgain: false });
}
