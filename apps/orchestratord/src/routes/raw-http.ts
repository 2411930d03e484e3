/**
 * Plain routes on `node:http`: a request's head and bounded body in, one write out. It knows no route. It leaves the web framework
 * because that was most of what the admission of a task cost.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OrchError } from '@llama-orch/api-types';
import { headerReader } from '@llama-orch/service-kit';
import { bodyTooLarge } from './json-body.ts';
import type { PlainAnswer, PlainRouter } from './plain-router.ts';

/** @returns false for a request that it leaves to others. */
export type RawHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** How long the rest of a body is read on that nobody wants: a connection cut at once would take the answer with it. */
const unreadBodyMs = 500;

export const createRawHandler =
  (router: PlainRouter): RawHandler =>
  (request, response) => {
    const answer = router({
      method: request.method ?? 'GET',
      url: request.url ?? '',
      header: headerReader(request.headers),
      remote: request.socket.remoteAddress,
      readBody: (maxBytes) => readBody(request, maxBytes),
    });
    if (answer === undefined) return false;
    if (answer instanceof Promise) void answer.then((settled) => write(request, response, settled));
    else write(request, response, answer);
    return true;
  };

const write = (request: IncomingMessage, response: ServerResponse, { status, headers, body }: PlainAnswer): void => {
  // The client is gone, or was already told that its request took too long.
  if (response.destroyed) return;
  response.writeHead(status, body === '' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) });
  response.end(body);
  if (hasBody(request) && !request.complete) skipRest(request);
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const skipRest = (request: IncomingMessage): void => {
  const { socket } = request;
  const timer = setTimeout(() => socket.destroySoon(), unreadBodyMs);
  request.once('close', () => clearTimeout(timer));
  request.resume();
};

/**
 * @throws OrchError `body-too-large`; `invalid-params` where the connection ends first, which nobody reads.
 * @req ORCH-2006
 */
const readBody = (request: IncomingMessage, maxBytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      reject(bodyTooLarge(maxBytes));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) {
        request.off('data', onData);
        chunks.length = 0;
        reject(bodyTooLarge(maxBytes));
      } else chunks.push(chunk);
    };
    const onBroken = (): void => reject(new OrchError('invalid-params', { message: 'The body ended before its end.' }));
    request.on('data', onData);
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)));
    request.on('error', onBroken);
    request.on('close', onBroken);
  });
