/**
 * A request body as checked JSON: bounded, UTF-8, one value, of its schema. Every way to be wrong has its own error.
 */
import { isUtf8 } from 'node:buffer';
import { OrchError, type SchemaName, type SchemaTypes, validate } from '@llama-orch/api-types';
import type { Context } from 'hono';

/**
 * Read and check the body of a request inside the web framework.
 *
 * @throws OrchError `unsupported-media-type`, `body-too-large`, `invalid-params`.
 * @req ORCH-2006
 */
export const readJson = async <Name extends SchemaName>(c: Context, schema: Name, maxBytes: number): Promise<SchemaTypes[Name]> => {
  assertJsonType(c.req.header('content-type'));
  return parseJsonBody(await readBounded(c, maxBytes), schema);
};

/** @throws OrchError `unsupported-media-type`. */
export const assertJsonType = (type = ''): void => {
  if (/^application\/json\s*(?:;|$)/i.test(type)) return;
  throw new OrchError('unsupported-media-type', {
    message: `Expected Content-Type application/json, got ${type === '' ? 'none' : JSON.stringify(type.slice(0, 100))}.`,
  });
};

/** @throws OrchError `invalid-params`, with a fault for each wrong place. */
export const parseJsonBody = <Name extends SchemaName>(bytes: Buffer, schema: Name): SchemaTypes[Name] => {
  const checked = validate(schema, parse(bytes));
  if (!checked.ok) throw new OrchError('invalid-params', { message: summary(checked.faults), details: { faults: [...checked.faults] } });
  return checked.value;
};

export const bodyTooLarge = (maxBytes: number): OrchError =>
  new OrchError('body-too-large', {
    message: `The body is above the limit of ${maxBytes} bytes.`,
    details: { limit: { name: 'max_body_bytes', value: maxBytes } },
  });

const readBounded = async (c: Context, maxBytes: number): Promise<Buffer> => {
  const length = c.req.header('content-length');
  if (length !== undefined) {
    if (Number(length) > maxBytes) throw bodyTooLarge(maxBytes);
    // The platform reads no more than was declared.
    return Buffer.from(await c.req.raw.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw bodyTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};

const byteOrderMark = '\u{FEFF}';

const parse = (bytes: Buffer): unknown => {
  if (!isUtf8(bytes)) throw notJson('The body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text.startsWith(byteOrderMark) ? text.slice(1) : text);
  } catch (error) {
    throw notJson(`The body is not JSON: ${error instanceof SyntaxError ? positionOf(error.message) : 'unreadable'}.`);
  }
};

/** Where parsing stopped, without the excerpt of the body that the engine's message quotes. */
const positionOf = (message: string): string => /at position \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0] ?? 'it ends too early';

const notJson = (message: string): OrchError => new OrchError('invalid-params', { message, details: { faults: [{ path: '', message }] } });

const summary = (faults: readonly { path: string; message: string }[]): string =>
  faults.map(({ path, message }) => `${path === '' ? 'body' : path}: ${message}`).join('; ');
