/** POST /embedding and /v1/embeddings: inputs to normalised vectors, one after the other, each in a slot. */
import type { Embedder, Engine } from './engine.ts';
import { WireError } from './errors.ts';
import { isObject, type JsonObject } from './json.ts';
import type { SlotWork } from './slot-work.ts';

/** `native`: llama-server's own form, `openai`: that of /v1/embeddings. */
export type EmbeddingForm = 'native' | 'openai';

export type EmbeddingDeps = { readonly engine: Engine; readonly work: SlotWork };

/**
 * `undefined` when `signal` aborted.
 * @errors 501 without `--embedding`, 400 for bad input, 500 for an empty list or an input that is too long
 */
export async function embed(
  deps: EmbeddingDeps,
  form: EmbeddingForm,
  readBody: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<unknown> {
  const { engine, work } = deps;
  const { embedder, vocabulary, info } = engine;
  if (embedder === undefined) {
    throw new WireError('not_supported_error', 'This server does not support embeddings. Start it with `--embeddings`');
  }
  const body = await readBody();
  const { input, usesContent, usesBase64, model } = parseEmbeddingRequest(body, info.alias);
  const inputs = tokenizeInputs(() => vocabulary.tokenizePrompts(input), embedder);
  const vectors: number[][] = [];
  for (const tokens of inputs) {
    const vector = await work(tokens.length, signal, async () => normalize(await embedder.embed(tokens)));
    if (vector === undefined) return undefined;
    vectors.push(vector);
  }
  if (form === 'native' || usesContent) return vectors.map((vector, index) => ({ index, embedding: [vector] }));
  const tokens = inputs.reduce((sum, one) => sum + one.length, 0);
  const data = vectors.map((vector, index) => ({
    embedding: usesBase64 ? toBase64(vector) : vector,
    index,
    object: 'embedding',
    ...(usesBase64 && { encoding_format: 'base64' }),
  }));
  return { model, object: 'list', usage: { prompt_tokens: tokens, total_tokens: tokens }, data };
}

/** Divides by the Euclidean length; a zero vector stays one. Rounded to the 32-bit floats that the engine computed. */
export function normalize(vector: readonly number[]): number[] {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => Math.fround(length === 0 ? 0 : value / length));
}

/** Little-endian 32-bit floats, as OpenAI's clients decode them. */
export function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

type EmbeddingRequest = { readonly input: unknown; readonly usesContent: boolean; readonly usesBase64: boolean; readonly model: unknown };

function parseEmbeddingRequest(body: unknown, alias: string): EmbeddingRequest {
  const fields: JsonObject = isObject(body) ? body : {};
  if (!('input' in fields) && !('content' in fields)) throw new WireError('invalid_request_error', '"input" or "content" must be provided');
  const format = fields['encoding_format'] ?? 'float';
  if (format !== 'float' && format !== 'base64') {
    throw new WireError('invalid_request_error', 'The format to return the embeddings in. Can be either float or base64');
  }
  const usesContent = !('input' in fields);
  return {
    input: usesContent ? fields['content'] : fields['input'],
    usesContent,
    usesBase64: format === 'base64',
    model: fields['model'] ?? alias,
  };
}

function tokenizeInputs(tokenize: () => number[][], embedder: Embedder): number[][] {
  const inputs = withServerError(tokenize);
  for (const tokens of inputs) {
    if (tokens.length === 0) throw new WireError('invalid_request_error', 'Input content cannot be empty');
    if (tokens.length > embedder.maxTokens) throw tooLong(tokens.length, embedder.maxTokens);
  }
  return inputs;
}

/** llama-server answers a bad input here with 500, not with the 400 of /completion. */
function withServerError<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof WireError ? new WireError('server_error', error.message) : error;
  }
}

export function tooLong(tokens: number, maxTokens: number): WireError {
  return new WireError(
    'server_error',
    `input (${tokens} tokens) is too large to process. increase the physical batch size (current batch size: ${maxTokens})`,
  );
}
