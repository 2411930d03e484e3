import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { haikuRequest, minuteInWords, runHaiku } from './haiku-demo.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server that answers the two calls with these bodies, the stream in the given pieces. */
async function serve(status: number, answer: string, pieces: readonly string[]): Promise<string> {
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      response.writeHead(status).end(answer);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) response.write(piece);
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const never = new AbortController().signal;

async function run(url: string): Promise<{ tokens: string[]; end: Record<string, unknown> }> {
  const tokens: string[] = [];
  const { end } = await runHaiku(url, haikuRequest(new Date()), { onToken: (text) => void tokens.push(text) }, never);
  return { tokens, end };
}

test('minutes are written in words', () => {
  const words = Array.from({ length: 60 }, (_, minute) => minuteInWords(minute));
  expect(new Set(words).size).toBe(60);
  expect([words[0], words[13], words[20], words[42]]).toEqual(['zero', 'thirteen', 'twenty', 'forty-two']);
});

test('[ORCH-3059] the prompt asks for the minute of Amsterdam and for a fresh nonce of eight characters', () => {
  // 09:17 UTC; every whole-hour zone has the same minute, Kathmandu would not.
  const request = haikuRequest(new Date('2026-01-05T09:17:30Z'));
  expect(request.prompt).toContain('"seventeen"');
  expect(request.prompt).toMatch(/nonce verbatim: "[0-9a-f]{8}"/);
  expect(request.prompt).toMatch(/\n$/);
  expect(haikuRequest(new Date()).prompt).not.toBe(request.prompt);
});

test('tokens come in order whatever the network cuts, and comments are no tokens', async () => {
  const url = await serve(202, '{}', [
    ': hello\n\nid: 1\nevent: started\ndata: {"replica_id":"a/1"}\n\neve',
    'nt: token\ndata: {"t":"mo',
    'on","i":0}\n\nevent: token\r\ndata: {"t":"\\n","i":1}\r\n\r\n',
    'event: end\ndata: {"tokens_out":2}\n\n',
  ]);
  expect(await run(url)).toEqual({ tokens: ['moon', '\n'], end: { tokens_out: 2 } });
});

test('a refusal, a failed task and a cut stream each say what happened', async () => {
  await expect(run(await serve(503, '{"code":"POOL_UNAVAILABLE"}', []))).rejects.toThrow('503: {"code":"POOL_UNAVAILABLE"}');
  await expect(run(await serve(202, '{}', ['event: error\ndata: {"code":"WORKER_RESET","message":"gone"}\n\n']))).rejects.toThrow(
    'WORKER_RESET: gone',
  );
  await expect(run(await serve(202, '{}', ['event: token\ndata: {"t":"a","i":0}\n\n']))).rejects.toThrow('ended without');
});
