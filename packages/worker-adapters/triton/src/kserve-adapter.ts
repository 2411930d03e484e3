/**
 * The worker contract over KServe v2, whichever transport brings it. It owns which call serves which method, and what is
 * known of the model; the transports are `http-front.ts` and `grpc-front.ts`.
 */
import {
  abortedError,
  type AdapterCapabilities,
  type AdapterOptions,
  type CancelOptions,
  type CompletionTask,
  EngineHttp,
  SlotPoller,
  type SubmitOptions,
  type WorkerAdapter,
  WorkerError,
  type WorkerEvent,
  type WorkerHealth,
  type WorkerMetrics,
  type WorkerProps,
  type WorkerTask,
} from '@llama-orch/adapter-api';
import { Answer, tokensInBound } from './answer.ts';
import { toRefusalError } from './errors.ts';
import { type Figures, toFigures } from './figures.ts';
import type { InferRequest, KserveFront } from './kserve-front.ts';
import { toTritonModel, type TritonModel } from './model-kind.ts';
import { refuseTask } from './refused-task.ts';
import { toInputTensors, toStopTensors } from './request-tensors.ts';
import { StopRequests } from './stop-requests.ts';

/** Twice the period in which TensorRT-LLM looks for cancels (100 ms), and renews its gauges (100 ms). */
const settleMs = 250;
const pollIntervalMs = 250;

export type KserveAdapterOptions = Pick<AdapterOptions, 'nowMs'> & {
  readonly front: KserveFront;
  /** Reaches the metrics port, which is never the others'. */
  readonly metrics: EngineHttp;
  readonly modelName: string;
  readonly ctxTokens: number | null;
  readonly cancelBoundMs: number;
};

/** The connections to the metrics port. */
export const createMetricsHttp = (options: AdapterOptions): EngineHttp =>
  new EngineHttp({ ...options, maxConnections: 1, toError: toRefusalError });

/** @req ORCH-3057, ORCH-3113 */
export class KserveAdapter implements WorkerAdapter {
  readonly engine = 'triton';
  readonly capabilities: AdapterCapabilities;
  readonly #options: KserveAdapterOptions;
  readonly #front: KserveFront;
  readonly #poller: SlotPoller<number>;
  readonly #stops: StopRequests;
  /** What the model is; forgotten when it fails or moves, because a repository can change under us. */
  #model: TritonModel | null = null;
  #requests = 0;

