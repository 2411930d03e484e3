/**
 * `/generate` and `/generate_stream` of TGI. It owns their requests and events, as TGI's source has them; what is said and when is the
 * engine's.
 */
import type { AnswerRequest } from './engine.ts';
import { type SpokenEnd, type SpokenStep, streamAnswer, type StreamDialect } from './streamed-answer.ts';
import { drawSeed, eosToken, promptTokens, samplingParams, textsOf, tokenIdsOf } from './text.ts';
import { errorEvent, generation, type Json, overloaded, type Refusal, replyRefusal, tooLong, validation } from './tgi-refusals.ts';
import type { TgiStats } from './tgi-stats.ts';
import { answerWhole } from './whole-answer.ts';
import { type EngineLimits, type Exchange, replyJson, type WireContext } from './wire.ts';

type Asked = {
  readonly request: AnswerRequest;
  readonly stop: readonly string[];
  readonly details: boolean;
};

const maxStopSequences = 4;
const defaultMaxConcurrentRequests = 128;

/** What is let in at a time, whether it is decoded or waits. */
export const maxConcurrentRequests = ({ options }: EngineLimits): number =>
  Number(options['max-concurrent-requests'] ?? defaultMaxConcurrentRequests);

export const generate = (context: WireContext, stats: TgiStats, exchange: Exchange, body: Json, form: 'stream' | 'whole'): void => {
  const { engine, limits } = context;
  const isFull = engine.isFull || engine.busy + engine.queued >= maxConcurrentRequests(limits);
  const asked = isFull ? overloaded : toAsked(limits, body);
  if ('error' in asked) {
    replyRefusal(exchange, asked, form);
    return;
  }
  const { request, stop } = asked;
  stats.promptTokens += request.tokensIn;
  if (form === 'stream') {
    streamAnswer({ context, exchange, request, stop, stopText: 'kept', dialect: new StreamForm(stats, asked) });
    return;
  }
  answerWhole({
    context,
    exchange,
    request,
    stop,
    reply: (whole) => {
      stats.generatedTokens += whole.tokensOut;
      const tokens = whole.steps.flatMap(({ text, ids }) => ids.map((id, index) => tokenOf(id, index === ids.length - 1 ? text : '')));
      const reason = whole.how === 'word' ? 'stop_sequence' : whole.how === 'eos' ? 'eos_token' : 'length';
      const details = { finish_reason: reason, generated_tokens: whole.tokensOut, seed: request.seed, prefill: [], tokens };
      replyJson(exchange.response, 200, { generated_text: whole.textWithStop, ...(asked.details ? { details } : {}) });
    },
    replyFailure: (message) => replyRefusal(exchange, generation(message), 'whole'),
  });
};

/** What is asked for, or why not. */
const toAsked = ({ ctxTokens }: EngineLimits, body: Json): Asked | Refusal => {
  const inputs = typeof body['inputs'] === 'string' ? body['inputs'] : '';
  // Without `parameters` it samples; with them it does not, unless one of them says so.
  const parameters = isJson(body['parameters']) ? body['parameters'] : { do_sample: true };
  const tokensIn = promptTokens(inputs);
  const { max_new_tokens: given, temperature, top_k: topK, top_p: topP, typical_p: typicalP, seed } = parameters;
  const maxTokens = typeof given === 'number' ? given : ctxTokens - tokensIn;
  const stop = textsOf(parameters['stop']);
  const faults: readonly (readonly [boolean, Refusal])[] = [
    [inputs === '', validation('`inputs` cannot be empty')],
    [maxTokens < 1, validation('`max_new_tokens` must be strictly positive')],
    [typeof temperature === 'number' && temperature <= 0, validation('`temperature` must be strictly positive')],
    [typeof topP === 'number' && (topP <= 0 || topP >= 1), validation('`top_p` must be > 0.0 and < 1.0')],
    [typeof topK === 'number' && topK <= 0, validation('`top_k` must be strictly positive')],
    [stop.length > maxStopSequences, validation(`\`stop\` supports up to ${maxStopSequences} stop sequences. Given: ${stop.length}`)],
    [tokensIn + maxTokens > ctxTokens, tooLong(tokensIn, maxTokens, ctxTokens)],
  ];
  const fault = faults.find(([isAtFault]) => isAtFault);
  if (fault !== undefined) return fault[1];
  const samples =
    parameters['do_sample'] === true || [temperature, topK, topP, typicalP].some((value) => typeof value === 'number' && value !== 1);
  return {
    request: {
      prompt: inputs,
      tokensIn,
      maxTokens,
      seed: samples ? (typeof seed === 'number' ? seed : drawSeed()) : null,
      params: samplingParams(parameters, ['temperature', 'top_k', 'top_p', 'typical_p', 'repetition_penalty', 'frequency_penalty']),
      reusesKv: true,
    },
    stop,
    details: parameters['details'] === true,
  };
};

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

