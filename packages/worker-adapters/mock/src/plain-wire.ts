/**
 * The mock's own protocol: newline-delimited JSON, as unlike llama.cpp's as an engine may be. Its adapter shows that the
 * worker contract and its conformance suite belong to no engine.
 *
 * `POST /generate` answers lines `{"t":text,"n":tokens}`, then `{"end":reason,"in":n,"out":n}` or `{"failed":text}`; an
 * empty line keeps the connection open. Refusals are `{"failed":text,"why":word}` with a status.
 */
import type { ScriptedRefusal } from './script.ts';
import { streamAnswer, type StreamDialect } from './streamed-answer.ts';
import { promptTokens, scoreOf, textsOf, vectorOf } from './text.ts';
import { answerWhole } from './whole-answer.ts';
import { type Exchange, type HandleExchange, replyErrorPage, replyJson, type Wire, type WireContext } from './wire.ts';

const serve =
  (context: WireContext): HandleExchange =>
  (exchange) => {
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
          kv: context.engine.kvTokensUsed / context.engine.kv.tokens,
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
          const inputs = textsOf(fields(exchange)['inputs']);
          read(context, exchange, inputs, { vectors: inputs.map(vectorOf), in: sumTokens(inputs) });
        }
        return;
      case 'POST /score':
        if (admits(context, exchange)) {
          const query = textField(exchange, 'query');
          const documents = textsOf(fields(exchange)['documents']);
          const scores = documents.map((document) => scoreOf(query, document));
          read(context, exchange, [query, ...documents], { scores, in: sumTokens([query, ...documents]) });
        }
        return;
      default:
        replyJson(response, 404, { failed: 'no such path', why: 'bad-request' });
    }
  };

export const plainWire: Wire = { whileLoading: 'answers', serve };

const isShownBusy = (busy: boolean, lie: 'all-free' | 'all-busy' | null): boolean => (lie === null ? busy : lie === 'all-busy');

const refusals: Readonly<Record<Exclude<ScriptedRefusal, 'error-page'>, { readonly status: number; readonly why: string }>> = {
  'prompt-too-long': { status: 413, why: 'too-long' },
  'invalid-request': { status: 400, why: 'bad-request' },
  unauthorized: { status: 401, why: 'key' },
  loading: { status: 503, why: 'loading' },
  'queue-full': { status: 503, why: 'full' },
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
  const refusal = fault?.kind === 'refuse' ? fault.refusal : context.engine.isFull ? 'queue-full' : null;
  if (refusal === null) return true;
  refuse(exchange, refusal);
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
  const maxTokens = Math.min(Number(body['limit']), context.limits.ctxTokens - tokensIn);
  streamAnswer({
    context,
    exchange,
    request: { prompt, tokensIn, maxTokens, seed: body['temperature'] === 0 ? null : Number(body['seed']) },
    dialect: lines(tokensIn),
    stop: textsOf(body['stop']),
    stopText: 'cut',
  });
};

const lines = (tokensIn: number): StreamDialect => ({
  framing: 'lines',
  contentType: 'application/x-ndjson',
  headAt: 'slot',
  begin: () => '',
  step: ({ text, tokensOut }) => line({ t: text, n: tokensOut }),
  end: ({ how, held, tokensOut }) =>
    (held === '' ? '' : line({ t: held, n: tokensOut })) +
    line({ end: how === 'eos' || how === 'word' ? 'done' : 'limit', in: tokensIn, out: tokensOut }),
  error: (message) => line({ failed: message }),
  aborted: () => line({ failed: 'given up' }),
  unfinished: () => '',
  garbage: '{"t":\n',
  endless: '{"t":"',
});

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** Work that generates nothing. */
const read = (context: WireContext, exchange: Exchange, inputs: readonly string[], result: unknown): void => {
  answerWhole({
    context,
    exchange,
    request: { prompt: inputs.join('\n'), tokensIn: sumTokens(inputs), maxTokens: 0, seed: null },
    reply: () => replyJson(exchange.response, 200, result),
    replyFailure: (message) => replyJson(exchange.response, 500, { failed: message, why: 'broken' }),
  });
};

const fields = ({ request }: Exchange): Readonly<Record<string, unknown>> => {
  const value: unknown = JSON.parse(request.body);
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

const textField = (exchange: Exchange, name: string): string => {
  const value = fields(exchange)[name];
  return typeof value === 'string' ? value : '';
};

const sumTokens = (inputs: readonly string[]): number => inputs.reduce((sum, input) => sum + promptTokens(input), 0);
