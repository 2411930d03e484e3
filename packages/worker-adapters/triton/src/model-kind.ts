/**
 * Which of the model kinds behind Triton's one protocol a model is, read from its metadata and config: the kinds name
 * their tensors differently. It owns the recognition and the table of names; it maps no request.
 */
import { type SamplerDialect, WorkerError } from '@llama-orch/adapter-api';

export type TensorMetadata = { readonly name: string; readonly datatype: string; readonly shape: readonly number[] };

/** What a front of Triton tells of one model. */
export type ModelDescription = {
  readonly name: string;
  readonly inputs: readonly TensorMetadata[];
  readonly decoupled: boolean;
  readonly backend: string;
  /** String values of the config's `parameters`. */
  readonly parameters: Readonly<Record<string, string>>;
};

export type ModelKindName = 'ensemble' | 'llmapi' | 'vllm';

/** One model, and how a completion is said to it. */
export type TritonModel = {
  readonly name: string;
  readonly kind: ModelKindName;
  readonly dialect: SamplerDialect;
  readonly inputs: ReadonlyMap<string, TensorMetadata>;
  /** What `text_output` of a streamed response holds: what is new, or all so far. */
  readonly text: 'delta' | 'cumulative';
  /** It says why an answer ended; without it HTTP cannot tell a whole answer from a cut one. */
  readonly hasFinishReason: boolean;
  /** It takes a stop request under the id of a running one, and answers it once that one is stopped. */
  readonly takesStopRequest: boolean;
  readonly names: KindNames;
};

/** Names of the tensors that every kind has in one form or another. */
type KindNames = {
  readonly stream: string;
  /** `null`: the kind takes it among its `sampling_parameters`. */
  readonly maxTokens: string | null;
  readonly stop: string | null;
  readonly excludeInput: string;
};

const kinds: Readonly<Record<ModelKindName, Pick<TritonModel, 'kind' | 'dialect' | 'names'>>> = {
  ensemble: {
    kind: 'ensemble',
    dialect: 'triton_ensemble',
    names: { stream: 'stream', maxTokens: 'max_tokens', stop: 'stop_words', excludeInput: 'exclude_input_in_output' },
  },
  llmapi: {
    kind: 'llmapi',
    dialect: 'triton_llmapi',
    names: {
      stream: 'streaming',
      maxTokens: 'sampling_param_max_tokens',
      stop: 'sampling_param_stop',
      excludeInput: 'sampling_param_exclude_input_from_output',
    },
  },
  vllm: {
    kind: 'vllm',
    dialect: 'triton_vllm',
    names: { stream: 'stream', maxTokens: null, stop: null, excludeInput: 'exclude_input_in_output' },
  },
};

/**
 * Recognise a model.
 *
 * 1. Input `input_ids` without `text_input`: TensorRT-LLM's core alone. It takes token ids and Triton has no tokenizer.
 * 2. `sampling_param_max_tokens`: the LLM API backend. Its text is cumulative.
 * 3. `max_tokens`: the ensemble, or BLS, whose text is cumulative with `accumulate_tokens`.
 * 4. `sampling_parameters`, or the backend's name: vLLM.
 *
 * @errors `engine-rejected` for a model that cannot stream text, with what to serve instead.
 */
export const toTritonModel = (description: ModelDescription): TritonModel => {
  const { name, decoupled } = description;
  const inputs = new Map(description.inputs.map((tensor) => [tensor.name, tensor]));
  // 1
  if (!inputs.has('text_input')) {
    throw inputs.has('input_ids')
      ? refused(name, 'takes token ids, and Triton has no tokenizer; name the ensemble or BLS model in front of it')
      : refused(name, 'has no input `text_input`; name a text model');
  }
  const kind = kindOf(inputs, description.backend);
  if (kind === null) throw refused(name, 'has the inputs of no model kind that is known: TensorRT-LLM ensemble, BLS, LLM API, vLLM');
  if (!decoupled) throw refused(name, 'is not decoupled, so it cannot stream; set `model_transaction_policy { decoupled: true }`');
  return {
    name,
    ...kinds[kind],
    inputs,
    text: kind === 'llmapi' || description.parameters['accumulate_tokens']?.toLowerCase() === 'true' ? 'cumulative' : 'delta',
    hasFinishReason: inputs.has('return_finish_reason'),
    takesStopRequest: inputs.has('stop'),
  };
};

const kindOf = (inputs: ReadonlyMap<string, TensorMetadata>, backend: string): ModelKindName | null => {
  // 2
  if (inputs.has('sampling_param_max_tokens')) return 'llmapi';
  // 3
  if (inputs.has('max_tokens')) return 'ensemble';
  // 4
  return inputs.has('sampling_parameters') || backend === 'vllm' ? 'vllm' : null;
};

const refused = (name: string, why: string): WorkerError =>
  new WorkerError('engine-rejected', `Triton’s model ${JSON.stringify(name)} ${why}.`, { mayRunAgain: false });
