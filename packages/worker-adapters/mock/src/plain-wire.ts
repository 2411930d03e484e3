/**
 * The mock's own protocol: newline-delimited JSON, as unlike llama.cpp's as an engine may be. Its adapter shows that the
 * worker contract and its conformance suite belong to no engine.
 *
 * `POST /generate` answers lines `{"t":text,"n":tokens}`, then `{"end":reason,"in":n,"out":n}` or `{"failed":text}`; an
 * empty line keeps the connection open. Refusals are `{"failed":text,"why":word}` with a status.
 */
import type { AnswerEnd, AnswerFault, AnswerSink } from './engine.ts';
import { BodyWriter } from './body-writer.ts';
import type { ScriptedRefusal, ScriptedStep } from './script.ts';
import { StopText } from './stop-text.ts';
import { promptTokens, scoreOf, vectorOf } from './text.ts';
import { type Exchange, replyErrorPage, replyJson, type Wire, type WireContext } from './wire.ts';

export const plainWire: Wire = (context) => (exchange) => {
  const { request, response, script } = exchange;
  if (script.health === 'loading') {
    refuse(exchange, 'loading');
    return;
  }
  switch (`${request.method} ${request.path}`) {
    case 'GET /alive':
      if (script.health === 'error-page') replyErrorPage(response);
      else replyJson(response, 200, { alive: script.health === 'ready' ? 'yes' : 'who knows' });
      return;
    case 'GET /about':
      replyJson(response, 200, {
        version: script.engineVersion,
        slots: context.engine.slots.length,
        ctx: context.limits.ctxTokens,
        model: context.limits.modelName,
      });
      return;
    case 'GET /slots':
      replyJson(response, 200, {
        slots: context.engine.slots.map(({ id, answer }) => ({
          id,
          task: isShownBusy(answer !== null, script.slotsLie) ? String(answer?.taskNumber ?? 0) : null,
        })),
      });
      return;
    case 'GET /figures':
      replyJson(response, 200, {
        in: context.engine.promptTokensTotal,
        out: context.engine.tokensPredictedTotal,
        running: context.engine.busy,
        waiting: context.engine.queued,
      });
      return;
    case 'POST /count':
      replyJson(response, 200, { tokens: promptTokens(textField(exchange, 'text')) });
      return;
    case 'POST /generate':
      if (admits(context, exchange)) generate(context, exchange);
      return;
    case 'POST /embed':
      if (admits(context, exchange)) {
        const inputs = texts(fields(exchange)['inputs']);
        replyJson(response, 200, { vectors: inputs.map(vectorOf), in: sumTokens(inputs) });
      }
      return;
    case 'POST /score':
      if (admits(context, exchange)) {
        const query = textField(exchange, 'query');
        const documents = texts(fields(exchange)['documents']);
        replyJson(response, 200, { scores: documents.map((document) => scoreOf(query, document)), in: sumTokens([query, ...documents]) });
      }
      return;
    default:
      replyJson(response, 404, { failed: 'no such path', why: 'bad-request' });
  }
};

const isShownBusy = (busy: boolean, lie: 'all-free' | 'all-busy' | null): boolean => (lie === null ? busy : lie === 'all-busy');

const refusals: Readonly<Record<Exclude<ScriptedRefusal, 'error-page'>, { readonly status: number; readonly why: string }>> = {
  'prompt-too-long': { status: 413, why: 'too-long' },
  'invalid-request': { status: 400, why: 'bad-request' },
  unauthorized: { status: 401, why: 'key' },
  loading: { status: 503, why: 'loading' },
  'server-error': { status: 500, why: 'broken' },
};

const refuse = ({ response }: Exchange, refusal: ScriptedRefusal): void => {
  if (refusal === 'error-page') {
    replyErrorPage(response);
    return;
  }
  const { status, why } = refusals[refusal];
  replyJson(response, status, { failed: refusal, why });
};