const tokenOf = (id: number, text: string, special = false): Json => ({ id, text, logprob: -0.5, special });

/** The stream: one event for each token, the last of which says that it is the last. No `[DONE]`. */
class StreamForm implements StreamDialect {
  readonly framing = 'sse';
  readonly contentType = 'text/event-stream';
  readonly headers = { 'x-accel-buffering': 'no' };
  /** Before the request is looked at. */
  readonly headAt = 'arrival';
  readonly garbage = 'data:{"index":1,"token":{"text":"\n\n';
  readonly endless = 'data:{"index":1,"token":{"text":"';
  readonly #stats: TgiStats;
  readonly #asked: Asked;
  #index = 0;
  #text = '';
  #isOver = false;

  constructor(stats: TgiStats, asked: Asked) {
    this.#stats = stats;
    this.#asked = asked;
  }

  begin(): string {
    return '';
  }

  /** A character made of several tokens is text of the last of them. */
  step({ text, ids, tokensOut }: SpokenStep): string {
    this.#text += text;
    const reason = this.#asked.stop.some((word) => endsIn(this.#text, word))
      ? 'stop_sequence'
      : tokensOut === this.#asked.request.maxTokens
        ? 'length'
        : null;
    return ids
      .map((id, index) => (index === ids.length - 1 ? this.#event(tokenOf(id, text), reason) : this.#event(tokenOf(id, ''), null)))
      .join('');
  }

  /** A limit and a stop text were seen with their token; what is left is the end of sequence, and a limit inside a character. */
  end({ how, tokensOut }: SpokenEnd): string {
    if (this.#isOver) return '';
    if (how === 'eos') return this.#event(tokenOf(eosToken, '</s>', true), 'eos_token');
    const ids = tokenIdsOf('', tokensOut - this.#index);
    // All of the text decodes to nothing where it ends in half a character.
    this.#text = '';
    return ids.map((id, index) => this.#event(tokenOf(id, ''), index === ids.length - 1 ? 'length' : null)).join('');
  }

  error(message: string): string {
    return errorEvent(generation(message));
  }

  aborted(): string {
    return errorEvent({ status: 500, type: 'incomplete_generation_stream', error: 'Incomplete generation stream' });
  }

  unfinished(): string {
    return '';
  }

  #event(token: Json, reason: string | null): string {
    this.#index += 1;
    const { request, details } = this.#asked;
    if (reason !== null) {
      this.#isOver = true;
      this.#stats.generatedTokens += this.#index;
    }
    const said =
      reason === null || !details
        ? null
        : { finish_reason: reason, generated_tokens: this.#index, seed: request.seed, input_length: request.tokensIn };
    return `data:${JSON.stringify({ index: this.#index, token, generated_text: reason === null ? null : this.#text, details: said })}\n\n`;
  }
}

/** How the engine looks for a stop text: at the end of all the text, before a line end too, and nowhere else. */
const endsIn = (text: string, word: string): boolean => text.endsWith(word) || text.endsWith(`${word}\n`);
