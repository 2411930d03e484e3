/**
 * The model kinds that stand behind Triton, over the scripted engine: their tensors, what a request of one asks for, and
 * what its responses hold. It knows no transport.
 */
import type { AnswerEnd, AnswerRequest } from './engine.ts';
import { drawSeed, promptTokens, samplingParams } from './text.ts';

export type TritonKind = 'ensemble' | 'bls' | 'llmapi' | 'vllm' | 'tensorrt_llm';

export type Tensor = { readonly name: string; readonly datatype: string; readonly shape: readonly number[] };

export type TritonModel = {
  readonly kind: TritonKind;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly backend: string;
  readonly platform: string;
  readonly maxBatchSize: number;
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether a stop text is left in the answer (it ends at whole tokens), or cut off. */
  readonly stopText: 'kept' | 'cut';
};

const tensors = (batch: boolean, names: Readonly<Record<string, string>>): readonly Tensor[] =>
  Object.entries(names).map(([name, datatype]) => ({ name, datatype, shape: batch ? [-1, 1] : [1] }));

const ensemble = {
  inputs: tensors(true, {
    text_input: 'BYTES',
    max_tokens: 'INT32',
    stop_words: 'BYTES',
    end_id: 'INT32',
    top_k: 'INT32',
    top_p: 'FP32',
    temperature: 'FP32',
    seed: 'UINT64',
    stream: 'BOOL',
    exclude_input_in_output: 'BOOL',
    return_num_input_tokens: 'BOOL',
    return_num_output_tokens: 'BOOL',
  }),
  outputs: tensors(true, { text_output: 'BYTES', num_input_tokens: 'INT32', num_output_tokens: 'INT32' }),
  platform: 'ensemble',
  backend: '',
  maxBatchSize: 64,
  parameters: {},
  stopText: 'kept',
} as const;

const models: Readonly<Record<TritonKind, TritonModel>> = {
  ensemble: { ...ensemble, kind: 'ensemble' },
  bls: { ...ensemble, kind: 'bls', platform: '', backend: 'python', parameters: { accumulate_tokens: 'true' } },
  llmapi: {
    kind: 'llmapi',
    inputs: tensors(false, {
      text_input: 'BYTES',
      streaming: 'BOOL',
      sampling_param_max_tokens: 'INT32',
      sampling_param_temperature: 'FP32',
      sampling_param_top_k: 'INT32',
      sampling_param_top_p: 'FP32',
      sampling_param_seed: 'UINT64',
      sampling_param_stop: 'BYTES',
      sampling_param_exclude_input_from_output: 'BOOL',
      return_finish_reason: 'BOOL',
      stop: 'BOOL',
    }),
    outputs: tensors(false, { text_output: 'BYTES', finish_reason: 'BYTES' }),
    platform: '',
    backend: 'python',
    maxBatchSize: 0,
    parameters: {},
    stopText: 'cut',
  },
  vllm: {
    kind: 'vllm',
    inputs: tensors(false, {
      text_input: 'BYTES',
      stream: 'BOOL',
      sampling_parameters: 'BYTES',
      exclude_input_in_output: 'BOOL',
      return_finish_reason: 'BOOL',
      return_num_input_tokens: 'BOOL',
      return_num_output_tokens: 'BOOL',
    }),
    outputs: tensors(false, { text_output: 'BYTES', finish_reason: 'BYTES', num_input_tokens: 'UINT32', num_output_tokens: 'UINT32' }),
    platform: '',
    backend: 'vllm',
    maxBatchSize: 0,
    parameters: { REPORT_CUSTOM_METRICS: 'true' },
    stopText: 'cut',
  },
  tensorrt_llm: {
    kind: 'tensorrt_llm',
    inputs: tensors(true, { input_ids: 'INT32', input_lengths: 'INT32', request_output_len: 'INT32', streaming: 'BOOL', stop: 'BOOL' }),
    outputs: tensors(true, { output_ids: 'INT32', sequence_length: 'INT32' }),
    platform: '',
    backend: 'tensorrtllm',
    maxBatchSize: 64,
    parameters: {},
    stopText: 'kept',
  },
};

/** @throws Error for a kind that there is not. */
export const tritonModel = (kind = 'ensemble'): TritonModel => {
  const model = new Map<string, TritonModel>(Object.entries(models)).get(kind);
  if (model === undefined) throw new Error(`There is no model kind ${JSON.stringify(kind)}; there are ${Object.keys(models).join(', ')}.`);
  return model;
};

export type TritonAsked = {
  readonly request: AnswerRequest;
  readonly stop: readonly string[];
  readonly returns: { readonly finishReason: boolean; readonly tokensIn: boolean; readonly tokensOut: boolean };
  /** Goes before the first text, as it does by default. */
  readonly echo: string;
};

