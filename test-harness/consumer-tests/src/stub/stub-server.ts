/** The stub as an HTTP server, for consumers in any language. It owns the port; what it answers is the pacts'. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getResponse, type HttpHandler } from 'msw';

/** Bodies of requests above this are refused: no interaction is that large. */
const maxBodyBytes = 1_048_576;

export type StubServer = { readonly url: string; close(): Promise<void> };

export async function startStub(handlers: readonly HttpHandler[], { host = '127.0.0.1', port = 0 } = {}): Promise<StubServer> {
  const server = createServer((incoming, response) => {
    void serve(incoming, response, handlers).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, listening);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function serve(incoming: IncomingMessage, response: ServerResponse, handlers: readonly HttpHandler[]): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    chunks.push(chunk);
  }
  const method = incoming.method ?? 'GET';
  const headers = Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] => [[name, String(value)]]);
  const request = new Request(`http://stub${incoming.url}`, {
    method,
    headers,
    ...(method !== 'GET' && method !== 'HEAD' && { body: Buffer.concat(chunks) }),
  });
  const answer = await getResponse([...handlers], request);
  if (answer === undefined) throw new Error('no handler answered');
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(Buffer.from(await answer.arrayBuffer()));
}
