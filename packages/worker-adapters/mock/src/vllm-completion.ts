/**
 * `/v1/completions` of vLLM's server, streamed or not. It owns its requests and chunks, as vLLM's source has them; what is said and when
 * is the engine's.
 */
import type { AnswerRequest } from './engine.ts';
import { type SpokenEnd, type SpokenStep, streamAnswer, type StreamDialect } from './streamed-answer.ts';
import { detokenize, drawSeed, eosToken, promptTokens, samplingParams, textsOf, tokenIdsOf, tokenize, bosToken } from './text.ts';
import { errorObject, type Json, replyError, replyTooLong } from './vllm-refusals.ts';
import type { VllmStats } from './vllm-stats.ts';
import { answerWhole } from './whole-answer.ts';
import { type Exchange, replyJson, type WireContext } from './wire.ts';

type Asked = {
  readonly id: string;
  readonly request: AnswerRequest;
  readonly promptIds: readonly number[];
  readonly stop: readonly string[];
  readonly streams: boolean;
  readonly includesUsage: boolean;
  readonly returnsTokenIds: boolean;
};

/** Unset, it is this; the reason why an adapter must always send it. */
const defaultMaxTokens = 16;

const samplingFields = ['temperature', 'top_k', 'top_p', 'min_p', 'repetition_penalty', 'presence_penalty', 'frequency_penalty'];

export const complete = (context: WireContext, stats: VllmStats, exchange: Exchange, body: Json): void => {
  const asked = toAsked(context, exchange, body);
  if (asked === null) return;
  const { request, stop } = asked;
  const form = new CompletionForm(context, stats, asked);
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
      stats.onStep();
      form.begin(whole);
      const ids = whole.steps.flatMap(({ ids: each }) => each);
      replyJson(exchange.response, 200, {
        ...form.chunk(whole.text, ids, whole.how === 'limit' || whole.how === 'limit-in-character' ? 'length' : 'stop', whole.stopWord),
        usage: form.usage(whole.tokensOut),
      });
    },
    replyFailure: (message) => replyError(exchange, 500, 'InternalServerError', message),
  });
};

/** What is asked for; answers itself, as the engine does, where that is not good. */
const toAsked = ({ limits }: WireContext, exchange: Exchange, body: Json): Asked | null => {
  const { model, seed, temperature, stop, stream, max_tokens: given, stream_options: streamOptions } = body;
  const prompt = promptOf(body['prompt']);
  const refuse = (message: string, param: string | null = null): null => {
    replyError(exchange, 400, 'BadRequestError', message, param);
    return null;
  };
  if (typeof model === 'string' && model !== limits.modelName) {
    replyError(exchange, 404, 'NotFoundError', `The model \`${model}\` does not exist.`, 'model');
    return null;
  }
  if (prompt === null) return refuse('Either prompt or prompt_embeds must be provided and non-empty.');
  if (isJson(streamOptions) && stream !== true) return refuse('Stream options can only be defined when `stream=True`.', 'stream_options');
  const maxTokens = given ?? defaultMaxTokens;
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens) || maxTokens < 1)
    return refuse(`max_tokens must be at least 1, got ${JSON.stringify(maxTokens)}.`, 'max_tokens');
  const { temperature: checked = 1, top_p: topP = 1, top_k: topK = 0 } = body;
  if (typeof checked !== 'number' || checked < 0)
    return refuse(`temperature must be non-negative, got ${JSON.stringify(checked)}.`, 'temperature');
  if (typeof topP !== 'number' || topP <= 0 || topP > 1) return refuse(`top_p must be in (0, 1], got ${JSON.stringify(topP)}.`, 'top_p');
  if (typeof topK !== 'number' || topK < -1)
    return refuse(`top_k must be 0 (disable), or at least 1, got ${JSON.stringify(topK)}.`, 'top_k');
  if (prompt.ids.length + maxTokens > limits.ctxTokens) {
    replyTooLong(exchange, prompt.ids.length, maxTokens, limits);
    return null;
  }
  const isGreedy = temperature === 0;
  return {
    id: `cmpl-${exchange.request.headers['x-request-id'] ?? String(drawSeed())}`,
    request: {
      prompt: prompt.text,
      tokensIn: prompt.ids.length,
      maxTokens,
      seed: isGreedy ? null : typeof seed === 'number' ? seed : drawSeed(),
      params: samplingParams(body, samplingFields),
      reusesKv: body['cache_salt'] === undefined,
    },
    promptIds: prompt.ids,
    stop: typeof stop === 'string' ? [stop] : textsOf(stop),
    streams: stream === true,
    includesUsage: isJson(streamOptions) && streamOptions['include_usage'] === true,
    returnsTokenIds: body['return_token_ids'] === true,
  };
};

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** A string gets a BOS, token ids are used as they are; an empty prompt is none. */
const promptOf = (value: unknown): { readonly text: string; readonly ids: readonly number[] } | null => {
  if (typeof value === 'string') return value === '' ? null : { text: value, ids: [bosToken, ...tokenize(value)] };
  if (!Array.isArray(value) || value.length === 0 || !value.every((id) => typeof id === 'number')) return null;
  return { text: detokenize(value[0] === bosToken ? value.slice(1) : value), ids: value };
};

