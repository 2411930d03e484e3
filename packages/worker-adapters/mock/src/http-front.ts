/**
 * The HTTP server of a scripted engine: connections, bodies, a log of requests, and the faults that hit before any wire
 * sees a request. It owns sockets; paths and bodies are the wire's.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { EngineScript } from './script.ts';
import type { HandleExchange, OpenPort, OpenWirePort, RecordedRequest, Wire } from './wire.ts';

export type HttpFront = OpenPort & { readonly url: string };

export type HttpFrontOptions = {
  readonly host: string;
  readonly port: number;
  readonly script: () => EngineScript;
  readonly whileLoading: Wire['whileLoading'];
  readonly handle: HandleExchange;
  readonly record: (request: RecordedRequest) => void;
};

/** One more HTTP port of a wire, which no fault of the script touches: figures, for example. @public */
export const httpPort =
  (serve: (context: Parameters<OpenWirePort>[0]) => HandleExchange): OpenWirePort =>
  (context, address) => {
    const script = (): EngineScript => ({ ...context.script(), fault: null });
    return createHttpFront({ ...address, script, whileLoading: 'answers', handle: serve(context), record: context.record });
  };

export const createHttpFront = async (options: HttpFrontOptions): Promise<HttpFront> => {
  const { host, port, script, whileLoading, handle, record } = options;
  const sockets = new Set<Socket>();
  const isClosed = (current: EngineScript): boolean => current.health === 'loading' && whileLoading === 'refuses';
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket, method = 'GET', url = '/' } = incoming;
    const current = script();
    if (isClosed(current)) {
      socket.resetAndDestroy();
      return;
    }
    const body = await readBody(incoming);
    if (body === null) return;
    record(recordOf(incoming, body));
    if (current.fault?.kind === 'half-open') return;
    if (current.closeAfterAnswer) response.once('finish', () => socket.end());
    const [path = '', query = ''] = url.split('?', 2);
    handle({ request: { method, path, query, headers: headersOf(incoming), body }, response, socket, script: current });
  };
  const server = createServer((incoming, response) => {
    void answer(incoming, response);
  });
  // As llama-server: idle connections are closed after 5 s, and each after 100 requests.
  server.keepAliveTimeout = 5_000;
  server.maxRequestsPerSocket = 100;
  server.requestTimeout = 0;
  server.on('connection', (socket) => {
    if (isClosed(script())) {
      socket.resetAndDestroy();
      return;
    }
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
  const { port: opened } = server.address() as AddressInfo;
  return {
    port: opened,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${opened}`,
    openSockets: () => sockets.size,
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
  headers: headersOf(incoming),
  body,
});

const headersOf = (incoming: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
