/**
 * The body of POST /completion, field by field with llama-server's defaults, limits and messages. Pure: the prompt stays
 * as it was sent, the vocabulary turns it into tokens. Unknown fields are ignored; a field that llama-server has and this
 * worker has not is refused where its value would matter, because text made without it would be wrong.
 */
import { WireError } from './errors.ts';
import { isObject, type JsonObject, jsonTypeName } from './json.ts';

/** `seed` of a request that wants another text each time; the seed then drawn is never reported. */
export const randomSeed = 0xffff_ffff;

const int32Max = 0x7fff_ffff;

/** Defaults: llama-server's. */
export type SamplingParams = {
  readonly seed: number;
  /** 0 = greedy. */
  readonly temperature: number;
  /** 0 = off. */
  readonly topK: number;
  /** 1 = off. */
  readonly topP: number;
  /** 0 = off. */
  readonly minP: number;
  /** Tokens of prompt and answer that the penalties look at. */
  readonly repeatLastN: number;
  /** 1 = off. */
  readonly repeatPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly ignoreEos: boolean;
  /** As sent: `[[id or text, bias]]` or `{id or text: bias}`; `false` bans. */
  readonly logitBias: readonly LogitBias[];
};

export type LogitBias = { readonly token: number | string; readonly bias: number };

export type CompletionRequest = {
  readonly prompt: unknown;
  readonly sampling: SamplingParams;
  /** -1 = until the end or a full context; 0 still makes one token. */
  readonly nPredict: number;
  readonly stream: boolean;
  readonly cachePrompt: boolean;
  /** -1 = any idle slot. */
  readonly idSlot: number;
  readonly stop: readonly string[];
  readonly returnTokens: boolean;
  readonly timingsPerToken: boolean;
  /** Seconds of silence between two ping comments; -1 = never. */
  readonly ssePingIntervalS: number;
  /** Empty = all. */
  readonly responseFields: readonly string[];
};

export const defaultSampling: SamplingParams = {
  seed: randomSeed,
  temperature: Math.fround(0.8),
  topK: 40,
  topP: Math.fround(0.95),
  minP: Math.fround(0.05),
  repeatLastN: 64,
  repeatPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  ignoreEos: false,
  logitBias: [],
};

/** @errors 400 for a missing prompt or a bad value, 501 for a field that this worker cannot honour */
export function parseCompletionRequest(body: unknown): CompletionRequest {
  if (!isObject(body)) throw invalid(`[json.exception.type_error.304] cannot use at() with ${jsonTypeName(body)}`);
  if (!('prompt' in body)) throw invalid("[json.exception.out_of_range.403] key 'prompt' not found");
  const nPredict = hardInteger(body, ['n_predict', 'max_completion_tokens', 'max_tokens'], -1, -1, int32Max);
  refuseUnsupported(body);
  const seed = numberField(body, ['seed']);
  return {
    prompt: body['prompt'],
    sampling: {
      seed: seed === undefined ? randomSeed : Math.trunc(seed) >>> 0,
      temperature: clamp(floatField(body, 'temperature', defaultSampling.temperature), 0, Number.POSITIVE_INFINITY),
      topK: clamp(Math.trunc(numberField(body, ['top_k']) ?? defaultSampling.topK), 0, int32Max),
      topP: clamp(floatField(body, 'top_p', defaultSampling.topP), 0, 1),
      minP: clamp(floatField(body, 'min_p', defaultSampling.minP), 0, 1),
      repeatLastN: hardInteger(body, ['repeat_last_n'], defaultSampling.repeatLastN, 0, int32Max),
      repeatPenalty: floatField(body, 'repeat_penalty', defaultSampling.repeatPenalty),
      presencePenalty: floatField(body, 'presence_penalty', defaultSampling.presencePenalty),
      frequencyPenalty: floatField(body, 'frequency_penalty', defaultSampling.frequencyPenalty),
      ignoreEos: booleanField(body, 'ignore_eos', false),
      logitBias: parseLogitBias(body['logit_bias']),
    },
    nPredict,
    stream: booleanField(body, 'stream', false),
    cachePrompt: booleanField(body, 'cache_prompt', true),
    idSlot: hardInteger(body, ['id_slot'], -1, -1, int32Max),
    stop: parseStop(body['stop']),
    returnTokens: booleanField(body, 'return_tokens', false),
    timingsPerToken: booleanField(body, 'timings_per_token', false),
    ssePingIntervalS: hardInteger(body, ['sse_ping_interval'], 30, -1, int32Max),
    responseFields: parseResponseFields(body['response_fields']),
  };
}

