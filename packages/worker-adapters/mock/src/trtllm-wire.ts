/**
 * `trtllm-serve`'s OpenAI front over the scripted engine. It owns its paths, and its habits: unknown fields refused, errors on
 * the top level, statistics that each reader empties.
 */
import type { ScriptedRefusal } from './script.ts';
import { streamAnswer, type StreamDialect } from './streamed-answer.ts';
import { drawSeed, promptTokens, samplingParams, textsOf, vectorOf } from './text.ts';
import { answerWhole } from './whole-answer.ts';
import { type Exchange, type HandleExchange, replyErrorPage, replyJson, replyText, type Wire, type WireContext } from './wire.ts';

type Json = Readonly<Record<string, unknown>>;

const serve = (context: WireContext): HandleExchange => {
  let shownSteps = 0;
  return (exchange) => {
    const { request, response, script } = exchange;
    switch (`${request.method} ${request.path}`) {
      case 'GET /health':
        if (script.health === 'error-page') replyErrorPage(response);
        else if (script.health === 'lies') replyText(response, 200, 'text/html', 'welcome to nginx');
        else replyText(response, 200, 'text/plain', '');
        return;
      case 'GET /version':
        if (script.health === 'lies') replyText(response, 200, 'text/html', 'welcome to nginx');
        else replyJson(response, 200, { version: script.engineVersion });
        return;
      case 'GET /v1/models':
        if (script.health === 'loading') refuse(exchange, context, 'loading');
        else
          replyJson(response, 200, { object: 'list', data: [{ id: context.limits.modelName, object: 'model', owned_by: 'tensorrt_llm' }] });
        return;
      case 'GET /metrics': {
        // Only what happened since the last reader: an idle engine has no iterations.
        const { engine } = context;
        const isQuiet = script.slotsLie === null && engine.stepsSent === shownSteps && engine.busy === 0;
        shownSteps = engine.stepsSent;
        replyJson(response, 200, isQuiet ? [] : [iterationOf(context, script.slotsLie === 'all-busy')]);
        return;
      }
      case 'POST /v1/completions':
        work(context, exchange, complete);
        return;
      case 'POST /v1/embeddings':
        work(context, exchange, embed);
        return;
      default:
        replyJson(response, 404, { detail: 'Not Found' });
    }
  };
};

export const trtllmWire: Wire = { whileLoading: 'refuses', serve };

const iterationOf = ({ engine }: WireContext, lies: boolean): Json => ({
  iter: engine.stepsSent,
  numActiveRequests: lies ? engine.slots.length : engine.busy,
  gpuMemUsage: 1,
  kvCacheStats: {
    maxNumBlocks: engine.kv.tokens,
    usedNumBlocks: engine.kvTokensUsed,
    freeNumBlocks: engine.kv.tokens - engine.kvTokensUsed,
  },
});

const replyError = ({ response }: Exchange, code: number, type: string, message: string): void => {
  replyJson(response, code, { object: 'error', message, type, param: null, code });
};

const refuse = (exchange: Exchange, { limits }: WireContext, refusal: ScriptedRefusal): void => {
  switch (refusal) {
    case 'prompt-too-long':
      replyError(
        exchange,
        400,
        'BadRequestError',
        `The sum of prompt length (${limits.ctxTokens + 1}.0) and query length (0) should not exceed max_num_tokens (${limits.ctxTokens})`,
      );
      return;
    case 'invalid-request':
      // The one form that is another: what pydantic refuses.
      replyJson(exchange.response, 400, { error: '1 validation error: max_tokenz Extra inputs are not permitted' });
      return;
    case 'unauthorized':
      replyJson(exchange.response, 401, { detail: 'Unauthorized' });
      return;
    case 'loading':
      replyError(exchange, 503, 'ServiceUnavailable', 'LLM is not ready. Please check the server logs.');
      return;
    case 'queue-full':
      replyError(exchange, 503, 'ServiceUnavailable', 'The request queue is full.');
      return;
    case 'server-error':
      replyError(exchange, 500, 'InternalServerError', 'CUDA error: an illegal memory access was encountered');
      return;
    case 'error-page':
      replyErrorPage(exchange.response);
  }
};

