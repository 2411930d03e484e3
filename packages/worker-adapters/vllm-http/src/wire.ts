/**
 * vLLM's OpenAI-compatible wire, both ways, as pure functions. It owns the shapes of requests and answers; it opens no
 * connection and decides nothing about a task.
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
  prometheusMean,
  samplingFields,
  type WorkerHealth,
  type WorkerMetrics,
  type WorkerProps,
  type Workload,
} from '@llama-orch/adapter-api';

/**
 * The body of `POST /v1/completions`.
 *
 * `max_tokens` is always sent (the default is 16), and so is every sampling field, because an unset one takes the model's
 * `generation_config.json`. No `model`: a server has one, and an unknown name is a 404. A misspelt field would be ignored in
 * silence, so the tests hold the names against the engine's reference.
 *
 * @param cacheSalt - Something no other request has; it keeps the prefix cache out of an answer that may not use it.
 */
export const toCompletionBody = (task: CompletionTask, cacheSalt: string): Readonly<Record<string, unknown>> => ({
  prompt: task.prompt,
  max_tokens: task.maxTokens,
  stream: true,
  stream_options: { include_usage: true },
  return_token_ids: true,
  ...(task.stop.length > 0 ? { stop: task.stop } : {}),
  ...(task.kvReuse ? {} : { cache_salt: cacheSalt }),
  ...samplingFields(task, 'vllm'),
});

/** The engine's own words for a failure; empty, and 0, where it has none. */
export type EngineFault = { readonly code: number; readonly type: string; readonly param: string; readonly message: string };

/** How an answer ended; `abort`: the engine gave the request up. */
export type CompletionFinish = FinishReason | 'abort';

export type CompletionEvent =
  /** `text` may be empty: part of a character, or text held back for a stop text. `tokens`: how many it brought, several at times. */
  | { readonly kind: 'token'; readonly text: string; readonly tokens: number; readonly finish: CompletionFinish | null }
  | { readonly kind: 'usage'; readonly tokensIn: number; readonly tokensOut: number; readonly cachedTokens: number }
  | { readonly kind: 'fault'; readonly fault: EngineFault }
  /** `[DONE]`, which comes after a failure too. */
  | { readonly kind: 'done' }
  | { readonly kind: 'garbage'; readonly why: string };

const finishes: Readonly<Record<string, CompletionFinish>> = { stop: 'stop', repetition: 'stop', length: 'length', abort: 'abort' };

/** What one event of a stream says. */
export const toCompletionEvent = (data: string): CompletionEvent => {
  if (data === '[DONE]') return { kind: 'done' };
  const value = parseJson(data);
  if (!isJsonObject(value)) return { kind: 'garbage', why: 'an event that is not a JSON object' };
  if (value['error'] !== undefined && value['error'] !== null) return { kind: 'fault', fault: toEngineFault(value['error']) };
  const { choices } = value;
  if (!Array.isArray(choices)) return { kind: 'garbage', why: 'an event without choices' };
  if (choices.length === 0) return toUsageEvent(value['usage']);
  const choice: unknown = choices[0];
  if (choices.length > 1 || !isJsonObject(choice) || choice['index'] !== 0) {
    return { kind: 'garbage', why: 'an event of a second answer' };
  }
  return toTokenEvent(choice);
};

const toTokenEvent = ({ text, token_ids: ids, finish_reason: reason }: JsonObject): CompletionEvent => {
  if (typeof text !== 'string') return { kind: 'garbage', why: 'an event without text' };
  if (!Array.isArray(ids)) return { kind: 'garbage', why: 'tokens without ids; this release of vLLM does not know `return_token_ids`' };
  if (reason === null || reason === undefined) return { kind: 'token', text, tokens: ids.length, finish: null };
  const finish = typeof reason === 'string' && Object.hasOwn(finishes, reason) ? finishes[reason] : undefined;
  if (finish === undefined) return { kind: 'garbage', why: `the unknown finish reason ${JSON.stringify(reason)}` };
  return { kind: 'token', text, tokens: ids.length, finish };
};

