/** Reading JSON whose shape is not trusted, with the type names and messages of llama-server's JSON library. */
import { WireError } from './errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** @errors 500 `server_error`, which is what llama-server answers to a body that is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WireError(
      'server_error',
      `[json.exception.parse_error.101] parse error: ${error instanceof Error ? error.message : 'not JSON'}`,
    );
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function jsonTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
