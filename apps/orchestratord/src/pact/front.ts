/**
 * What the verifier talks to: it hands each request to the provider of the moment, and may break the answers on their way back, to show
 * that the verifier would notice. It knows no pact.
 */
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type FrontAnswer = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };

/** How an answer is broken. */
export type Tamper = (answer: FrontAnswer, path: string) => FrontAnswer;

export const untouched: Tamper = (answer) => answer;

export class Front {
  readonly #server: Server;
  readonly url: string;
  tamper: Tamper = untouched;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param target - Base URL of the provider of the moment. */
  static async open(target: () => string): Promise<Front> {
    const server = createServer((incoming, response) => {
      void (async () => {
        try {
          const { status, headers, body } = front.tamper(await relay(incoming, target()), incoming.url ?? '');
          response.writeHead(status, headers).end(body);
        } catch (error) {
          response.writeHead(502, { 'content-type': 'text/plain' }).end(String(error));
        }
      })();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const front = new Front(server);
    return front;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

async function relay(incoming: IncomingMessage, target: string): Promise<FrontAnswer> {
  const sent = await textOf(incoming);
  const { connection: _, host: __, 'content-length': ___, 'transfer-encoding': ____, ...headers } = incoming.headers;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest(`${target}${incoming.url}`, {
      method: incoming.method,
      agent: false,
      headers: { ...headers, ...(sent !== '' && { 'content-length': Buffer.byteLength(sent) }) },
    });
    outgoing.once('response', resolve).once('error', reject).end(sent);
  });
  const body = await textOf(answer);
  const kept = Object.entries(answer.headers).filter(
    ([name]) => !['connection', 'transfer-encoding', 'content-length', 'keep-alive'].includes(name),
  );
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])), body };
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
