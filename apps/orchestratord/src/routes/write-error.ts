/**
 * An error written to a raw `node:http` response or socket, for requests that never reach the web framework.
 */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Logger, renderError } from '@llama-orch/service-kit';

export type ErrorContext = { readonly correlationId: string; readonly log: Logger };

/** @req ORCH-2006, ORCH-2012 */
export const writeError = (response: ServerResponse, error: unknown, context: ErrorContext): void => {
  const { status, headers, body } = renderError(error, context);
  response.writeHead(status, headers).end(JSON.stringify(body));
};

/** The same to a socket whose request could not even be parsed; the connection ends with it. */
export const writeSocketError = (socket: Duplex, error: unknown, context: ErrorContext): void => {
  const { status, headers, body } = renderError(error, context);
  const text = JSON.stringify(body);
  const head = Object.entries({ ...headers, connection: 'close', 'content-length': String(Buffer.byteLength(text)) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} Error\r\n${head.join('')}\r\n${text}`);
};
