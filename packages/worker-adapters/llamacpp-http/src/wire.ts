/**
 * llama.cpp's native wire, both ways, as pure functions. It owns the shapes of requests and answers; it opens no
 * connection and decides nothing about a task.
 */
import {
  type CompletionTask,
  EngineJson,
  type HttpAnswer,
  isJsonObject,
  parseJson,
  type SlotState,
  samplingFields,
  type WorkerHealth,
  type WorkerProps,
} from '@llama-orch/adapter-api';

/** What the final event is asked for. `stop` must be among them, or the terminator cannot be told from the rest. */
const responseFields = ['stop', 'stop_type', 'tokens_predicted', 'tokens_evaluated', 'truncated', 'timings', 'id_slot'];

/**
 * The body of `POST /completion`.
 *
 * Always a stream: an abandoned request without one is noticed late or never. All sampling fields are sent, because a
 * server's flags change their defaults. The stop texts go to the engine, see `completion-stream.ts`.
 */
export const toCompletionBody = (task: CompletionTask): Readonly<Record<string, unknown>> => ({
  prompt: task.prompt,
  n_predict: task.maxTokens,
  stream: true,
  cache_prompt: task.kvReuse,
  ...(task.stop.length > 0 ? { stop: task.stop } : {}),
  ...samplingFields(task, 'llamacpp'),
  response_fields: responseFields,
});

/** How an engine ended an answer: it had nothing more to say, met a stop text, or ran out of tokens. */
export type StopType = 'eos' | 'word' | 'limit';

export type EngineFault = { readonly type: string; readonly message: string };

export type CompletionEvent =
  /** `text` may be empty: end of sequence, or text held back. `tokenId`: last one of the event, only where text is empty. */
  | {
      readonly kind: 'token';
      readonly text: string;
      readonly tokenId: number | null;
      readonly tokensOut: number;
      readonly tokensIn: number;
    }
  | {
      readonly kind: 'final';
      readonly stopType: StopType;
      readonly tokensOut: number;
      readonly tokensIn: number;
      readonly cachedTokens: number;
      /** `null` where it does not say. */
      readonly decodeMs: number | null;
    }
  | { readonly kind: 'fault'; readonly fault: EngineFault }
  /** Progress of the prompt, and the literal `null` that some builds send. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'garbage'; readonly why: string };

/**
 * What one event of a stream says.
 *
 * The usual token event is scanned, not parsed: its text is cut out between two quotes, which costs a fifth of a
 * JSON.parse of the whole. Any other shape takes the parser.
 */
export const toCompletionEvent = (data: string): CompletionEvent => scanTokenEvent(data) ?? parseEvent(data);

const head = '{"index":0,"content":"';
const afterText = '","tokens":[';
const afterTokens = '],"stop":false,';
const predicted = '"tokens_predicted":';
const evaluated = ',"tokens_evaluated":';

/** V8 copies a slice below this length; a longer one would keep the whole network read in memory as long as the text. */
const longestCopiedSlice = 12;

const scanTokenEvent = (data: string): CompletionEvent | null => {
  if (!data.startsWith(head)) return null;
  const start = head.length;
  const end = endOfLiteral(data, start);
  if (!data.startsWith(afterText, end)) return null;
  const tokensStart = end + afterText.length;
  const tokensEnd = data.indexOf(']', tokensStart);
  if (tokensEnd === -1 || !data.startsWith(afterTokens, tokensEnd)) return null;
  const predictedAt = data.indexOf(predicted, tokensEnd);
  if (predictedAt === -1) return null;
  const digits = predictedAt + predicted.length;
  const digitsEnd = endOfDigits(data, digits);
  if (digitsEnd === digits || !data.startsWith(evaluated, digitsEnd)) return null;
  const moreDigits = digitsEnd + evaluated.length;
  const tokensOut = Number(data.slice(digits, digitsEnd));
  if (tokensOut === 0) return { kind: 'nothing' };
  const tokensIn = Number(data.slice(moreDigits, endOfDigits(data, moreDigits)));
  if (end === start) return { kind: 'token', text: '', tokenId: lastInteger(data.slice(tokensStart, tokensEnd)), tokensOut, tokensIn };
  const text = literalText(data, start, end);
  return text === null ? null : { kind: 'token', text, tokenId: null, tokensOut, tokensIn };
};

/** Index of the quote that ends the string literal whose inside starts at `start`; -1 when none does. */
const endOfLiteral = (data: string, start: number): number => {
  let quote = data.indexOf('"', start);
  let slash = data.indexOf('\\', start);
  while (slash !== -1 && quote !== -1 && slash < quote) {
    const next = slash + 2;
    if (quote < next) quote = data.indexOf('"', next);
    slash = data.indexOf('\\', next);
  }
  return quote;
};

