/**
 * A worker for tests of the controller: an adapter whose every answer the test gives by hand. It is injected through the
 * adapter table, as real adapters are; nothing in the controller knows it.
 */
import {
  type AdapterOptions,
  type CreateAdapter,
  type SubmitOptions,
  type WorkerAdapter,
  WorkerError,
  type WorkerEvent,
  type WorkerTask,
} from '@llama-orch/adapter-api';

/** One request that the controller sent to a worker. */
export class ScriptedRequest implements AsyncIterableIterator<readonly WorkerEvent[]> {
  readonly task: WorkerTask;
  readonly baseUrl: string;
  readonly signal: AbortSignal;
  #batches: (readonly WorkerEvent[])[] = [];
  #over: 'no' | 'whole' | WorkerError = 'no';
  #wake: (() => void) | null = null;
  #tokens = 0;

  constructor(task: WorkerTask, baseUrl: string, signal: AbortSignal) {
    this.task = task;
    this.baseUrl = baseUrl;
    this.signal = signal;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  start(): this {
    return this.#push([{ kind: 'started' }]);
  }

  tokens(...texts: string[]): this {
    return this.#push(texts.map((text) => ({ kind: 'token', text, tokensOut: (this.#tokens += 1) })));
  }

  end(fields: Partial<Extract<WorkerEvent, { kind: 'end' }>> = {}): this {
    this.#push([{ kind: 'end', finishReason: 'stop', tokensIn: 5, tokensOut: this.#tokens, cachedTokens: 0, ...fields }]);
    this.#over = 'whole';
    this.#wake?.();
    return this;
  }

  fail(error: WorkerError): void {
    this.#over = error;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<readonly WorkerEvent[], undefined>> {
    for (;;) {
      if (this.signal.aborted) throw new WorkerError('aborted', 'aborted', { mayRunAgain: false });
      const batch = this.#batches.shift();
      if (batch !== undefined) return { done: false, value: batch };
      if (this.#over === 'whole') return { done: true, value: undefined };
      if (this.#over !== 'no') throw this.#over;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(batch: readonly WorkerEvent[]): this {
    this.#batches.push(batch);
    this.#wake?.();
    return this;
  }
}

/** All workers of one test: requests in the order in which they came. */
export class ScriptedWorkers {
  readonly requests: ScriptedRequest[] = [];
  /** Releases that the controller waits for; call one to show its slot free. */
  readonly releases: (() => void)[] = [];
  /** What each of them takes as busy, and as in flight, without its own slot. */
  readonly expectedBusy: (() => number)[] = [];
  readonly expectedInFlight: (() => number)[] = [];
  readonly createAdapter: CreateAdapter = (options) => this.#create(options);
  isHealthy = true;
  countTokens: ((text: string) => number) | null = null;

  /** The newest request. */
  get last(): ScriptedRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('no request came');
    return request;
  }

  #create({ baseUrl }: AdapterOptions): WorkerAdapter {
    return {
      engine: 'llamacpp',
      capabilities: {
        workloads: ['completion'],
        tokenize: true,
        slots: true,
        evict: false,
        load: false,
        tokenCounters: true,
        maxSlotPollHz: null,
        cancelBoundMs: 100,
      },
      health: () => Promise.resolve(this.isHealthy ? { kind: 'ready' } : { kind: 'unreachable', message: 'down' }),
      props: () => Promise.resolve({ engineVersion: 'scripted', slotsTotal: 1, ctxTokens: 1024, modelName: null }),
      engineVersion: () => Promise.resolve('scripted'),
      submit: (task: WorkerTask, { signal }: SubmitOptions) => {
        const request = new ScriptedRequest(task, baseUrl, signal);
        this.requests.push(request);
        return request;
      },
      confirmReleased: ({ expectedBusy, expectedInFlight }) => {
        this.expectedBusy.push(expectedBusy);
        this.expectedInFlight.push(expectedInFlight);
        return new Promise((resolve) => this.releases.push(resolve));
      },
      metrics: () =>
        Promise.resolve({
          promptTokensTotal: null,
          generatedTokensTotal: null,
          requestsRunning: null,
          requestsWaiting: null,
          kvUsageRatio: null,
        }),
      ...(this.countTokens !== null && { countTokens: (text: string) => Promise.resolve(this.countTokens?.(text) ?? 0) }),
      close: () => Promise.resolve(),
    };
  }
}
