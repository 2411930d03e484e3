/**
 * The OpenAI front of `trtllm-serve`, both ways, as pure functions. It owns the shapes of requests and answers; it opens no
 * connection and decides nothing about a task.
 */
import {
  type CompletionTask,
  EngineJson,
  type HttpAnswer,
  isJsonObject,
  parseJson,
  samplingFields,
  type WorkerHealth,
} from '@llama-orch/adapter-api';
import type { ModelResponse } from './answer.ts';
import { toErrorText } from './errors.ts';

/**
 * The body of `POST /v1/completions`. An unknown field is refused with 400, so nothing is sent but what every version knows.
 * `max_tokens` is always sent: without it an answer runs to the end of the context.
 */
export const toCompletionBody = (task: CompletionTask, model: string): Readonly<Record<string, unknown>> => ({
  model,
  prompt: task.prompt,
  max_tokens: task.maxTokens,
  ...samplingFields(task, 'triton_trtllm_serve'),
  ...(task.stop.length > 0 ? { stop: task.stop } : {}),
  stream: true,
  stream_options: { include_usage: true },
});

export type CompletionChunk =
  | { readonly kind: 'text'; readonly response: ModelResponse }
  | { readonly kind: 'usage'; readonly tokensIn: number; readonly tokensOut: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'garbage'; readonly why: string };

/** What one event of a stream says. An error may be nested as OpenAI's or lie on the top level. */
export const toCompletionChunk = (data: string): CompletionChunk => {
  if (data === '[DONE]') return { kind: 'done' };
  const value = parseJson(data);
  if (!isJsonObject(value)) return { kind: 'garbage', why: 'an event that is not an object' };
  const message = toErrorText(value);
  if (message !== null) return { kind: 'fault', message };
  const { choices, usage } = value;
  if (!Array.isArray(choices)) return { kind: 'garbage', why: 'an event without choices' };
  if (choices.length === 0) {
    if (!isJsonObject(usage)) return { kind: 'garbage', why: 'an event that says nothing' };
    const { prompt_tokens: tokensIn, completion_tokens: tokensOut = 0 } = usage;
    if (!isCount(tokensIn) || !isCount(tokensOut)) return { kind: 'garbage', why: 'a usage without token counts' };
    return { kind: 'usage', tokensIn, tokensOut };
  }
  const [choice] = choices as readonly unknown[];
  if (!isJsonObject(choice) || typeof choice['text'] !== 'string') return { kind: 'garbage', why: 'an event without text' };
  const { text, finish_reason: reason } = choice;
  return { kind: 'text', response: { text, finishReason: typeof reason === 'string' ? reason : null, tokensIn: null, newTokens: null } };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * @param health - Of `GET /health`, whose text says nothing that a proxy's page could not.
 * @param version - Of `GET /version`, which only this server answers so.
 */
export const toHealth = (health: HttpAnswer, version: HttpAnswer): WorkerHealth => {
  if (health.status === 503 && !health.body.startsWith('<')) return { kind: 'loading', message: 'The server is not ready.' };
  const said = parseJson(version.body);
  if (health.status === 200 && version.status === 200 && isJsonObject(said) && typeof said['version'] === 'string')
    return { kind: 'ready' };
  return { kind: 'unhealthy', message: `GET /health answered ${health.status}, and GET /version is not trtllm-serve’s.` };
};

export const toVersion = (body: unknown): string => new EngineJson(body, 'GET /version').get('version').string();

/** Its one model's id: the name of the directory where it was given a path. */
export const toModelId = (body: unknown): string => {
  const [model] = new EngineJson(body, 'GET /v1/models').get('data').array();
  return (model ?? new EngineJson(undefined, 'GET /v1/models .data [0]')).get('id').string();
};

export type IterationFigures = { readonly active: number; readonly kvUsageRatio: number | null };

/** The latest iteration; `null` where none ran since somebody last asked, because each answer empties the list. */
export const toIterationFigures = (body: unknown): IterationFigures | null => {
  const last = new EngineJson(body, 'GET /metrics').array().at(-1);
  if (last === undefined) return null;
  const kv = last.get('kvCacheStats');
  const [used, max] = [kv.get('usedNumBlocks'), kv.get('maxNumBlocks')];
  return {
    active: last.get('numActiveRequests').integer(),
    kvUsageRatio: used.isMissing || max.isMissing || max.integer() === 0 ? null : used.integer() / max.integer(),
  };
};
