/**
 * KServe v2 over gRPC, both ways, as pure functions over the messages of `proto/kserve.proto`. It owns how they read; it
 * opens no connection and decides nothing about a task.
 */
import type { ModelResponse } from './answer.ts';
import type { InferRequest } from './kserve-front.ts';
import type { ModelDescription, TensorMetadata } from './model-kind.ts';
import { fromRawBytes, toRawBytes } from './tensor-bytes.ts';

/** A value of `parameters`: the one field of it that was sent. */
export type InferParameter = { readonly bool_param?: boolean; readonly string_param?: string };

export type ModelInferRequest = {
  readonly model_name: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, InferParameter>>;
  readonly inputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
  readonly raw_input_contents: readonly Buffer[];
};

export type ModelStreamInferResponse = {
  readonly error_message: string;
  readonly infer_response: {
    readonly id: string;
    readonly parameters: Readonly<Record<string, InferParameter>>;
    readonly outputs: readonly { readonly name: string; readonly datatype: string }[];
    readonly raw_output_contents: readonly Buffer[];
  } | null;
};

export type ModelMetadataResponse = { readonly name: string; readonly inputs: readonly TensorMetadata[] };
export type ModelConfigResponse = {
  readonly config: {
    readonly backend: string;
    readonly parameters: Readonly<Record<string, { readonly string_value: string }>>;
    readonly model_transaction_policy: { readonly decoupled: boolean } | null;
  } | null;
};

/**
 * One request of a stream. A decoupled model may end with an empty response, which is sent only to who asks for it; without
 * it there would be no end.
 */
export const toModelInferRequest = ({ model, id, tensors }: InferRequest): ModelInferRequest => ({
  model_name: model,
  id,
  parameters: { triton_enable_empty_final_response: { bool_param: true } },
  inputs: tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  raw_input_contents: tensors.map(toRawBytes),
});

export type StreamedResponse =
  | { readonly kind: 'response'; readonly response: ModelResponse; readonly isFinal: boolean }
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'garbage'; readonly why: string };

/** What one message of a stream says. Outputs come as raw bytes; the last response may have none. */
export const toStreamedResponse = (message: ModelStreamInferResponse, id: string): StreamedResponse => {
  if (message.error_message !== '') return { kind: 'fault', message: message.error_message };
  const response = message.infer_response;
  if (response === null) return { kind: 'garbage', why: 'a message without a response' };
  if (response.id !== id) return { kind: 'garbage', why: 'a response to another request' };
  const read = (name: string): string | number | null => {
    const index = response.outputs.findIndex((output) => output.name === name);
    const bytes = response.raw_output_contents[index];
    return bytes === undefined ? null : (fromRawBytes(response.outputs[index]?.datatype ?? '', bytes) ?? null);
  };
  const text = read('text_output');
  const finishReason = read('finish_reason');
  if (response.outputs.length > 0 && typeof text !== 'string') return { kind: 'garbage', why: 'a response without text' };
  return {
    kind: 'response',
    response: {
      text: typeof text === 'string' ? text : null,
      finishReason: typeof finishReason === 'string' ? finishReason : null,
      tokensIn: toCount(read('num_input_tokens')),
      newTokens: toCount(read('num_output_tokens')),
    },
    isFinal: response.parameters['triton_final_response']?.bool_param === true,
  };
};

const toCount = (value: string | number | null): number | null => (typeof value === 'number' && value >= 0 ? value : null);

export const toModelDescription = (metadata: ModelMetadataResponse, { config }: ModelConfigResponse): ModelDescription => ({
  name: metadata.name,
  inputs: metadata.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  decoupled: config?.model_transaction_policy?.decoupled ?? false,
  backend: config?.backend ?? '',
  parameters: Object.fromEntries(Object.entries(config?.parameters ?? {}).map(([name, { string_value: value }]) => [name, value])),
});
