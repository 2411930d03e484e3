/**
 * The native HTTP API of llama.cpp over the scripted engine, trap for trap as recorded from `llama-server` b10587. It owns
 * paths and bodies; what is said and when is the engine's.
 */
import { type Answer, type AnswerEnd, type AnswerFault, type AnswerSink, type ScriptedEngine } from './engine.ts';
import { BodyWriter } from './body-writer.ts';
import type { EngineScript, ScriptedRefusal, ScriptedStep } from './script.ts';
import { StopText } from './stop-text.ts';
import { bosToken, detokenize, eosToken, promptTokens, scoreOf, tokenIdOf, tokenize, vectorOf } from './text.ts';
import { type EngineLimits, type Exchange, replyErrorPage, replyJson, replyText, type Wire, type WireContext } from './wire.ts';

type Json = Readonly<Record<string, unknown>>;

export const llamacppWire: Wire = (context) => (exchange) => {
  const { request, response, script } = exchange;
  if (script.health === 'loading') {
    refuse(exchange, context.limits, 'loading');
    return;
  }
  switch (`${request.method} ${request.path}`) {
    case 'GET /health':
    case 'GET /v1/health':
      if (script.health === 'error-page') replyErrorPage(response);
      else replyJson(response, 200, script.health === 'lies' ? { message: 'welcome to nginx' } : { status: 'ok' });
      return;
    case 'GET /props':
      replyJson(response, 200, propsOf(context, script));
      return;
    case 'GET /slots':
      replyJson(response, 200, slotsOf(context, script));
      return;
    case 'GET /metrics':
      replyText(response, 200, 'text/plain; version=0.0.4', metricsOf(context.engine));
      return;
    case 'GET /v1/models':
    case 'GET /models':
      replyJson(response, 200, {
        object: 'list',
        data: [{ id: context.limits.modelName, object: 'model', owned_by: 'llamacpp', meta: { n_ctx: context.limits.ctxTokens } }],
      });
      return;
    case 'POST /tokenize':
      tokenizeRoute(exchange);
      return;
    case 'POST /detokenize':
      detokenizeRoute(exchange);
      return;
    case 'POST /completion':
    case 'POST /completions':
      complete(context, exchange);
      return;
    case 'POST /v1/embeddings':
      embed(context, exchange);
      return;
    case 'POST /v1/rerank':
    case 'POST /rerank':
      rerank(context, exchange);
      return;
    default:
      replyError(exchange, 404, 'not_found_error', 'File Not Found');
  }
};

const replyError = ({ response }: Exchange, code: number, type: string, message: string, more: Json = {}): void => {
  replyJson(response, code, { error: { code, message, type, ...more } });
};

const refuse = (exchange: Exchange, limits: EngineLimits, refusal: ScriptedRefusal): void => {
  const tooLong = limits.ctxTokens + 1;
  switch (refusal) {
    case 'prompt-too-long':
      replyError(
        exchange,
        400,
        'exceed_context_size_error',
        `request (${tooLong} tokens) exceeds the available context size (${limits.ctxTokens} tokens), try increasing it`,
        { n_prompt_tokens: tooLong, n_ctx: limits.ctxTokens },
      );
      return;
    case 'invalid-request':
      replyError(
        exchange,
        400,
        'invalid_request_error',
        "Field 'n_predict': [json.exception.type_error.302] type must be number, but is string",
      );
      return;
    case 'unauthorized':
      replyError(exchange, 401, 'authentication_error', 'Invalid API Key');
      return;
    case 'loading':
      replyError(exchange, 503, 'unavailable_error', 'Loading model');
      return;
    case 'server-error':
      replyError(exchange, 500, 'server_error', 'Compute error.');
      return;
    case 'error-page':
      replyErrorPage(exchange.response);
  }
};

