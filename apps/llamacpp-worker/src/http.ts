/**
 * HTTP/1.1 as llama-server speaks it: the gate while the model loads, the key, the envelope, keep-alive. Knows no endpoint
 * but the open ones; the routes come as a table once the model is there.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { toErrorBody, toStatus, WireError } from './errors.ts';
import { parseJson } from './json.ts';
import type { Log } from './log.ts';

/** One request. `signal` aborts when the client leaves before the answer is complete. */
export type Exchange = {
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  /** The body as JSON; may be called once. */
  readonly readBody: () => Promise<unknown>;
};

/** Answers by itself, or throws before it has sent anything. */
export type Route = (exchange: Exchange) => Promise<void>;

/** By method and path, e.g. `GET /health`. */
export type Routes = ReadonlyMap<string, Route>;

const openPaths: ReadonlySet<string> = new Set(['/health', '/v1/health']);
const maxBodyBytes = 100 * 1024 * 1024;

export type WorkerHttp = {
  readonly server: Server;
  /** Ends "Loading model". */
  readonly setRoutes: (routes: Routes) => void;
};

export function createWorkerHttp(apiKey: string | undefined, log: Log): WorkerHttp {
  const isAllowed = createKeyCheck(apiKey);
  let routes: Routes | undefined;
  // An idle connection is closed after 5 s and every one after 100 requests, like llama-server's: a client that cannot
  // live with that must fail here, not in production. Node would add a second of grace by itself.
  const server = createServer({ keepAliveTimeout: 5000, keepAliveTimeoutBuffer: 0 }, (request, response) => {
    void handle(request, response).catch((error: unknown) => fail(response, error, log));
  });
  server.maxRequestsPerSocket = 100;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Server', 'llama.cpp');
    const { path, query } = splitTarget(request.url ?? '/');
    if (routes === undefined) throw new WireError('unavailable_error', 'Loading model');
    if (!openPaths.has(path) && !isAllowed(request)) {
      log('unauthorized: Invalid API Key');
      throw new WireError('authentication_error', 'Invalid API Key');
    }
    const route = routes.get(`${request.method} ${path}`);
    if (route === undefined) throw new WireError('not_found_error', 'File Not Found');
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    await route({ query, response, signal: gone.signal, readBody: () => readJson(request) });
  }

  return {
    server,
    setRoutes: (loaded) => {
      routes = loaded;
    },
  };
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    // llama-server ends the connection with every error.
    ...(status >= 400 && { Connection: 'close' }),
  });
  response.end(text);
}

function fail(response: ServerResponse, error: unknown, log: Log): void {
  if (!(error instanceof WireError)) log(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (response.headersSent) response.destroy();
  else sendJson(response, toErrorBody(error), toStatus(error));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new WireError('invalid_request_error', `the body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    if (error instanceof WireError) throw error;
    throw new WireError('server_error', '[json.exception.parse_error.101] parse error: invalid UTF-8 byte', {});
  }
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const at = target.indexOf('?');
  if (at === -1) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}

/** `Authorization: Bearer K`, the bare key there, or `X-Api-Key: K`. Digests are compared, so neither length nor content shows in time. */
function createKeyCheck(apiKey: string | undefined): (request: IncomingMessage) => boolean {
  if (apiKey === undefined) return () => true;
  const wanted = sha256(apiKey);
  return ({ headers }) => {
    const other = headers['x-api-key'];
    const given = headers.authorization || (Array.isArray(other) ? other[0] : other) || '';
    return timingSafeEqual(sha256(given.replace(/^Bearer /, '')), wanted);
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
