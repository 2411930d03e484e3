/**
 * KServe v2 over HTTP, both ways, as pure functions. It owns the shapes of requests and answers; it opens no connection
 * and decides nothing about a task.
 */
import { EngineJson, type HttpAnswer, isJsonObject, parseJson, type WorkerHealth } from '@llama-orch/adapter-api';
import type { ModelResponse } from './answer.ts';
import { toErrorText } from './errors.ts';
import type { InferRequest, ServerDescription } from './kserve-front.ts';
import type { ModelDescription, TensorMetadata } from './model-kind.ts';

export const modelPath = (model: string): string => `/v2/models/${encodeURIComponent(model)}`;

/**
 * The body of `generate_stream`: a flat object whose keys are input tensors. Triton fills in the shapes. The id goes into
 * the body; the header of Triton's examples is not read.
 */
export const toGenerateBody = ({ id, tensors }: InferRequest): Readonly<Record<string, unknown>> =>
  Object.fromEntries([['id', id], ...tensors.map(({ name, value }) => [name, value] as const)]);

export type GenerateEvent =
  | { readonly kind: 'response'; readonly response: ModelResponse }
  | { readonly kind: 'fault'; readonly message: string }
  | { readonly kind: 'garbage'; readonly why: string };

/** What one event of a stream says. */
export const toGenerateEvent = (data: string): GenerateEvent => {
  const value = parseJson(data);
  if (!isJsonObject(value)) return { kind: 'garbage', why: 'an event that is not an object' };
  const message = toErrorText(value);
  if (message !== null) return { kind: 'fault', message };
  const text = first(value['text_output']);
  if (typeof text !== 'string') return { kind: 'garbage', why: 'an event without text' };
  const finishReason = first(value['finish_reason']);
  return {
    kind: 'response',
    response: {
      text,
      finishReason: typeof finishReason === 'string' ? finishReason : null,
      tokensIn: countOf(value['num_input_tokens']),
      newTokens: countOf(value['num_output_tokens']),
    },
  };
};

/** A tensor of one element comes as a scalar, any other as an array. */
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

const countOf = (value: unknown): number | null => {
  const count = first(value);
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null;
};

/**
 * @param answer - Of `GET /v2/models/M/ready`: empty with 200, and **400 while it is not ready**.
 */
export const toHealth = ({ status, body }: HttpAnswer): WorkerHealth => {
  if (status === 200 && body === '') return { kind: 'ready' };
  const said = toErrorText(parseJson(body));
  if (status === 400 && (said !== null || body === '')) return { kind: 'loading', message: said ?? 'The model is not ready.' };
  if (status === 503 && said !== null) return { kind: 'loading', message: said };
  return { kind: 'unhealthy', message: `The model’s readiness was answered ${status} with something that is not Triton’s.` };
};

export const toServer = (body: unknown): ServerDescription => {
  const server = new EngineJson(body, 'GET /v2');
  return { name: server.get('name').string(), version: server.get('version').string() };
};

/** From the model's metadata and its config. */
export const toModelDescription = (metadata: unknown, config: unknown): ModelDescription => {
  const model = new EngineJson(metadata, 'GET /v2/models/M');
  const settings = new EngineJson(config, 'GET /v2/models/M/config');
  const policy = settings.get('model_transaction_policy').get('decoupled');
  const backend = settings.get('backend');
  return {
    name: model.get('name').string(),
    inputs: model.get('inputs').array().map(toTensorMetadata),
    decoupled: !policy.isMissing && policy.boolean(),
    backend: backend.isMissing ? '' : backend.string(),
    parameters: isJsonObject(config) ? toParameters(config['parameters']) : {},
  };
};

const toTensorMetadata = (tensor: EngineJson): TensorMetadata => ({
  name: tensor.get('name').string(),
  datatype: tensor.get('datatype').string(),
  shape: tensor
    .get('shape')
    .array()
    .map((size) => size.number()),
});

const toParameters = (parameters: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(isJsonObject(parameters) ? parameters : {}).flatMap(([name, value]) =>
      isJsonObject(value) && typeof value['string_value'] === 'string' ? [[name, value['string_value']]] : [],
    ),
  );
