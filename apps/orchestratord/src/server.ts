/**
 * The port: one `node:http` server that offers each request to the raw handlers first and gives the rest to the app, with
 * every limit of a request's form set. Requests that cannot even be parsed get the envelope too.
 */
import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { OrchError } from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';
import { type ListenAddress, listenOn, type Logger } from '@llama-orch/service-kit';
import type { RawHandler } from './routes/raw-http.ts';
import { writeSocketError } from './routes/write-error.ts';

type Limits = Config['controller']['limits'];

export type ServerOptions = {
  readonly fetch: (request: Request, bindings: { incoming: IncomingMessage }) => Response | Promise<Response>;
  /** Asked in order; the first that takes a request has it. */
  readonly raw: readonly RawHandler[];
  readonly limits: Limits;
  readonly log: Logger;
};

export interface ListeningServer {
  readonly port: number;
  /** Close idle connections now and the others when their response is out. */
  close(): Promise<void>;
}

/** How often the platform looks for requests that are too slow. */
const slowRequestCheckMs = 1_000;

/** How often connections that became idle are looked for while the server closes. */
const idleSweepMs = 50;

export const createServer = ({ fetch, raw, limits, log }: ServerOptions): Server => {
  const listener = getRequestListener((request, bindings) => fetch(request, { incoming: bindings.incoming as IncomingMessage }), {
    overrideGlobalObjects: false,
  });
  const server = createHttpServer(
    {
      maxHeaderSize: limits.max_header_bytes,
      headersTimeout: limits.header_timeout_ms,
      requestTimeout: limits.body_timeout_ms,
      connectionsCheckingInterval: slowRequestCheckMs,
    },
    (request, response) => {
      // A server that closes waits for its connections: each may finish its request, and no client may go on to the next.
      if (!server.listening) response.shouldKeepAlive = false;
      if (!raw.some((handler) => handler(request, response))) void listener(request, response);
    },
  );
  // Headers beyond the size limit are refused; none that fit are dropped in silence.
  server.maxHeadersCount = 0;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => onClientError(error, socket, limits, log));
  return server;
};

/** @throws StartError where the address cannot be had. */
export const listen = async (server: Server, address: ListenAddress): Promise<ListeningServer> => {
  const port = await listenOn(server, address);
  return {
    port,
    close: () =>
      new Promise((closed) => {
        // One that was busy when the closing began keeps its connection open behind it.
        const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs);
        server.close(() => {
          clearInterval(sweep);
          closed();
        });
        server.closeIdleConnections();
      }),
  };
};

/** @req ORCH-2006 */
const onClientError = (error: NodeJS.ErrnoException, socket: Duplex, limits: Limits, log: Logger): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  writeSocketError(socket, toOrchError(error, limits), { correlationId: randomUUID(), log });
};

const toOrchError = (error: NodeJS.ErrnoException, limits: Limits): OrchError => {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new OrchError('headers-too-large', {
      message: `The request head is above the limit of ${limits.max_header_bytes} bytes.`,
      details: { limit: { name: 'max_header_bytes', value: limits.max_header_bytes } },
    });
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new OrchError('request-timeout', {
      message: `The request head must be whole within ${limits.header_timeout_ms} ms, the request within ${limits.body_timeout_ms} ms.`,
    });
  }
  return new OrchError('invalid-params', { message: `The request is not HTTP that this server takes (${error.code ?? 'unknown'}).` });
};