const toUsageEvent = (usage: unknown): CompletionEvent => {
  if (!isJsonObject(usage)) return { kind: 'garbage', why: 'an event without choices and usage' };
  const { prompt_tokens: tokensIn, completion_tokens: tokensOut, prompt_tokens_details: details } = usage;
  if (!isCount(tokensIn) || !isCount(tokensOut)) return { kind: 'garbage', why: 'a usage without token counts' };
  const cached = isJsonObject(details) ? details['cached_tokens'] : 0;
  return { kind: 'usage', tokensIn, tokensOut, cachedTokens: isCount(cached) ? cached : 0 };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** @param error - The value of `error`: an object, but a mere string for a wrong key and while scaling. */
export const toEngineFault = (error: unknown): EngineFault => {
  if (!isJsonObject(error)) return { code: 0, type: '', param: '', message: typeof error === 'string' ? error : '' };
  const text = (name: string): string => (typeof error[name] === 'string' ? error[name] : '');
  return { code: isCount(error['code']) ? error['code'] : 0, type: text('type'), param: text('param'), message: text('message') };
};

/** How the engine says that it is changing its size, on every path; it will be back. */
export const isScaling = ({ type, message }: EngineFault): boolean => type === '' && message.includes('scaling');

/**
 * @param answer - Of `GET /health`, whatever its status. A healthy engine answers 200 with nothing in it, so that a page of
 * something else is no health. A full queue does not show here.
 */
export const toHealth = ({ status, body }: HttpAnswer): WorkerHealth => {
  if (status === 200 && body === '') return { kind: 'ready' };
  if (status === 503 && body === '')
    return { kind: 'unhealthy', message: 'GET /health answered 503: the engine behind the server is dead.' };
  const answer = parseJson(body);
  const fault = isJsonObject(answer) ? toEngineFault(answer['error']) : null;
  if (status === 503 && fault !== null && isScaling(fault)) return { kind: 'loading', message: fault.message };
  return { kind: 'unhealthy', message: `GET /health answered ${status} with something that is not vLLM’s.` };
};

/**
 * @param version - Of `GET /version`.
 * @param models - Of `GET /v1/models`: the model under each of its names, and LoRA adapters, which name a `parent`.
 */
export const toProps = (version: unknown, models: unknown): WorkerProps => {
  const cards = new EngineJson(models, 'GET /v1/models').get('data').array();
  const base = cards.find((card) => card.get('parent').isMissing) ?? new EngineJson(undefined, 'GET /v1/models .data [0]');
  return {
    engineVersion: new EngineJson(version, 'GET /version').get('version').string(),
    // `--max-num-seqs` is not to be had over HTTP.
    slotsTotal: null,
    ctxTokens: base.get('max_model_len').integer(),
    modelName: base.get('id').string(),
  };
};

/** The body of `POST /tokenize` that counts what `/v1/completions` would. */
export const toTokenizeBody = (text: string): Readonly<Record<string, unknown>> => ({ prompt: text, add_special_tokens: true });

/** @param text - Of `GET /metrics`. Names of older releases are taken too; a figure that is not there is `null`. */
export const toMetrics = (text: string): WorkerMetrics => {
  const values = parsePrometheus(text);
  const read = (name: string): number | null => values.get(`vllm:${name}`) ?? null;
  return {
    promptTokensTotal: read('prompt_tokens_total'),
    generatedTokensTotal: read('generation_tokens_total'),
    requestsRunning: read('num_requests_running'),
    requestsWaiting: read('num_requests_waiting'),
    // One series for each data-parallel engine; the others add up, a ratio does not.
    kvUsageRatio: prometheusMean(text, 'vllm:kv_cache_usage_perc') ?? prometheusMean(text, 'vllm:gpu_cache_usage_perc'),
  };
};

/** The smallest request of a workload: it costs a token or none, and makes the engine take one step. */
export const toNudge = (workload: Workload): { readonly path: string; readonly body: Readonly<Record<string, unknown>> } => {
  switch (workload) {
    case 'completion':
      return { path: '/v1/completions', body: { prompt: '.', max_tokens: 1, temperature: 0 } };
    case 'embedding':
      return { path: '/v1/embeddings', body: { input: ['.'] } };
    case 'rerank':
      return { path: '/v1/rerank', body: { query: '.', documents: ['.'] } };
  }
};
