import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { pactPublish } from './pact-publish.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

type Published = { readonly token: string | undefined; readonly body: { readonly contracts: readonly { readonly content: string }[] } };

async function broker(status: number): Promise<{ readonly url: string; readonly published: Published[] }> {
  const published: Published[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const text = await read(request);
      published.push({ token: request.headers.authorization, body: JSON.parse(text) as Published['body'] });
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end('{"errors":"no"}');
    })();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => new Promise((closed) => server.close(() => closed())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, published };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const said = (): { readonly lines: string[] } => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  return { lines };
};

test('without a broker it says what it would publish, and sends nothing', async () => {
  vi.stubEnv('PACT_BROKER_BASE_URL', '');
  const { lines } = said();
  expect(await pactPublish.run(['--version', 'v1', '--branch', 'b'])).toBe(0);
  expect(lines).toContain('openapi-client → orchestratord, version v1, branch b: would be published');
});

test('each pact goes to the broker with its token, as it is committed', async () => {
  const { url, published } = await broker(200);
  vi.stubEnv('PACT_BROKER_TOKEN', 'a token');
  const { lines } = said();
  expect(await pactPublish.run(['--broker', url, '--version', 'v1', '--branch', 'b', '--json'])).toBe(0);
  expect(published.length).toBeGreaterThan(1);
  expect(new Set(published.map(({ token }) => token))).toEqual(new Set(['Bearer a token']));
  const contents = published.map(({ body }) => Buffer.from(body.contracts[0]?.content ?? '', 'base64').toString());
  expect(contents.every((content) => content.includes('"interactions"'))).toBe(true);
  expect(lines.map((line) => (JSON.parse(line) as { outcome: string }).outcome)).toEqual(published.map(() => 'published'));
});

test('a broker that refuses is a failure with its words, and a URL that is none is bad usage', async () => {
  const { url } = await broker(403);
  const { lines } = said();
  expect(await pactPublish.run(['--broker', url, '--version', 'v1', '--branch', 'b'])).toBe(1);
  expect(lines[0]).toContain('refused with 403: {"errors":"no"}');
  await expect(pactPublish.run(['--broker', 'somewhere'])).rejects.toThrow('https://HOST');
});
