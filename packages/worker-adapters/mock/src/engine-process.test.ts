/** Tests of the engine as a process: its lines, its exits, its signals, and answers that two processes agree on. */
import { spawnSync } from 'node:child_process';
import { afterEach, expect, test, vi } from 'vitest';
import { type MockEngine, type MockEngineOptions, mockEngineMain, startMockEngine } from './engine-process.ts';
import { cudaOutOfMemoryText } from './script.ts';

vi.setConfig({ testTimeout: 60_000 });

/** For machines that are busy with other things. */
const patience = { timeout: 10_000 };
const engines: MockEngine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
});

const start = async (options?: MockEngineOptions): Promise<MockEngine> => {
  const engine = await startMockEngine(options);
  engines.push(engine);
  return engine;
};

const complete = (url: string, body: object = {}): Promise<Response> =>
  fetch(`${url}/completion`, {
    method: 'POST',
    body: JSON.stringify({ prompt: 'the water is', n_predict: 20, seed: 7, stream: true, ...body }),
  });

const run = (...flags: readonly string[]) => spawnSync(process.execPath, [mockEngineMain(), ...flags], { encoding: 'utf8' });

test('two processes give the same bytes for the same prompt and seed', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  const text = await (await complete(one.url)).text();
  expect(text).toContain('"stop":true');
  expect(await (await complete(two.url)).text()).toBe(text);
  expect(await (await complete(two.url, { seed: 8 })).text()).not.toBe(text);
});

test('gives slots in the order of the requests, and counts who waits', async () => {
  const { url, control } = await start({ slots: 1, script: { holdAfterSteps: 0 } });
  const ended: number[] = [];
  const requests = [];
  for (let number = 1; number <= 3; number += 1) {
    requests.push(
      complete(url)
        .then((response) => response.text())
        .then(() => ended.push(number)),
    );
    await expect.poll(async () => (await control.counters()).tasksSeen, patience).toBe(number);
  }
  expect(await control.counters()).toMatchObject({ slotsTotal: 1, slotsBusy: 1, queued: 2, held: 1 });
  for (const left of [2, 1, 0]) {
    await expect.poll(async () => (await control.counters()).held, patience).toBe(1);
    await control.release(100);
    await expect.poll(async () => (await control.counters()).queued, patience).toBe(Math.max(0, left - 1));
  }
  await Promise.all(requests);
  expect(ended).toEqual([1, 2, 3]);
});

test('dies of device memory as a CUDA build does', async () => {
  const { url, exited, stderr } = await start({ script: { fault: { kind: 'exit', afterSteps: 2, code: 1, stderr: cudaOutOfMemoryText } } });
  await expect(complete(url).then((response) => response.text())).rejects.toThrow(TypeError);
  expect(await exited).toBe(1);
  expect(stderr()).toContain('CUDA error: out of memory');
});

test('takes key, weights, cache, queue and cost to the process, and the key not by its command line', async () => {
  const cost = { prefillTokensPerSecond: 1_000_000, stepMs: 1, perRequestMs: 0, batchTokens: 512 };
  const kv = { tokens: 64, policy: 'reserve' } as const;
  const [engine, other] = await Promise.all([
    start({ apiKey: 'sekret', cost, kv, maxWaiting: 0, wireOptions: { serves: 'generation' }, script: { holdAfterSteps: 2 } }),
    start({ weights: 7 }),
  ]);
  const headers = { authorization: 'Bearer sekret' };
  const ask = (body: object = {}): Promise<Response> =>
    fetch(`${engine.url}/completion`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ prompt: 'the water is', n_predict: 20, seed: 7, stream: true, ...body }),
    });
  expect((await complete(engine.url)).status).toBe(401);
  expect((await fetch(`${engine.url}/v1/embeddings`, { method: 'POST', headers, body: '{"input":"a"}' })).status).toBe(501);
  const running = ask();
  await expect.poll(async () => (await engine.control.counters()).held, patience).toBe(1);
  expect(await engine.control.counters()).toMatchObject({ kvTokensTotal: 64, kvTokensUsed: 24 });
  expect((await ask()).status).toBe(503);
  await engine.control.release(100);
  const text = await (await running).text();
  expect(await (await complete(other.url)).text()).not.toBe(text);
  const shown = spawnSync('ps', ['-o', 'args=', '-p', String(engine.pid)], { encoding: 'utf8' }).stdout;
  expect(shown).toContain('--kv-policy reserve');
  expect(shown).not.toContain('sekret');
});

test('says that it is loading for as long as the script wants', async () => {
  const { url, control } = await start({ script: { loadingMs: 60_000 } });
  const response = await fetch(`${url}/health`);
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 503,
    body: { error: { type: 'unavailable_error' } },
  });
  await control.script({});
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test('ends by itself, at SIGTERM, or goes silent until its clients left', async () => {
  const [dying, polite, deaf, silent] = await Promise.all([
    start({ script: { exitAfter: { ms: 1, code: 3, stderr: 'bye\n' } } }),
    start(),
    start({ script: { onSigterm: 'ignore' } }),
    start({ script: { onSigterm: 'silent', tokensPerSecond: 500 } }),
  ]);
  expect(await dying.exited).toBe(3);
  polite.kill('SIGTERM');
  expect(await polite.exited).toBe(0);
  deaf.kill('SIGTERM');
  const controller = new AbortController();
  const response = await fetch(`${silent.url}/completion`, {
    method: 'POST',
    body: JSON.stringify({ prompt: 'a', n_predict: 4_000, stream: true }),
    signal: controller.signal,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  silent.kill('SIGTERM');
  let sent = -1;
  await expect
    .poll(async () => {
      const before = sent;
      sent = (await silent.control.counters()).stepsSent;
      return sent === before;
    }, patience)
    .toBe(true);
  expect(sent).toBeLessThan(4_000);
  await expect(fetch(`${silent.url}/health`)).rejects.toThrow(TypeError);
  controller.abort();
  expect(await silent.exited).toBe(0);
  expect((await fetch(`${deaf.url}/health`)).status).toBe(200);
});

test('refuses bad flags and bad scripts with 2, and a taken port with 1', async () => {
  const { url } = await start();
  expect(run('--slots', 'many')).toMatchObject({ status: 2, stderr: expect.stringContaining('--slots') });
  expect(run('--nope')).toMatchObject({ status: 2, stderr: expect.stringContaining('--nope') });
  expect(run('--port', new URL(url).port)).toMatchObject({ status: 1, stderr: expect.stringContaining('EADDRINUSE') });
  await expect(startMockEngine({ script: { pings: 'yes' as never } })).rejects.toThrow('pings');
});