/** Fields of llama-server that change the text, each with the values under which they do not. */
const neutralValues: readonly { readonly name: string; readonly isNeutral: (value: unknown) => boolean }[] = [
  { name: 'grammar', isNeutral: (value) => value === '' },
  { name: 'json_schema', isNeutral: () => false },
  { name: 'samplers', isNeutral: () => false },
  { name: 'lora', isNeutral: (value) => Array.isArray(value) && value.length === 0 },
  { name: 'n_probs', isNeutral: (value) => value === 0 },
  { name: 'logprobs', isNeutral: (value) => value === 0 || value === false },
  { name: 'n_cmpl', isNeutral: (value) => value === 1 },
  { name: 'n', isNeutral: (value) => value === 1 },
  { name: 'n_indent', isNeutral: (value) => value === 0 },
  { name: 't_max_predict_ms', isNeutral: (value) => Number(value) <= 0 },
  { name: 'mirostat', isNeutral: (value) => value === 0 },
  { name: 'typical_p', isNeutral: (value) => value === 1 },
  { name: 'top_n_sigma', isNeutral: (value) => Number(value) < 0 },
  { name: 'xtc_probability', isNeutral: (value) => value === 0 },
  { name: 'dry_multiplier', isNeutral: (value) => value === 0 },
  { name: 'dynatemp_range', isNeutral: (value) => value === 0 },
  { name: 'adaptive_target', isNeutral: (value) => Number(value) < 0 },
  { name: 'min_keep', isNeutral: (value) => value === 0 },
  { name: 'return_progress', isNeutral: (value) => value === false },
];

function refuseUnsupported(body: JsonObject): void {
  for (const { name, isNeutral } of neutralValues) {
    const value = body[name];
    if (value === undefined || value === null || isNeutral(value)) continue;
    throw new WireError(
      'not_supported_error',
      `Field '${name}': the embedded engine does not support it; leave it out or run llama-server`,
    );
  }
}

function parseStop(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!Array.isArray(value)) return [];
  return value.map((word: unknown) => {
    if (typeof word !== 'string')
      throw fieldError('stop', `[json.exception.type_error.302] type must be string, but is ${jsonTypeName(word)}`);
    return word;
  });
}

function parseResponseFields(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((field) => typeof field === 'string') : [];
}

function parseLogitBias(value: unknown): readonly LogitBias[] {
  const pairs: readonly unknown[] = Array.isArray(value) ? value : isObject(value) ? Object.entries(value) : [];
  return pairs.flatMap((pair): LogitBias[] => {
    if (!Array.isArray(pair) || pair.length !== 2) return [];
    const [token, bias]: readonly unknown[] = pair;
    const number = bias === false ? Number.NEGATIVE_INFINITY : bias;
    if (typeof number !== 'number') return [];
    if (typeof token === 'string') return [{ token: /^\d+$/.test(token) ? Number(token) : token, bias: number }];
    return Number.isInteger(token) ? [{ token: Number(token), bias: number }] : [];
  });
}

/** The first of the names that has a value counts; `null` is absent. */
function numberField(body: JsonObject, names: readonly string[]): number | undefined {
  const name = names.find((candidate) => body[candidate] !== undefined && body[candidate] !== null);
  if (name === undefined) return undefined;
  const value = body[name];
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'number')
    throw fieldError(name, `[json.exception.type_error.302] type must be number, but is ${jsonTypeName(value)}`);
  return value;
}

function hardInteger(body: JsonObject, names: readonly string[], fallback: number, min: number, max: number): number {
  const given = numberField(body, names);
  if (given === undefined) return fallback;
  const value = Math.trunc(given);
  if (value < min || value > max) {
    const name = names.find((candidate) => typeof body[candidate] === 'number') ?? names[0] ?? '';
    throw fieldError(name, `Value must be between ${min} <= value <= ${max}, but got ${value}`);
  }
  return value;
}

/** llama.cpp keeps these as 32-bit floats, so 0.8 is reported as 0.800000011920929 here too. */
function floatField(body: JsonObject, name: string, fallback: number): number {
  return Math.fround(numberField(body, [name]) ?? fallback);
}

function booleanField(body: JsonObject, name: string, fallback: boolean): boolean {
  const value = body[name];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'boolean')
    throw fieldError(name, `[json.exception.type_error.302] type must be boolean, but is ${jsonTypeName(value)}`);
  return value;
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}

function fieldError(name: string, message: string): WireError {
  return invalid(`Field '${name}': ${message}`);
}

function invalid(message: string): WireError {
  return new WireError('invalid_request_error', message);
}
