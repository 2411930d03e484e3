/**
 * The worker contract over the mock's own wire (`plain-wire.ts`). It owns which call serves which method; it is there so
 * that the conformance suite is shown to hold for more than one protocol.
 */
import {
  type AdapterCapabilities,
  type AdapterOptions,
  busySlots,
  type CancelOptions,
  type CreateAdapter,
  EngineHttp,
  EngineJson,
  type EngineRequest,
  type HttpAnswer,
  isJsonObject,
  parseJson,
  type RerankTask,
  type EmbeddingTask,
  type CompletionTask,
  samplingFields,
  SlotPoller,
  type SlotState,
  type StreamDecoder,
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

const maxSlotPollHz = 5;

const capabilities: AdapterCapabilities = {
  workloads: ['completion', 'embedding', 'rerank'],
  tokenize: true,
  slots: true,
  evict: false,
  load: false,
  tokenCounters: true,
  maxSlotPollHz,
  cancelBoundMs: 1_000,
};

/** Speaks to `llama-orch-mock-engine --wire plain`. It says `llamacpp` of itself because the enum has no mock. */
export const createMockAdapter: CreateAdapter = (options) => new MockAdapter(options);

class MockAdapter implements WorkerAdapter {
  readonly engine = 'llamacpp';
  readonly capabilities = capabilities;
  readonly #http: EngineHttp;
  readonly #poller: SlotPoller<readonly SlotState[]>;

  constructor(options: AdapterOptions) {
    const http = new EngineHttp({ ...options, toError });
    this.#http = http;
    this.#poller = new SlotPoller({
      poll: async (signal) => toSlots(await http.requestJson({ method: 'GET', path: '/slots' }, { signal })),
      busyOf: busySlots,
      counts: 'slots',
      intervalMs: 1_000 / maxSlotPollHz,
      settleMs: 10,
      nowMs: options.nowMs,
    });
  }

  async health(signal: AbortSignal): Promise<WorkerHealth> {
    let answer: HttpAnswer;
    try {
      answer = await this.#http.request({ method: 'GET', path: '/alive' }, { signal });
    } catch (thrown) {
      return { kind: 'unreachable', message: transportError(thrown).message };
    }
    const body = parseJson(answer.body);
    if (isJsonObject(body) && body['alive'] === 'yes') return { kind: 'ready' };
    const { kind, message } = toError(answer);
    return kind === 'pool-unready' ? { kind: 'loading', message } : { kind: 'unhealthy', message };
  }

  async props(signal: AbortSignal): Promise<WorkerProps> {
    const about = new EngineJson(await this.#http.requestJson({ method: 'GET', path: '/about' }, { signal }), 'GET /about');
    return {
      engineVersion: about.get('version').string(),
      slotsTotal: about.get('slots').integer(),
      ctxTokens: about.get('ctx').integer(),
      modelName: about.get('model').string(),
    };
  }

  async engineVersion(signal: AbortSignal): Promise<string> {
    return (await this.props(signal)).engineVersion;
  }

  submit(task: WorkerTask, options: SubmitOptions): AsyncIterable<readonly WorkerEvent[]> {
    switch (task.workload) {
      case 'completion':
        return this.#http.openEventStream(() => toGenerate(task), new LineDecoder(), options.signal);
      case 'embedding':
        return this.#embed(task, options);
      case 'rerank':
        return this.#score(task, options);
    }
  }

  confirmReleased(options: CancelOptions): Promise<void> {
    return this.#poller.confirmReleased(options);
  }

  async metrics(signal: AbortSignal): Promise<WorkerMetrics> {
    const figures = new EngineJson(await this.#http.requestJson({ method: 'GET', path: '/figures' }, { signal }), 'GET /figures');
    return {
      promptTokensTotal: figures.get('in').integer(),
      generatedTokensTotal: figures.get('out').integer(),
      requestsRunning: figures.get('running').integer(),
      requestsWaiting: figures.get('waiting').integer(),
      kvUsageRatio: figures.get('kv').number(),
    };
  }

  async countTokens(text: string, signal: AbortSignal): Promise<number> {
    const answer = await this.#http.requestJson({ method: 'POST', path: '/count', body: { text } }, { signal, idempotent: true });
    return new EngineJson(answer, 'POST /count').get('tokens').integer();
  }

  slots(signal: AbortSignal): Promise<readonly SlotState[]> {
    return this.#poller.next(signal);
  }

  async close(): Promise<void> {
    this.#poller.close();
    await this.#http.close();
  }

  async *#embed(task: EmbeddingTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const request: EngineRequest = { method: 'POST', path: '/embed', body: { inputs: task.inputs } };
    const answer = new EngineJson(await this.#http.requestJson(request, { signal, timeoutMs: null }), 'POST /embed');
    const embeddings = answer
      .get('vectors')
      .array()
      .map((vector) => vector.numbers());
    yield [
      { kind: 'started' },
      { kind: 'end', finishReason: 'stop', tokensIn: answer.get('in').integer(), tokensOut: 0, cachedTokens: 0, embeddings },
    ];
  }

  async *#score(task: RerankTask, { signal }: SubmitOptions): AsyncGenerator<readonly WorkerEvent[], void, void> {
    const request: EngineRequest = { method: 'POST', path: '/score', body: { query: task.query, documents: task.documents } };
    const answer = new EngineJson(await this.#http.requestJson(request, { signal, timeoutMs: null }), 'POST /score');
    const scores = answer.get('scores').numbers();
    yield [
      { kind: 'started' },
      { kind: 'end', finishReason: 'stop', tokensIn: answer.get('in').integer(), tokensOut: 0, cachedTokens: 0, scores },
    ];
  }
}

const toGenerate = (task: CompletionTask): EngineRequest => ({
  method: 'POST',
  path: '/generate',
  body: { prompt: task.prompt, limit: task.maxTokens, stop: task.stop, ...samplingFields(task, 'llamacpp') },
});

const toSlots = (body: unknown): readonly SlotState[] =>
  new EngineJson(body, 'GET /slots')
    .get('slots')
    .array()
    .map((slot) => {
      const task = slot.get('task');
      return { id: slot.get('id').integer(), busy: !task.isMissing, engineTaskId: task.isMissing ? null : task.string() };
    });

const maxLineBytes = 1024 * 1024;

/** Lines of JSON; a line's bytes are whole characters, so only whole lines are decoded. */
class LineDecoder implements StreamDecoder<WorkerEvent> {
  #held: Buffer = Buffer.alloc(0);
  #end: WorkerEvent | null = null;

  open(out: WorkerEvent[]): void {
    out.push({ kind: 'started' });
  }

  push(chunk: Buffer, out: WorkerEvent[]): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    for (const line of bytes.toString('utf8', 0, whole).split('\n')) if (line.trim() !== '') this.#line(line, out);
    this.#held = Buffer.from(bytes.subarray(whole));
    if (this.#held.length > maxLineBytes) throw broken(`a line larger than ${maxLineBytes} bytes`);
  }

  end(): readonly WorkerEvent[] {
    if (this.#end === null || this.#held.length > 0) throw broken('the end of its stream before its last line');
    return [this.#end];
  }

  #line(line: string, out: WorkerEvent[]): void {
    const said = parseJson(line);
    if (!isJsonObject(said) || this.#end !== null) throw broken('a line that is none of its own');
    if (typeof said['failed'] === 'string')
      throw new WorkerError('worker-reset', `The engine failed: ${said['failed']}.`, { mayRunAgain: true });
    const json = new EngineJson(said, 'POST /generate');
    if (said['end'] !== undefined) {
      const finishReason = json.get('end').string() === 'limit' ? 'length' : 'stop';
      this.#end = { kind: 'end', finishReason, tokensIn: json.get('in').integer(), tokensOut: json.get('out').integer(), cachedTokens: 0 };
      return;
    }
    const text = json.get('t').string();
    if (text !== '') out.push({ kind: 'token', text, tokensOut: json.get('n').integer() });
  }
}

const broken = (what: string): WorkerError => new WorkerError('worker-reset', `The engine sent ${what}.`, { mayRunAgain: true });

const toError = ({ status, body }: HttpAnswer): WorkerError => {
  const answer = parseJson(body);
  const why = isJsonObject(answer) ? answer['why'] : undefined;
  if (why === 'loading') return new WorkerError('pool-unready', 'The engine is loading.', { mayRunAgain: true });
  if (why === 'full') return new WorkerError('busy', 'The engine’s queue is full.', { mayRunAgain: true });
  if (why === 'too-long')
    return new WorkerError('prompt-too-long', 'The prompt does not fit the engine’s context.', { mayRunAgain: false });
  if (why === 'key') return new WorkerError('engine-rejected', 'The engine refused our key.', { mayRunAgain: false });
  if (why === 'bad-request') return new WorkerError('engine-rejected', `The engine answered ${status}.`, { mayRunAgain: false });
  return new WorkerError('worker-reset', `The engine’s address answered ${status} with something that is not the engine’s.`, {
    mayRunAgain: true,
  });
};