const literalText = (data: string, start: number, end: number): string | null => {
  if (end - start <= longestCopiedSlice && !data.slice(start, end).includes('\\')) return data.slice(start, end);
  const text = parseJson(data.slice(start - 1, end + 1));
  return typeof text === 'string' ? text : null;
};

const endOfDigits = (data: string, start: number): number => {
  let at = start;
  while (data.charCodeAt(at) >= 0x30 && data.charCodeAt(at) <= 0x39) at += 1;
  return at;
};

const lastInteger = (list: string): number | null => {
  const last = list.slice(list.lastIndexOf(',') + 1).trim();
  return /^\d+$/.test(last) ? Number(last) : null;
};

const parseEvent = (data: string): CompletionEvent => {
  const value = parseJson(data);
  if (value === undefined) return { kind: 'garbage', why: 'an event that is not JSON' };
  if (value === null) return { kind: 'nothing' };
  if (!isJsonObject(value)) return { kind: 'garbage', why: 'an event that is not an object' };
  if (value['error'] !== undefined) return { kind: 'fault', fault: toEngineFault(value['error']) };
  const { index, content, stop, tokens_predicted: tokensOut, tokens_evaluated: tokensIn, tokens } = value;
  if (index !== undefined && index !== 0) return { kind: 'garbage', why: 'an event of a second answer' };
  if (!isCount(tokensOut) || !isCount(tokensIn)) return { kind: 'garbage', why: 'an event without token counts' };
  if (stop === true) {
    const stopType = value['stop_type'];
    if (stopType !== 'eos' && stopType !== 'word' && stopType !== 'limit')
      return { kind: 'garbage', why: 'a final event without a reason' };
    return {
      kind: 'final',
      stopType,
      tokensOut,
      tokensIn,
      cachedTokens: cachedTokensOf(value['timings']),
      decodeMs: decodeMsOf(value['timings']),
    };
  }
  if (typeof content !== 'string') return { kind: 'garbage', why: 'an event without text' };
  if (tokensOut === 0) return { kind: 'nothing' };
  const lastId: unknown = Array.isArray(tokens) ? tokens.at(-1) : null;
  return { kind: 'token', text: content, tokenId: content === '' && isCount(lastId) ? lastId : null, tokensOut, tokensIn };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const cachedTokensOf = (timings: unknown): number => (isJsonObject(timings) && isCount(timings['cache_n']) ? timings['cache_n'] : 0);

/** Its own clock, from the first token to the last. */
const decodeMsOf = (timings: unknown): number | null => {
  const ms = isJsonObject(timings) ? timings['predicted_ms'] : null;
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? ms : null;
};

/** The engine's own words for a failure; empty strings where it has none. @param error - The value of `error`. */
export const toEngineFault = (error: unknown): EngineFault => {
  if (!isJsonObject(error)) return { type: '', message: typeof error === 'string' ? error : '' };
  return {
    type: typeof error['type'] === 'string' ? error['type'] : '',
    message: typeof error['message'] === 'string' ? error['message'] : '',
  };
};

/** @param answer - Of `GET /health`, whatever its status. */
export const toHealth = ({ status, body }: HttpAnswer): WorkerHealth => {
  const answer = parseJson(body);
  if (status === 200 && isJsonObject(answer) && answer['status'] === 'ok') return { kind: 'ready' };
  const fault = isJsonObject(answer) ? toEngineFault(answer['error']) : null;
  if (status === 503 && fault?.type === 'unavailable_error') return { kind: 'loading', message: fault.message };
  return { kind: 'unhealthy', message: `GET /health answered ${status} with something that is not llama.cpp’s.` };
};

export const toProps = (body: unknown): WorkerProps => {
  const props = new EngineJson(body, 'GET /props');
  const alias = props.get('model_alias');
  const path = props.get('model_path');
  return {
    engineVersion: props.get('build_info').string(),
    slotsTotal: props.get('total_slots').integer(),
    ctxTokens: props.get('default_generation_settings').get('n_ctx').integer(),
    modelName: alias.isMissing ? (path.isMissing ? null : (path.string().split('/').at(-1) ?? null)) : alias.string(),
  };
};

/** A slot that was never used has no `id_task`. */
export const toSlots = (body: unknown): readonly SlotState[] =>
  new EngineJson(body, 'GET /slots').array().map((slot) => {
    const task = slot.get('id_task');
    return {
      id: slot.get('id').integer(),
      busy: slot.get('is_processing').boolean(),
      engineTaskId: task.isMissing ? null : String(task.number()),
    };
  });

/**
 * The body of `POST /tokenize` that counts what `/completion` would: with BOS where the model has one, and special
 * tokens in the text read as such.
 */
export const toTokenizeBody = (text: string): Readonly<Record<string, unknown>> => ({
  content: text,
  add_special: true,
  parse_special: true,
});
