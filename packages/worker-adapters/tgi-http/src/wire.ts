/**
 * TGI's own wire, both ways, as pure functions. It owns the shapes of requests and answers; it opens no connection and decides
 * nothing about a task.
 */
import {
  type CompletionTask,
  EngineJson,
  type FinishReason,
  type HttpAnswer,
  isJsonObject,
  type JsonObject,
  parseJson,
  parsePrometheus,
  samplingFields,
  WorkerError,
  type WorkerHealth,
  type WorkerMetrics,
  type WorkerProps,
} from '@llama-orch/adapter-api';

/** `--max-stop-sequences` unless it was changed; a request with more is refused. The adapter matches the others. */
const maxStopSequences = 4;

/**
 * The body of `POST /generate_stream` and `POST /generate`.
 *
 * `parameters` is never left out: without it the engine samples. Greedy is `do_sample: false` and nothing that turns sampling on; a
 * temperature of 0 is refused. Without `details` the last event has no finish reason, in a stream too.
 */
export const toGenerateBody = (task: CompletionTask): Readonly<Record<string, unknown>> => ({
  inputs: task.prompt,
  parameters: {
    max_new_tokens: task.maxTokens,
    details: true,
    return_full_text: false,
    ...(task.stop.length > 0 ? { stop: task.stop.slice(0, maxStopSequences) } : {}),
    ...samplingFields(task, 'tgi'),
  },
});

/** The engine's own words for a failure; empty strings where it has none. */
export type EngineFault = { readonly type: string; readonly message: string };

/** What the engine says of a whole answer. */
export type AnswerDetails = { readonly finishReason: FinishReason; readonly tokensIn: number | null; readonly tokensOut: number };

export type GenerateEvent =
  /** One token. `text` is empty for a special one, whose text is no part of the answer, and for a part of a character. */
  | { readonly kind: 'token'; readonly text: string; readonly details: AnswerDetails | null }
  | { readonly kind: 'fault'; readonly fault: EngineFault }
  | { readonly kind: 'garbage'; readonly why: string };

const finishReasons: Readonly<Record<string, FinishReason>> = { length: 'length', eos_token: 'stop', stop_sequence: 'stop' };

/**
 * What one event of a stream says. The last one has a `generated_text`: all of the text once more, which is not read, for it is empty
 * where the answer ends inside a character.
 */
export const toGenerateEvent = (data: string): GenerateEvent => {
  const value = parseJson(data);
  if (!isJsonObject(value)) return { kind: 'garbage', why: 'an event that is not a JSON object' };
  if (value['error'] !== undefined) return { kind: 'fault', fault: toEngineFault(value) };
  const text = toTokenText(value['token']);
  if (text === null) return { kind: 'garbage', why: 'an event without a token' };
  const { generated_text: whole, details } = value;
  if (whole === null) return { kind: 'token', text, details: null };
  const read = typeof whole === 'string' ? toAnswerDetails(details) : null;
  return read === null ? { kind: 'garbage', why: 'a last event without its details' } : { kind: 'token', text, details: read };
};

const toTokenText = (token: unknown): string | null => {
  if (!isJsonObject(token) || typeof token['text'] !== 'string') return null;
  return token['special'] === true ? '' : token['text'];
};

const toAnswerDetails = (details: unknown): AnswerDetails | null => {
  if (!isJsonObject(details)) return null;
  const { finish_reason: reason, generated_tokens: tokensOut, input_length: tokensIn } = details;
  const finishReason = typeof reason === 'string' && Object.hasOwn(finishReasons, reason) ? finishReasons[reason] : undefined;
  if (finishReason === undefined || !isCount(tokensOut)) return null;
  return { finishReason, tokensOut, tokensIn: isCount(tokensIn) ? tokensIn : null };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * The tokens’ texts of `POST /generate`, and what the engine says of the whole; the length of the prompt is not among it.
 *
 * @errors `worker-reset` for an answer of another shape.
 */
export const toWholeAnswer = (body: unknown): { readonly texts: readonly string[]; readonly details: AnswerDetails } => {
  const tokens = new EngineJson(body, 'POST /generate').get('details').get('tokens').array();
  const texts = tokens.map((token) => (token.get('special').boolean() ? '' : token.get('text').string()));
  const details = isJsonObject(body) ? toAnswerDetails(body['details']) : null;
  if (details !== null) return { texts, details };
  throw new WorkerError('worker-reset', 'The engine answered in another shape: POST /generate .details has no finish reason or no count.', {
    mayRunAgain: true,
  });
};

/** @param answer - A body with `error` and `error_type`. */
export const toEngineFault = (answer: JsonObject): EngineFault => {
  const text = (name: string): string => (typeof answer[name] === 'string' ? answer[name] : '');
  return { type: text('error_type'), message: text('error') };
};

/**
 * @param answer - Of `GET /health`, whatever its status. A healthy engine answers 200 with nothing in it. There is no answer for
 * loading: until the model is loaded the port takes no connection.
 */
export const toHealth = ({ status, body }: HttpAnswer): WorkerHealth => {
  if (status === 200 && body === '') return { kind: 'ready' };
  const answer = parseJson(body);
  const fault = isJsonObject(answer) ? toEngineFault(answer) : null;
  if (status === 503 && fault?.type === 'healthcheck') {
    return { kind: 'unhealthy', message: 'GET /health answered 503: a shard of the engine failed its check.' };
  }
  return { kind: 'unhealthy', message: `GET /health answered ${status} with something that is not TGI’s.` };
};

/** @param body - Of `GET /info`. */
export const toProps = (body: unknown): WorkerProps => {
  const info = new EngineJson(body, 'GET /info');
  return {
    engineVersion: info.get('version').string(),
    // How many are decoded together depends on their tokens; what is told is how many are let in.
    slotsTotal: null,
    requestsMax: info.get('max_concurrent_requests').integer(),
    ctxTokens: info.get('max_total_tokens').integer(),
    modelName: info.get('model_id').string(),
  };
};

/** @param text - Of `GET /metrics`. A series appears with its first use, so one that is not there is 0. */
export const toMetrics = (text: string): WorkerMetrics => {
  const values = parsePrometheus(text);
  const read = (name: string): number => values.get(`tgi_${name}`) ?? 0;
  const kvTokens = read('batch_max_total_tokens');
  return {
    promptTokensTotal: read('request_input_length_sum'),
    generatedTokensTotal: read('request_generated_tokens_sum'),
    requestsRunning: read('batch_current_size'),
    requestsWaiting: read('queue_size'),
    kvUsageRatio: kvTokens === 0 ? null : read('batch_current_max_tokens') / kvTokens,
  };
};
