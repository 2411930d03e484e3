/** The process itself: loading, key, signals, and every way not to start. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { get, post, stream } from './testing/client.ts';
import { modelPath, spawnWorker, startWorker, stopWorkers } from './testing/worker-process.ts';

afterEach(stopWorkers);

test('answers 503 to everything while the model loads, then serves', async () => {
  const port = await freePort();
  const worker = spawnWorker(['-m', modelPath, '--port', String(port)], { LLAMA_API_KEY: 'sekret' });
  const url = `http://127.0.0.1:${port}`;
  let loading = await get(`${url}/health`).catch(() => undefined);
  while (loading === undefined) loading = await get(`${url}/health`).catch(() => undefined);
  const body = { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } };
  expect(loading).toMatchObject({ status: 503, body });
  for (const path of ['/props', '/slots', '/nope']) expect(await get(url + path)).toMatchObject({ status: 503, body });
  expect(await post(`${url}/completion`, { prompt: 'x' })).toMatchObject({ status: 503, body });
  expect(await worker.ready).toBe(url);
  expect((await get(`${url}/health`)).status).toBe(200);

  // The key comes after "loading" and does not guard /health.
  const refused = { status: 401, body: { error: { message: 'Invalid API Key', type: 'authentication_error', code: 401 } } };
  expect(await get(`${url}/props`)).toMatchObject(refused);
  expect(await get(`${url}/props`, { authorization: 'Bearer other' })).toMatchObject(refused);
  for (const headers of [{ authorization: 'Bearer sekret' }, { authorization: 'sekret' }, { 'x-api-key': 'sekret' }]) {
    expect((await get(`${url}/props`, headers)).status).toBe(200);
  }
  expect(worker.log()).not.toContain('sekret');
});

test('ends with 0 on SIGTERM, idle or with streams open, and cuts the streams off', async () => {
  const idle = await startWorker([]);
  idle.child.kill('SIGTERM');
  expect(await idle.ended).toBe(0);

  const busy = await startWorker(['-c', '16384', '-np', '2']);
  const events = stream(busy.url, { prompt: 'x', ignore_eos: true });
  await events.next();
  busy.child.kill('SIGTERM');
  const rest = async (): Promise<void> => {
    for await (const event of events) expect(event['stop']).toBe(false);
  };
  await expect(rest()).rejects.toThrow('terminated');
  expect(await busy.ended).toBe(0);
});

test('keeps serving when nobody reads its stderr any more', async () => {
  const worker = await startWorker(['-c', '256'], { LLAMA_API_KEY: 'sekret' });
  worker.child.stderr?.destroy();
  // Each refusal writes a line, which now fails.
  for (const _ of [1, 2, 3]) expect((await get(`${worker.url}/props`)).status).toBe(401);
  expect((await get(`${worker.url}/props`, { authorization: 'Bearer sekret' })).status).toBe(200);
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
});

test('ends with 1 and says why when it cannot start', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const taken = typeof address === 'object' ? String(address?.port) : '';
  const cases: readonly (readonly [args: readonly string[], log: RegExp])[] = [
    [['--nope'], /error: invalid argument: --nope/],
    [['--port', '0'], /error: --model is required/],
    [['-m', modelPath, '--port', taken], /EADDRINUSE[^]*exiting due to HTTP server error/],
    [['-m', `${modelPath}.missing`, '--port', '0'], /failed to load model[^]*exiting due to model loading error/],
    [['-m', import.meta.filename, '--port', '0'], /failed to load model[^]*exiting due to model loading error/],
    [['-m', modelPath, '--port', '0', '--rerank'], /failed to load model[^]*no rank head[^]*exiting due to model loading error/],
  ];
  for (const [args, log] of cases) {
    const worker = spawnWorker(args);
    expect(await worker.ended).toBe(1);
    expect(worker.log()).toMatch(log);
  }
  other.close();
});

test('prints its version to stderr', async () => {
  const worker = spawnWorker(['--version']);
  expect(await worker.ended).toBe(0);
  expect(worker.log()).toMatch(/^version: embedded-\S+-nlc3\.21\.1\n$/);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