/** The body as an object; answers itself, as the engine does, where it is none. */
const bodyOf = (exchange: Exchange): Json | null => {
  let value: unknown;
  try {
    value = JSON.parse(exchange.request.body);
  } catch {
    replyError(
      exchange,
      500,
      'server_error',
      '[json.exception.parse_error.101] parse error at line 1, column 1: syntax error while parsing value',
    );
    return null;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  replyError(exchange, 400, 'invalid_request_error', 'the request body must be an object');
  return null;
};

const propsOf = ({ engine, limits }: WireContext, script: EngineScript): Json => ({
  default_generation_settings: { params: {}, n_ctx: limits.ctxTokens },
  total_slots: engine.slots.length,
  model_alias: limits.modelName,
  model_path: `${limits.modelName}.gguf`,
  build_info: script.engineVersion,
  is_sleeping: false,
});

const slotsOf = ({ engine, limits }: WireContext, script: EngineScript): readonly Json[] =>
  engine.slots.map(({ id, answer, lastTask }) => ({
    id,
    n_ctx: limits.ctxTokens,
    speculative: false,
    is_processing: script.slotsLie === null ? answer !== null : script.slotsLie === 'all-busy',
    ...(lastTask === null
      ? {}
      : { id_task: lastTask, next_token: [{ has_next_token: answer !== null, n_decoded: answer?.tokensOut ?? 0 }] }),
  }));

const metricsOf = (engine: ScriptedEngine): string =>
  (
    [
      ['prompt_tokens_total', 'counter', engine.promptTokensTotal],
      ['tokens_predicted_total', 'counter', engine.tokensPredictedTotal],
      ['requests_processing', 'gauge', engine.busy],
      ['requests_deferred', 'gauge', engine.queued],
    ] as const
  )
    .map(([name, type, value]) => `# HELP llamacpp:${name} ${name}\n# TYPE llamacpp:${name} ${type}\nllamacpp:${name} ${value}\n`)
    .join('');

const tokenizeRoute = (exchange: Exchange): void => {
  const body = bodyOf(exchange);
  if (body === null) return;
  const ids = typeof body['content'] === 'string' ? tokenize(body['content']) : [];
  replyJson(exchange.response, 200, { tokens: body['add_special'] === true ? [bosToken, ...ids] : ids });
};

const detokenizeRoute = (exchange: Exchange): void => {
  const body = bodyOf(exchange);
  if (body === null) return;
  const { tokens } = body;
  replyJson(exchange.response, 200, { content: Array.isArray(tokens) ? detokenize(tokens.filter((id) => typeof id === 'number')) : '' });
};

/** Checks that stand before every kind of work. @returns the body, `null` once it was refused. */
const admit = (context: WireContext, exchange: Exchange): Json | null => {
  context.countTask();
  const { fault } = exchange.script;
  if (fault?.kind === 'refuse') {
    refuse(exchange, context.limits, fault.refusal);
    return null;
  }
  return bodyOf(exchange);
};

const complete = (context: WireContext, exchange: Exchange): void => {
  const body = admit(context, exchange);
  if (body === null) return;
  const { prompt, n_predict: limit, seed, stop } = body;
  if (typeof prompt !== 'string') {
    replyError(exchange, 400, 'invalid_request_error', "[json.exception.out_of_range.403] key 'prompt' not found");
    return;
  }
  if (limit !== undefined && !Number.isInteger(limit)) {
    refuse(exchange, context.limits, 'invalid-request');
    return;
  }
  const { ctxTokens } = context.limits;
  const tokensIn = promptTokens(prompt);
  if (tokensIn >= ctxTokens) {
    refuse(exchange, context.limits, 'prompt-too-long');
    return;
  }
  context.engine.promptTokensTotal += tokensIn;
  const room = ctxTokens - tokensIn;
  const maxTokens = typeof limit === 'number' && limit >= 0 ? Math.min(Math.max(1, limit), room) : room;
  const stops = Array.isArray(stop) ? stop.filter((word) => typeof word === 'string') : [];
  const answer = new CompletionAnswer(context, exchange, tokensIn, new StopText(stops));
  answer.run({ prompt, maxTokens, seed: typeof seed === 'number' ? seed : 0 });
};

/** One stream of `/completion`. */
class CompletionAnswer implements AnswerSink {
  readonly #context: WireContext;
  readonly #writer: BodyWriter;
  readonly #exchange: Exchange;
  readonly #tokensIn: number;
  readonly #stop: StopText;
  #tokensOut = 0;
  #slotId = -1;
  #answer: Answer | null = null;

  constructor(context: WireContext, exchange: Exchange, tokensIn: number, stop: StopText) {
    this.#context = context;
    this.#exchange = exchange;
    this.#writer = new BodyWriter(exchange.response, exchange.socket, exchange.script);
    this.#tokensIn = tokensIn;
    this.#stop = stop;
  }

  run(request: { readonly prompt: string; readonly maxTokens: number; readonly seed: number }): void {
    const answer = this.#context.engine.submit(request, this);
    this.#answer = answer;
    this.#exchange.response.once('close', () => answer.abandon());
  }

  begin(slotId: number): void {
    this.#slotId = slotId;
    this.#writer.head('text/event-stream');
  }

  say(steps: readonly ScriptedStep[]): boolean {
    const { pings, escapeText } = this.#exchange.script;
    let text = '';
    for (const step of steps) {
      this.#tokensOut += step.tokens;
      const { text: ready, met } = this.#stop.push(step.text);
      if (pings) text += ':\n\n';
      text += tokenEvent(escapeText ? escaped(ready) : JSON.stringify(ready), tokenIdOf(step.text), this.#tokensOut, this.#tokensIn);
      if (!met) continue;
      this.#answer?.stop();
      this.#writer.write(text);
      this.#finish('word', this.#tokensOut);
      return true;
    }
    const ready = this.#writer.write(text);
    if (!ready) this.#writer.onDrain(() => this.#answer?.resume());
    return ready;
  }

  end(how: AnswerEnd, tokensOut: number): void {
    if (how === 'limit-in-character') {
      this.#writer.write(faultEvent('The model produced output that does not match the expected Content-only format'));
      this.#writer.end();
      return;
    }
    if (how === 'eos') {
      this.#writer.write(tokenEvent(JSON.stringify(this.#stop.held), eosToken, tokensOut, this.#tokensIn));
    }
    this.#finish(how, tokensOut);
  }

  fail(fault: AnswerFault): void {
    switch (fault.kind) {
      case 'reset':
        this.#writer.reset();
        return;
      case 'garbage':
        this.#writer.write('data: {"index":0,"content":"\n\n');
        this.#writer.end();
        return;
      case 'huge-frame':
        this.#writer.write(`data: {"index":0,"content":"${'x'.repeat(fault.bytes)}`);
        return;
      case 'error-event':
        this.#writer.write(faultEvent(fault.message));
        this.#writer.end();
        return;
      case 'exit':
        this.#context.exit(fault.code, fault.stderr);
    }
  }

  #finish(stopType: 'eos' | 'limit' | 'word', tokensOut: number): void {
    const timings = { cache_n: 0, prompt_n: this.#tokensIn, predicted_n: tokensOut };
    const final = {
      stop: true,
      stop_type: stopType,
      tokens_predicted: tokensOut,
      tokens_evaluated: this.#tokensIn,
      truncated: false,
      timings,
      id_slot: this.#slotId,
    };
    this.#writer.write(`data: ${JSON.stringify(final)}\n\n`);
    this.#writer.end();
  }
}

const tokenEvent = (literal: string, tokenId: number, tokensOut: number, tokensIn: number): string =>
  `data: {"index":0,"content":${literal},"tokens":[${tokenId}],"stop":false,"id_slot":-1,"tokens_predicted":${tokensOut},"tokens_evaluated":${tokensIn}}\n\n`;

const faultEvent = (message: string): string => `data: ${JSON.stringify({ error: { code: 500, message, type: 'server_error' } })}\n\n`;

/** A JSON literal with every character beyond ASCII escaped. */
const escaped = (text: string): string =>
  JSON.stringify(text).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const embed = (context: WireContext, exchange: Exchange): void => {
  const body = admit(context, exchange);
  if (body === null) return;
  const inputs = typeof body['input'] === 'string' ? [body['input']] : textsOf(body['input']);
  if (inputs.length === 0) {
    replyError(exchange, 500, 'server_error', '"prompt" must not be empty');
    return;
  }
  const tokens = inputs.reduce((sum, input) => sum + promptTokens(input), 0);
  // Out of order on purpose: the index is what counts.
  const data = inputs.map((input, index) => ({ embedding: vectorOf(input), index, object: 'embedding' })).toReversed();
  replyJson(exchange.response, 200, {
    model: context.limits.modelName,
    object: 'list',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    data,
  });
};

const rerank = (context: WireContext, exchange: Exchange): void => {
  const body = admit(context, exchange);
  if (body === null) return;
  const { query } = body;
  const documents = textsOf(body['documents']);
  if (typeof query !== 'string' || documents.length === 0) {
    replyError(exchange, 400, 'invalid_request_error', '"documents" must be a non-empty string array');
    return;
  }
  const tokens = documents.reduce((sum, document) => sum + promptTokens(document) + promptTokens(query), 0);
  const results = documents
    .map((document, index) => ({ index, relevance_score: scoreOf(query, document) }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score);
  replyJson(exchange.response, 200, {
    model: context.limits.modelName,
    object: 'list',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    results,
  });
};

const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