  constructor(options: KserveAdapterOptions) {
    this.#options = options;
    this.#front = options.front;
    this.capabilities = {
      workloads: ['completion'],
      tokenize: false,
      slots: false,
      evict: false,
      load: true,
      tokenCounters: false,
      maxSlotPollHz: null,
      cancelBoundMs: options.cancelBoundMs,
    };
    this.#stops = new StopRequests((request, signal) => this.#front.stop(request, signal));
    this.#poller = new SlotPoller({
      poll: async (signal) => runningIn(await this.#figures(signal)),
      busyOf: (running) => running,
      counts: 'slots',
      intervalMs: pollIntervalMs,
      settleMs,
      nowMs: options.nowMs,
    });
  }

  health(signal: AbortSignal): Promise<WorkerHealth> {
    return this.#front.health(this.#options.modelName, signal);
  }

  /** @req ORCH-3032, ORCH-3019 */
  async props(signal: AbortSignal): Promise<WorkerProps> {
    const { ctxTokens, modelName } = this.#options;
    if (ctxTokens === null) {
      throw new WorkerError('engine-rejected', 'Triton does not say how long its context is; pass `declared.ctxTokens`.', {
        mayRunAgain: false,
      });
    }
    this.#model = null;
    const model = await this.#known(signal);
    const { version } = await this.#front.server(signal);
    const requestsMax = model.takesStopRequest ? null : await this.#requestsMax(signal);
    return { engineVersion: version, slotsTotal: null, ctxTokens, modelName, ...(requestsMax === null ? {} : { requestsMax }) };
  }

  async engineVersion(signal: AbortSignal): Promise<string> {
    return (await this.#front.server(signal)).version;
  }

  submit(task: WorkerTask, options: SubmitOptions): AsyncIterable<readonly WorkerEvent[]> {
    return task.workload === 'completion'
      ? this.#complete(task, options)
      : refuseTask(`Triton’s models serve completions, not ${task.workload}.`);
  }

  /**
   * Where the model takes stop requests, the answer to one is the engine's word. Else its gauge of running requests is, which
   * lags by a tenth of a second.
   *
   * @req ORCH-3017
   */
  async confirmReleased(options: CancelOptions): Promise<void> {
    if ((await this.#known(options.signal)).takesStopRequest) await this.#stops.settled(options.signal);
    else await this.#poller.confirmReleased(options);
  }

  metrics(signal: AbortSignal): Promise<WorkerMetrics> {
    return this.#figures(signal);
  }

  async load(signal: AbortSignal): Promise<void> {
    this.#model = null;
    await this.#front.load(this.#options.modelName, signal);
  }

  async unload(signal: AbortSignal): Promise<void> {
    this.#model = null;
    await this.#front.unload(this.#options.modelName, signal);
  }

  async close(): Promise<void> {
    this.#stops.close();
    this.#poller.close();
    await Promise.all([this.#front.close(), this.#options.metrics.close()]);
  }

  async *#complete(task: CompletionTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const model = await this.#known(signal);
    const answer = new Answer({
      text: model.text,
      maxTokens: task.maxTokens,
      stop: task.stop,
      tokensInBound: tokensInBound(task.prompt),
    });
    this.#requests += 1;
    // Of this request alone: another attempt of the task must not be stopped with it.
    const id = `${task.taskId}/${this.#requests}`;
    let isSent = false;
    const toRequest = (): InferRequest => {
      const request = toInferRequest(model, task, id);
      isSent = true;
      return request;
    };
    let isWhole = false;
    try {
      for await (const batch of this.#front.infer(toRequest, { answer, hasFinishReason: model.hasFinishReason, signal })) {
        isWhole ||= batch.some((event) => event.kind === 'end');
        yield batch;
        if (!answer.hasOverrun || isWhole) continue;
        // It did not see the stop text; leaving the loop cancels the request.
        const rest: WorkerEvent[] = [];
        answer.finish(rest);
        yield rest;
        return;
      }
    } catch (thrown) {
      if (!signal.aborted) this.#model = null;
      throw thrown;
    } finally {
      if (isSent && !isWhole && model.takesStopRequest) {
        this.#stops.send({ model: model.name, id, tensors: toStopTensors(model) });
      }
    }
  }

  async #known(signal: AbortSignal): Promise<TritonModel> {
    if (signal.aborted) throw abortedError(signal.reason);
    this.#model ??= toTritonModel(await this.#front.describe(this.#options.modelName, signal));
    return this.#model;
  }

  async #figures(signal: AbortSignal): Promise<Figures> {
    return toFigures(await this.#options.metrics.requestText({ method: 'GET', path: '/metrics' }, { signal }));
  }

  async #requestsMax(signal: AbortSignal): Promise<number | null> {
    const figures = await this.#figures(signal);
    runningIn(figures);
    return figures.requestsMax;
  }
}

const toInferRequest = (model: TritonModel, task: CompletionTask, id: string): InferRequest => ({
  model: model.name,
  id,
  tensors: toInputTensors(model, task),
  ...(task.traceparent === undefined ? {} : { traceparent: task.traceparent }),
});

/** @errors `engine-rejected` where no gauge is exported: nothing would ever show a canceled request gone. */
const runningIn = ({ requestsRunning }: Figures): number => {
  if (requestsRunning !== null) return requestsRunning;
  throw new WorkerError(
    'engine-rejected',
    'Triton’s metrics show no running requests: expected `nv_trt_llm_request_metrics`, or `vllm:num_requests_running` (set REPORT_CUSTOM_METRICS in the model’s config.pbtxt).',
    { mayRunAgain: false },
  );
};
