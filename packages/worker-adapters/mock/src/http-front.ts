/**
 * The HTTP server of a scripted engine: connections, bodies, a log of requests, and the faults that hit before any wire
 * sees a request. It owns sockets; paths and bodies are the wire's.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { EngineScript } from './script.ts';
import type { Exchange } from './wire.ts';

export type RecordedRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type HttpFront = {
  readonly url: string;
  readonly openSockets: () => number;
  /** The latest 1,000, oldest first. */
  readonly requests: () => readonly RecordedRequest[];
  readonly closeIdleConnections: () => void;
  /** Take no new connections; resolves when the open ones are gone. */
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type HttpFrontOptions = {
  readonly host: string;
  readonly port: number;
  readonly script: () => EngineScript;
  readonly handle: (exchange: Exchange) => void;
};

const keptRequests = 1_000;

export const createHttpFront = async ({ host, port, script, handle }: HttpFrontOptions): Promise<HttpFront> => {
  const sockets = new Set<Socket>();
  const requests: RecordedRequest[] = [];
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket, method = 'GET', url = '/' } = incoming;
    const current = script();
    const body = await readBody(incoming);
    if (body === null) return;
    requests.push(recordOf(incoming, body));
    if (requests.length > keptRequests) requests.shift();
    if (current.fault?.kind === 'half-open') return;
    if (current.closeAfterAnswer) response.once('finish', () => socket.end());
    handle({ request: { method, path: url.split('?', 1)[0] ?? url, body }, response, socket, script: current });
  };
  const server = createServer((incoming, response) => {
    void answer(incoming, response);
  });
  // As llama-server: idle connections are closed after 5 s, and each after 100 requests.
  server.keepAliveTimeout = 5_000;
  server.maxRequestsPerSocket = 100;
  server.requestTimeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await listen(server, port, host);
  const drain = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
    });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    openSockets: () => sockets.size,
    requests: () => [...requests],
    closeIdleConnections: () => server.closeIdleConnections(),
    drain,
    close: async () => {
      const closed = drain();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

export const listen = (server: Server, port: number, host = '127.0.0.1'): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

/** The whole body, `null` where the client left first. */
export const readBody = async (incoming: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
};

const recordOf = (incoming: IncomingMessage, body: string): RecordedRequest => ({
  method: incoming.method ?? '',
  path: incoming.url ?? '',
  headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
  body,
});
