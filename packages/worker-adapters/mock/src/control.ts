/**
 * The control port of a mock engine process, both ends: a small HTTP server beside the engine's, and its client. It owns
 * that wire; it decides nothing.
 */
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EngineCounters } from '@llama-orch/adapter-api/conformance';
import { listen, readBody } from './http-front.ts';
import type { MockControl } from './server.ts';
import type { RecordedRequest } from './wire.ts';

export const serveControl = async (control: MockControl, port: number): Promise<{ readonly url: string; readonly server: Server }> => {
  const server = createServer((incoming, response) => {
    void (async () => {
      try {
        const body = (await readBody(incoming)) ?? '';
        const value: unknown = body === '' ? null : JSON.parse(body);
        const answer = JSON.stringify((await run(control, `${incoming.method} ${incoming.url}`, value)) ?? null);
        response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(answer);
      } catch (thrown) {
        response.writeHead(400, { 'content-type': 'text/plain', connection: 'close' }).end(String(thrown));
      }
    })();
  });
  await listen(server, port);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
};

const run = (control: MockControl, route: string, value: unknown): Promise<unknown> => {
  switch (route) {
    case 'PUT /script':
      return control.script(typeof value === 'object' && value !== null ? value : {});
    case 'POST /release':
      return control.release(typeof value === 'number' ? value : Number.POSITIVE_INFINITY);
    case 'GET /counters':
      return control.counters();
    case 'GET /requests':
      return control.requests();
    case 'POST /close-idle':
      return control.closeIdleConnections();
    default:
      throw new Error(`No such control: ${route}. There are PUT /script, POST /release, POST /close-idle, GET /counters, GET /requests.`);
  }
};

/** Drives the engine behind a control port. Every call is a connection of its own, so that none is left open. */
export const createControlClient = (url: string): MockControl => ({
  script: async (changes) => {
    await call(url, 'PUT', '/script', changes);
  },
  release: async (steps) => {
    await call(url, 'POST', '/release', Number.isFinite(steps) ? steps : null);
  },
  counters: async () => (await call(url, 'GET', '/counters')) as EngineCounters,
  requests: async () => (await call(url, 'GET', '/requests')) as readonly RecordedRequest[],
  closeIdleConnections: async () => {
    await call(url, 'POST', '/close-idle');
  },
});

const call = async (url: string, method: string, path: string, value?: unknown): Promise<unknown> => {
  const body = value === undefined ? '' : JSON.stringify(value);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { 'content-length': Buffer.byteLength(body) };
    httpRequest(`${url}${path}`, { method, agent: false, headers }, resolve).once('error', reject).end(body);
  });
  const text = await readBody(response);
  if (response.statusCode !== 200 || text === null)
    throw new Error(`Control ${method} ${path} was answered ${response.statusCode}: ${text}`);
  return JSON.parse(text) as unknown;
};
