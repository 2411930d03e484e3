/**
 * Generation of llama.cpp's server: `/completion` in its native form, streamed or not, and `/v1/completions`. It owns their
 * requests and events, trap for trap as recorded from `llama-server` b10587; what is said and when is the engine's.
 */
import type { AnswerRequest } from './engine.ts';
import { type Json, replyError, replyTooLong, replyWrongType } from './llamacpp-refusals.ts';
import { type SpokenEnd, streamAnswer, type StreamDialect } from './streamed-answer.ts';
import { bosToken, detokenize, drawSeed, eosToken, promptTokens, samplingParams, textsOf } from './text.ts';
import { answerWhole } from './whole-answer.ts';
import { type Exchange, replyJson, type WireContext } from './wire.ts';

/** What a request holds once it is found good. */
type Asked = {
  readonly request: AnswerRequest;
  readonly stop: readonly string[];
  readonly streams: boolean;
  /** The limit was the context's, not the request's. */
  readonly fillsContext: boolean;
  readonly responseFields: readonly string[] | null;
  readonly returnTokens: boolean;
};

export const complete = (context: WireContext, exchange: Exchange, body: Json): void => {
  const asked = toAsked(context, exchange, body);
  if (asked === null) return;
  const { request, stop } = asked;
  const native = new NativeForm(context, asked);
  if (asked.streams) {
    streamAnswer({ context, exchange, request, stop, stopText: 'cut', dialect: native });
    return;
  }
  answerWhole({
    context,
    exchange,
    request,
    stop,
    reply: (whole) => {
      native.begin(whole);
      const content = { content: whole.text, ...(asked.returnTokens ? { tokens: whole.steps.flatMap(({ ids }) => ids) } : { tokens: [] }) };
      replyJson(exchange.response, 200, native.final({ ...whole, held: '' }, content));
    },
    replyFailure: (message) => replyError(exchange, 500, 'server_error', message),
  });
};

export const completeOpenAi = (context: WireContext, exchange: Exchange, body: Json): void => {
  const asked = toAsked(context, exchange, body);
  if (asked === null) return;
  const { request, stop } = asked;
  const form = new OpenAiForm(context, asked);
  if (asked.streams) {
    streamAnswer({ context, exchange, request, stop, stopText: 'cut', dialect: form });
    return;
  }
  answerWhole({
    context,
    exchange,
    request,
    stop,
    reply: (whole) => {
      form.begin(whole);
      replyJson(exchange.response, 200, form.last({ ...whole, held: '' }, whole.text));
    },
    replyFailure: (message) => replyError(exchange, 500, 'server_error', message),
  });
};

/** What is asked for; answers itself, as the engine does, where that is not good. */
const toAsked = ({ limits }: WireContext, exchange: Exchange, body: Json): Asked | null => {
  const limit = body['n_predict'] ?? body['max_tokens'] ?? body['max_completion_tokens'] ?? -1;
  const prompt = promptOf(body['prompt']);
  if (prompt === null) {
    replyError(exchange, 400, 'invalid_request_error', "[json.exception.out_of_range.403] key 'prompt' not found");
    return null;
  }
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < -1) {
    replyWrongType(exchange, 'n_predict', 'number');
    return null;
  }
  const { stop, seed, temperature } = body;
  if (prompt.tokensIn >= limits.ctxTokens) {
    replyTooLong(exchange, prompt.tokensIn, limits);
    return null;
  }
  const room = limits.ctxTokens - prompt.tokensIn;
  const isGreedy = typeof temperature === 'number' && temperature <= 0;
  const isDrawn = typeof seed !== 'number' || seed === -1 || seed === 2 ** 32 - 1;
  return {
    request: {
      ...prompt,
      // 0 gives one token all the same.
      maxTokens: limit < 0 ? room : Math.min(Math.max(1, limit), room),
      seed: isGreedy ? null : isDrawn ? drawSeed() : seed,
      params: samplingParams(body, samplingFields),
      reusesKv: body['cache_prompt'] !== false,
    },
    stop: typeof stop === 'string' ? [stop] : textsOf(stop),
    streams: body['stream'] === true,
    fillsContext: limit < 0 || limit > room,
    responseFields: Array.isArray(body['response_fields']) ? textsOf(body['response_fields']) : null,
    returnTokens: body['return_tokens'] === true,
  };
};

const samplingFields = ['temperature', 'top_k', 'top_p', 'min_p', 'typical_p', 'repeat_penalty', 'presence_penalty', 'frequency_penalty'];

/** A string gets a BOS, token ids are used as they are. */
const promptOf = (value: unknown): { readonly prompt: string; readonly tokensIn: number } | null => {
  if (typeof value === 'string') return { prompt: value, tokensIn: promptTokens(value) };
  if (!Array.isArray(value) || value.length === 0 || !value.every((id) => typeof id === 'number')) return null;
  return { prompt: detokenize(value[0] === bosToken ? value.slice(1) : value), tokensIn: value.length };
};

const stopTypeOf = (how: SpokenEnd['how']): 'eos' | 'limit' | 'word' => (how === 'limit-in-character' ? 'limit' : how);

const sseEvent = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

const faultEvent = (message: string): string => sseEvent({ error: { code: 500, message, type: 'server_error' } });

/** What it says a token took: about what one costs here, and the same in every process, so that two of them agree byte for byte. */
const tokenMs = 0.02;

const abortedMessage = 'The request was canceled.';