const admits = (context: WireContext, exchange: Exchange): boolean => {
  context.countTask();
  const { fault } = exchange.script;
  if (fault?.kind !== 'refuse') return true;
  refuse(exchange, fault.refusal);
  return false;
};

const generate = (context: WireContext, exchange: Exchange): void => {
  const body = fields(exchange);
  const prompt = textField(exchange, 'prompt');
  const tokensIn = promptTokens(prompt);
  if (tokensIn >= context.limits.ctxTokens) {
    refuse(exchange, 'prompt-too-long');
    return;
  }
  context.engine.promptTokensTotal += tokensIn;
  const maxTokens = Math.min(Number(body['limit']), context.limits.ctxTokens - tokensIn);
  const sink = new LineSink(context, exchange, tokensIn, new StopText(texts(body['stop'])));
  const answer = context.engine.submit({ prompt, maxTokens, seed: Number(body['seed']) }, sink);
  sink.bind({ resume: () => answer.resume(), stop: () => answer.stop() });
  exchange.response.once('close', () => answer.abandon());
};

class LineSink implements AnswerSink {
  readonly #context: WireContext;
  readonly #exchange: Exchange;
  readonly #writer: BodyWriter;
  readonly #tokensIn: number;
  readonly #stop: StopText;
  #answer = { resume: (): void => {}, stop: (): void => {} };
  #tokensOut = 0;

  constructor(context: WireContext, exchange: Exchange, tokensIn: number, stop: StopText) {
    this.#context = context;
    this.#exchange = exchange;
    this.#writer = new BodyWriter(exchange.response, exchange.socket, exchange.script);
    this.#tokensIn = tokensIn;
    this.#stop = stop;
  }

  bind(answer: { readonly resume: () => void; readonly stop: () => void }): void {
    this.#answer = answer;
  }

  begin(): void {
    this.#writer.head('application/x-ndjson');
  }

  say(steps: readonly ScriptedStep[]): boolean {
    for (const step of steps) {
      this.#tokensOut += step.tokens;
      const { text, met } = this.#stop.push(step.text);
      if (this.#exchange.script.pings) this.#writer.write('\n');
      this.#line({ t: text, n: this.#tokensOut });
      if (!met) continue;
      this.#answer.stop();
      this.#finish('done', this.#tokensOut);
      return true;
    }
    const ready = !this.#exchange.socket.writableNeedDrain;
    if (!ready) this.#writer.onDrain(() => this.#answer.resume());
    return ready;
  }

  end(how: AnswerEnd, tokensOut: number): void {
    if (this.#stop.held !== '') this.#line({ t: this.#stop.held, n: this.#tokensOut });
    this.#finish(how === 'eos' ? 'done' : 'limit', tokensOut);
  }

  fail(fault: AnswerFault): void {
    switch (fault.kind) {
      case 'reset':
        this.#writer.reset();
        return;
      case 'garbage':
        this.#writer.write('{"t":\n');
        this.#writer.end();
        return;
      case 'huge-frame':
        this.#writer.write(`{"t":"${'x'.repeat(fault.bytes)}`);
        return;
      case 'error-event':
        this.#line({ failed: fault.message });
        this.#writer.end();
        return;
      case 'exit':
        this.#context.exit(fault.code, fault.stderr);
    }
  }

  #finish(reason: 'done' | 'limit', tokensOut: number): void {
    this.#line({ end: reason, in: this.#tokensIn, out: tokensOut });
    this.#writer.end();
  }

  #line(value: unknown): void {
    this.#writer.write(`${JSON.stringify(value)}\n`);
  }
}

const fields = ({ request }: Exchange): Readonly<Record<string, unknown>> => {
  const value: unknown = JSON.parse(request.body);
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

const textField = (exchange: Exchange, name: string): string => {
  const value = fields(exchange)[name];
  return typeof value === 'string' ? value : '';
};

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);

const sumTokens = (inputs: readonly string[]): number => inputs.reduce((sum, input) => sum + promptTokens(input), 0);