const work = (context: WireContext, exchange: Exchange, run: (context: WireContext, exchange: Exchange, body: Json) => void): void => {
  context.countTask();
  const { fault } = exchange.script;
  const refusal = fault?.kind === 'refuse' ? fault.refusal : context.engine.isFull ? 'queue-full' : null;
  if (refusal === null) run(context, exchange, bodyOf(exchange));
  else refuse(exchange, context, refusal);
};

const known = [
  'model',
  'prompt',
  'max_tokens',
  'stream',
  'stream_options',
  'stop',
  'temperature',
  'top_k',
  'top_p',
  'seed',
  'input',
  'encoding_format',
];

const bodyOf = ({ request }: Exchange): Json => {
  const value: unknown = JSON.parse(request.body);
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

const complete = (context: WireContext, exchange: Exchange, body: Json): void => {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  const { prompt, model, max_tokens: limit, seed, temperature } = body;
  if (unknown !== undefined || typeof prompt !== 'string' || model !== context.limits.modelName || body['stream'] !== true) {
    replyJson(exchange.response, 400, { error: `1 validation error: ${unknown ?? 'prompt, model'}` });
    return;
  }
  const tokensIn = promptTokens(prompt);
  const room = context.limits.ctxTokens - tokensIn;
  if (room <= 0) {
    refuse(exchange, context, 'prompt-too-long');
    return;
  }
  const params = samplingParams(body, ['temperature', 'top_k', 'top_p']);
  streamAnswer({
    context,
    exchange,
    request: {
      prompt,
      tokensIn,
      maxTokens: typeof limit === 'number' ? Math.min(limit, room) : room,
      seed: temperature === 0 ? null : typeof seed === 'number' ? seed : drawSeed(),
      params,
      reusesKv: true,
    },
    dialect: chunks(context.limits.modelName, tokensIn),
    stop: textsOf(body['stop']),
    stopText: 'cut',
  });
};

const chunks = (model: string, tokensIn: number): StreamDialect => {
  const chunk = (text: string, reason: string | null): string =>
    event({
      id: 'cmpl-simulated',
      object: 'text_completion',
      model,
      choices: [{ index: 0, text, logprobs: null, finish_reason: reason, stop_reason: null }],
    });
  return {
    framing: 'sse',
    contentType: 'text/event-stream',
    headAt: 'first-event',
    begin: () => '',
    step: ({ text }) => chunk(text, null),
    end: ({ how, held, tokensOut }) =>
      chunk(how === 'word' ? '' : held, how === 'eos' || how === 'word' ? 'stop' : 'length') +
      event({
        id: 'cmpl-simulated',
        object: 'text_completion',
        model,
        choices: [],
        usage: { prompt_tokens: tokensIn, completion_tokens: tokensOut, total_tokens: tokensIn + tokensOut },
      }) +
      done,
    error: (message) => event({ object: 'error', message, type: 'InternalServerError', param: null, code: 500 }),
    aborted: () => chunk('', 'cancelled') + done,
    unfinished: () => done,
    garbage: 'data: {"choices":[{"text":"\n\n',
    endless: 'data: {"choices":[{"text":"',
  };
};

const done = 'data: [DONE]\n\n';
const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

const embed = (context: WireContext, exchange: Exchange, body: Json): void => {
  const inputs = typeof body['input'] === 'string' ? [body['input']] : textsOf(body['input']);
  const tokensIn = inputs.reduce((sum, input) => sum + promptTokens(input), 0);
  answerWhole({
    context,
    exchange,
    request: { prompt: inputs.join('\n'), tokensIn, maxTokens: 0, seed: null },
    reply: () =>
      replyJson(exchange.response, 200, {
        object: 'list',
        model: context.limits.modelName,
        data: inputs.map((input, index) => ({ object: 'embedding', index, embedding: vectorOf(input) })).toReversed(),
        usage: { prompt_tokens: tokensIn, total_tokens: tokensIn },
      }),
    replyFailure: (message) => replyError(exchange, 500, 'InternalServerError', message),
  });
};
