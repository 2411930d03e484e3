import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { type PoolProgress, waitUntilReady } from './readiness.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A controller whose pools answer these healths, one for each time they are asked; the last one stays. */
async function controller(healths: Readonly<Record<string, readonly object[]>>): Promise<string> {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const pool = /^\/v1\/pools\/([^/]+)\/health$/.exec(request.url ?? '')?.[1];
    if (pool === undefined) {
      response.end('{}');
      return;
    }
    const time = asked.get(pool) ?? 0;
    asked.set(pool, time + 1);
    response.end(JSON.stringify(healths[pool]?.[time] ?? healths[pool]?.at(-1) ?? {}));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const starting = { ready: false, state: 'starting', last_error: { message: 'worker is starting', cause: null } };
const ready = { ready: true, state: 'ready', last_error: null };
const never = new AbortController().signal;

test('waits for every pool, and tells each change once', async () => {
  const url = await controller({ a: [ready], b: [starting, starting, ready] });
  const told: PoolProgress[] = [];
  expect(await waitUntilReady(url, ['a', 'b'], never, (pool) => void told.push(pool))).toBe('ready');
  expect(told).toEqual([
    { poolId: 'a', isReady: true, state: 'ready' },
    { poolId: 'b', isReady: false, state: 'starting' },
    { poolId: 'b', isReady: true, state: 'ready' },
  ]);
});

test('a pool that failed tells why, and may still become ready', async () => {
  const failed = { ready: false, state: 'unready', last_error: { message: 'worker ended', cause: 'no such file' } };
  const url = await controller({ a: [failed, ready] });
  const told: PoolProgress[] = [];
  expect(await waitUntilReady(url, ['a'], never, (pool) => void told.push(pool))).toBe('ready');
  expect(told[0]).toEqual({ poolId: 'a', isReady: false, state: 'unready', trouble: 'worker ended: no such file' });
});

test('[ORCH-3037] a pool that the agent refuses ends the wait', async () => {
  const refused = { ready: false, state: 'refused', last_error: { message: 'checksum differs', cause: null } };
  expect(await waitUntilReady(await controller({ a: [refused] }), ['a'], never, () => undefined)).toMatchObject({
    poolId: 'a',
    trouble: 'checksum differs',
  });
});

test('gives up when it is told to, also where nobody answers', async () => {
  const over = new AbortController();
  const wait = waitUntilReady('http://127.0.0.1:9', ['a'], over.signal, () => over.abort());
  expect(await wait).toBe('given-up');
});