/** The native stream. It has no terminator but the event with `"stop":true`. */
class NativeForm implements StreamDialect {
  readonly framing = 'sse';
  readonly contentType = 'text/event-stream';
  readonly headers = { Server: 'llama.cpp' };
  /** Time in the queue and in prefill shows as time to the head. */
  readonly headAt = 'slot';
  readonly garbage = 'data: {"index":0,"content":"\n\n';
  readonly endless = 'data: {"index":0,"content":"';
  readonly #context: WireContext;
  readonly #asked: Asked;
  #slotId = -1;
  #cachedTokens = 0;

  constructor(context: WireContext, asked: Asked) {
    this.#context = context;
    this.#asked = asked;
  }

  begin({ slotId, cachedTokens }: { readonly slotId: number; readonly cachedTokens: number }): string {
    this.#slotId = slotId;
    this.#cachedTokens = cachedTokens;
    return '';
  }

  /** Of several tokens that make one character, only the last id is shown. */
  step({ text, ids, tokensOut }: { readonly text: string; readonly ids: readonly number[]; readonly tokensOut: number }): string {
    return this.#token(text, ids.at(-1) ?? eosToken, tokensOut);
  }

  /** Text that was held for a stop word is lost where a limit ends the answer; bytes of half a character break it. */
  end(end: SpokenEnd): string {
    if (end.how === 'limit-in-character')
      return faultEvent('The model produced output that does not match the expected Content-only format');
    const last = end.how === 'eos' ? this.#token(end.held, eosToken, end.tokensOut) : '';
    return last + sseEvent(this.final(end, { index: 0, content: '', tokens: [] }));
  }

  /** The one object of an answer that is not streamed, and the last event of one that is. */
  final({ how, tokensOut, stopWord }: SpokenEnd, content: Json): Json {
    const { request, stop, responseFields, fillsContext } = this.#asked;
    const final: Json = {
      ...content,
      id_slot: this.#slotId,
      stop: true,
      model: this.#context.limits.modelName,
      tokens_predicted: tokensOut,
      tokens_evaluated: request.tokensIn,
      generation_settings: { seed: request.seed ?? 4294967295, n_predict: request.maxTokens, stop, stream: this.#asked.streams },
      prompt: `<s> ${request.prompt}`,
      has_new_line: false,
      truncated: how === 'limit' && fillsContext,
      stop_type: stopTypeOf(how),
      stopping_word: stopWord ?? '',
      tokens_cached: request.tokensIn + tokensOut - 1,
      timings: {
        cache_n: this.#cachedTokens,
        prompt_n: request.tokensIn - this.#cachedTokens,
        predicted_n: tokensOut,
        predicted_ms: Math.max(0, tokensOut - 1) * tokenMs,
      },
    };
    // It drops `stop` too, unless that is asked for.
    return responseFields === null ? final : Object.fromEntries(Object.entries(final).filter(([name]) => responseFields.includes(name)));
  }

  error(message: string): string {
    return faultEvent(message);
  }

  aborted(): string {
    return faultEvent(abortedMessage);
  }

  unfinished(): string {
    return '';
  }

  #token(text: string, tokenId: number, tokensOut: number): string {
    // Not one JSON.stringify: this is most of what a token costs.
    return `data: {"index":0,"content":${JSON.stringify(text)},"tokens":[${tokenId}],"stop":false,"id_slot":-1,"tokens_predicted":${tokensOut},"tokens_evaluated":${this.#asked.request.tokensIn}}\n\n`;
  }
}

/** The OpenAI form, which ends in `[DONE]` and always has usage. */
class OpenAiForm implements StreamDialect {
  readonly framing = 'sse';
  readonly contentType = 'text/event-stream';
  readonly headers = { Server: 'llama.cpp' };
  readonly headAt = 'slot';
  readonly garbage = 'data: {"choices":[{"text":"\n\n';
  readonly endless = 'data: {"choices":[{"text":"';
  readonly #context: WireContext;
  readonly #asked: Asked;
  #cachedTokens = 0;

  constructor(context: WireContext, asked: Asked) {
    this.#context = context;
    this.#asked = asked;
  }

  begin({ cachedTokens }: { readonly cachedTokens: number }): string {
    this.#cachedTokens = cachedTokens;
    return '';
  }

  step({ text }: { readonly text: string }): string {
    return sseEvent(this.#chunk(text, null));
  }

  end(end: SpokenEnd): string {
    if (end.how === 'limit-in-character')
      return faultEvent('The model produced output that does not match the expected Content-only format');
    const held = end.how === 'eos' && end.held !== '' ? sseEvent(this.#chunk(end.held, null)) : '';
    return `${held}${sseEvent(this.last(end, ''))}data: [DONE]\n\n`;
  }

  last({ how, tokensOut }: SpokenEnd, text: string): Json {
    const { tokensIn } = this.#asked.request;
    return {
      ...this.#chunk(text, stopTypeOf(how) === 'limit' ? 'length' : 'stop'),
      usage: {
        completion_tokens: tokensOut,
        prompt_tokens: tokensIn,
        total_tokens: tokensIn + tokensOut,
        prompt_tokens_details: { cached_tokens: this.#cachedTokens },
      },
    };
  }

  error(message: string): string {
    return faultEvent(message);
  }

  aborted(): string {
    return faultEvent(abortedMessage);
  }

  unfinished(): string {
    return 'data: [DONE]\n\n';
  }

  #chunk(text: string, finishReason: 'stop' | 'length' | null): Json {
    return {
      choices: [{ text, index: 0, logprobs: null, finish_reason: finishReason }],
      model: this.#context.limits.modelName,
      system_fingerprint: this.#context.script().engineVersion,
      object: 'text_completion',
      id: 'chatcmpl-simulated',
    };
  }
}