/** The stream, which ends in `[DONE]` whatever became of it. */
class CompletionForm implements StreamDialect {
  readonly framing = 'sse';
  readonly contentType = 'text/event-stream; charset=utf-8';
  /** Before the request waits in the queue. */
  readonly headAt = 'arrival';
  readonly garbage = 'data: {"choices":[{"index":0,"text":"\n\n';
  readonly endless = 'data: {"choices":[{"index":0,"text":"';
  readonly #context: WireContext;
  readonly #stats: VllmStats;
  readonly #asked: Asked;
  #cachedTokens = 0;
  #isFirst = true;
  #tokensOut = 0;
  #isFinished = false;

  constructor(context: WireContext, stats: VllmStats, asked: Asked) {
    this.#context = context;
    this.#stats = stats;
    this.#asked = asked;
  }

  begin({ cachedTokens }: { readonly cachedTokens: number }): string {
    this.#stats.onStep();
    this.#cachedTokens = cachedTokens;
    return '';
  }

  step({ text, ids, tokensOut }: SpokenStep): string {
    this.#stats.onStep();
    this.#tokensOut = tokensOut;
    const { request, stop } = this.#asked;
    this.#isFinished = stop.length === 0 && tokensOut === request.maxTokens;
    return sseEvent(this.chunk(text, ids, this.#isFinished ? 'length' : null));
  }

  /**
   * The finish reason comes with the last token, or the end of sequence. Where stop texts were asked for it has a chunk of its own, with
   * what was held back and is text after all.
   */
  end({ how, tokensOut, held, stopWord }: SpokenEnd): string {
    this.#stats.onStep();
    if (this.#isFinished) return this.#rest(tokensOut);
    const missing = tokensOut - this.#tokensOut;
    const ids = how === 'eos' ? [eosToken] : tokenIdsOf('', missing);
    const reason = how === 'limit' || how === 'limit-in-character' ? 'length' : 'stop';
    return sseEvent(this.chunk(held, ids, reason, stopWord)) + this.#rest(tokensOut);
  }

  error(message: string): string {
    this.#stats.onStep();
    return `${sseEvent(errorObject(500, 'InternalServerError', message))}${done}`;
  }

  aborted(tokensOut: number): string {
    this.#stats.onStep();
    return sseEvent(this.chunk('', [], 'abort')) + this.#rest(tokensOut);
  }

  unfinished(): string {
    return this.#rest(this.#tokensOut);
  }

  chunk(text: string, ids: readonly number[], finishReason: string | null, stopReason: string | null = null): Json {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const { id, returnsTokenIds, promptIds } = this.#asked;
    return {
      id,
      object: 'text_completion',
      created: 1,
      model: this.#context.limits.modelName,
      choices: [
        {
          index: 0,
          text,
          logprobs: null,
          finish_reason: finishReason,
          stop_reason: stopReason,
          prompt_token_ids: returnsTokenIds && isFirst ? promptIds : null,
          token_ids: returnsTokenIds ? ids : null,
        },
      ],
    };
  }

  usage(tokensOut: number): Json {
    const { tokensIn } = this.#asked.request;
    const details = this.#context.limits.options['prompt-tokens-details'] === 'on';
    return {
      prompt_tokens: tokensIn,
      total_tokens: tokensIn + tokensOut,
      completion_tokens: tokensOut,
      prompt_tokens_details: details ? { cached_tokens: this.#cachedTokens } : null,
    };
  }

  #rest(tokensOut: number): string {
    if (!this.#asked.includesUsage) return done;
    const { id } = this.#asked;
    const { modelName } = this.#context.limits;
    const chunk = { id, object: 'text_completion', created: 1, model: modelName, choices: [], usage: this.usage(tokensOut) };
    return `${sseEvent(chunk)}${done}`;
  }
}

const sseEvent = (value: Json): string => `data: ${JSON.stringify(value)}\n\n`;
const done = 'data: [DONE]\n\n';

/** Tokens that `/tokenize` gives for a text. */
export const tokenIdsFor = (text: string, addsSpecial: boolean): readonly number[] =>
  addsSpecial ? [bosToken, ...tokenize(text)] : tokenize(text);

/** As many as {@link tokenIdsFor} gives, without making them. */
export const sumTokens = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + promptTokens(text), 0);