/** What a request wants whose tensors have these values; text = why the model refuses it. */
export const toTritonAsked = (model: TritonModel, values: Readonly<Record<string, unknown>>, ctxTokens: number): TritonAsked | string => {
  const { text_input: prompt } = values;
  if (typeof prompt !== 'string') return 'expected 1 inputs but got 0 inputs for model; missing text_input';
  if (values[model.kind === 'llmapi' ? 'streaming' : 'stream'] !== true) return 'this simulator only streams';
  const sampling = samplingOf(model, values);
  if (typeof sampling === 'string') return sampling;
  const { maxTokens, stop, seed, params } = sampling;
  const tokensIn = promptTokens(prompt);
  if (tokensIn >= ctxTokens) return tooLong(model, tokensIn, ctxTokens);
  const excludes = values[model.kind === 'llmapi' ? 'sampling_param_exclude_input_from_output' : 'exclude_input_in_output'] === true;
  if (model.kind === 'vllm' && values['exclude_input_in_output'] === false)
    return 'When streaming, `exclude_input_in_output` = False is not allowed.';
  return {
    request: { prompt, tokensIn, maxTokens: Math.min(maxTokens, ctxTokens - tokensIn), seed, params, reusesKv: true },
    stop,
    returns: {
      finishReason: values['return_finish_reason'] === true,
      tokensIn: values['return_num_input_tokens'] === true,
      tokensOut: values['return_num_output_tokens'] === true,
    },
    echo: excludes || model.kind === 'vllm' ? '' : prompt,
  };
};

export const tooLong = (model: TritonModel, tokensIn: number, ctxTokens: number): string =>
  model.kind === 'vllm'
    ? `The decoder prompt (length ${tokensIn}) is longer than the maximum model length of ${ctxTokens}.`
    : `Executor failed process requestId 1 due to the following error: Prompt length (${tokensIn}) exceeds maximum input length (${ctxTokens}).`;

type Sampling = { readonly maxTokens: number; readonly stop: readonly string[]; readonly seed: number | null; readonly params: string };

const samplingOf = (model: TritonModel, values: Readonly<Record<string, unknown>>): Sampling | string => {
  const prefix = model.kind === 'llmapi' ? 'sampling_param_' : '';
  const source = model.kind === 'vllm' ? parametersOf(values['sampling_parameters']) : values;
  if (source === null) return 'sampling_parameters is not JSON';
  const read = (name: string): unknown => source[`${prefix}${name}`];
  const maxTokens = read('max_tokens');
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens)) return 'unexpected inference input: max_tokens is required';
  const stop = source[model.kind === 'llmapi' ? 'sampling_param_stop' : model.kind === 'vllm' ? 'stop' : 'stop_words'];
  const seed = read('seed');
  const isGreedy = read('temperature') === 0 || read('top_k') === 1;
  const fields = ['temperature', 'top_k', 'top_p', 'min_p'].map((name) => `${prefix}${name}`);
  return {
    maxTokens,
    stop: (Array.isArray(stop) ? stop : [stop]).filter((word) => typeof word === 'string'),
    seed: isGreedy ? null : typeof seed === 'number' ? seed : drawSeed(),
    params: samplingParams(source, fields),
  };
};

const parametersOf = (value: unknown): Readonly<Record<string, unknown>> | null => {
  try {
    const parsed: unknown = JSON.parse(typeof value === 'string' ? value : '{}');
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : null;
  } catch {
    return null;
  }
};

/** One response by its output tensors; `null` = an empty one, which only says that it is the last. */
export type TritonOutputs = Readonly<Record<string, string | number>> | null;

/** Words the responses of one answer. */
export class TritonSpeech {
  readonly #model: TritonModel;
  readonly #asked: TritonAsked;
  #text = '';

  constructor(model: TritonModel, asked: TritonAsked) {
    this.#model = model;
    this.#asked = asked;
    this.#text = asked.echo;
  }

  step(text: string, tokens: number): TritonOutputs {
    const isFirst = this.#text === this.#asked.echo;
    this.#text += text;
    return this.#outputs(this.#isCumulative ? this.#text : isFirst ? this.#asked.echo + text : text, 'None', tokens);
  }

  /** @returns the responses that end the answer; the last one carries the final flag. */
  end(how: AnswerEnd | 'word', held: string, cutTokens: number): readonly TritonOutputs[] {
    const reason = how === 'limit' || how === 'limit-in-character' ? 'length' : 'stop';
    const tokens = how === 'eos' ? 1 : how === 'limit-in-character' ? cutTokens : 0;
    const broken = how === 'limit-in-character' && this.#isCumulative ? '\u{fffd}' : '';
    this.#text += held;
    const text = this.#isCumulative ? this.#text + broken : held;
    const last = this.#outputs(text, reason, tokens);
    if (this.#asked.returns.finishReason) return [last];
    return tokens === 0 ? [null] : [last, null];
  }

  aborted(): readonly TritonOutputs[] {
    return this.#asked.returns.finishReason ? [this.#outputs(this.#isCumulative ? this.#text : '', 'abort', 0)] : [];
  }

  get #isCumulative(): boolean {
    return this.#model.kind === 'llmapi' || this.#model.kind === 'bls';
  }

  #outputs(text: string, reason: string, tokens: number): TritonOutputs {
    const { returns, request } = this.#asked;
    return {
      text_output: text,
      ...(returns.finishReason ? { finish_reason: reason } : {}),
      ...(returns.tokensIn ? { num_input_tokens: request.tokensIn } : {}),
      ...(returns.tokensOut ? { num_output_tokens: tokens } : {}),
    };
  }
}
