/** Tests of what is vLLM's alone and no conformance case can ask: headers, salts, its gauges, its two kinds of server. */
import type { WorkerAdapter, WorkerEvent } from '@llama-orch/adapter-api';
import { createMockServer, type MockServer, type MockServerOptions } from '@llama-orch/adapter-mock';
import { afterEach, expect, test } from 'vitest';
import { createVllmAdapter } from './adapter.ts';

let server: MockServer;
let adapter: WorkerAdapter;

const setUp = async (options: MockServerOptions = {}, apiKey = 'sekret'): Promise<void> => {
  server = await createMockServer({ wire: 'vllm', apiKey: 'sekret', ...options });
  adapter = createVllmAdapter({
    baseUrl: server.url,
    apiKey,
    maxConnections: 4,
    callTimeoutMs: 2_000,
    nowMs: () => performance.now(),
  });
};
afterEach(async () => {
  await adapter.close();
  await server.stop();
});

const { signal } = new AbortController();
const task = {
  workload: 'completion',
  taskId: '00000000-0000-4000-8000-000000000001',
  prompt: 'the water is',
  maxTokens: 3,
  seed: 7,
  stop: [],
  samplerProfileVersion: 'v1',
  kvReuse: false,
} as const;

const drain = async (events: AsyncIterable<readonly WorkerEvent[]>): Promise<readonly WorkerEvent[]> => {
  const all: WorkerEvent[] = [];
  for await (const batch of events) all.push(...batch);
  return all;
};
const bodies = async (path: string): Promise<readonly Record<string, unknown>[]> =>
  (await server.control.requests())
    .filter((request) => request.path === path)
    .map(({ body }) => JSON.parse(body) as Record<string, unknown>);
const free = { signal, expectedBusy: () => 0, expectedInFlight: () => 0 };

test('[ORCH-3024] [ORCH-3111] gives the engine the task’s id, the trace and the key', async () => {
  await setUp();
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await drain(adapter.submit({ ...task, traceparent }, { signal }));
  const [request] = await server.control.requests();
  expect(request).toMatchObject({
    method: 'POST',
    path: '/v1/completions',
    headers: { 'x-request-id': task.taskId, traceparent, authorization: 'Bearer sekret', 'content-type': 'application/json' },
  });
});

test('[ORCH-3045] no two tasks that may not reuse the prefix cache share a salt, and none of them hits it', async () => {
  await setUp({ wireOptions: { 'prompt-tokens-details': 'on' } });
  const cached = async (kvReuse: boolean): Promise<number | undefined> => {
    const end = (await drain(adapter.submit({ ...task, kvReuse }, { signal }))).at(-1);
    return end?.kind === 'end' ? end.cachedTokens : undefined;
  };
  expect([await cached(false), await cached(false), await cached(true)]).toEqual([0, 0, expect.any(Number)]);
  expect(await cached(true)).toBeGreaterThan(0);
  const salts = (await bodies('/v1/completions')).map(({ cache_salt: salt }) => salt);
  expect(salts.map((salt) => typeof salt)).toEqual(['string', 'string', 'undefined', 'undefined']);
  expect(salts[0]).not.toBe(salts[1]);
});

test('[ORCH-3015] counts a prompt with the special tokens that a completion adds', async () => {
  await setUp();
  expect(await adapter.countTokens?.('the water is', signal)).toBe(4);
  expect(await bodies('/tokenize')).toEqual([{ prompt: 'the water is', add_special_tokens: true }]);
});

test('[ORCH-3017] trap: gauges that stand still after the last abort are made to move by one small request', async () => {
  await setUp({ wireOptions: { stats: 'stand-still' }, script: { holdAfterSteps: 1 } });
  for await (const batch of adapter.submit(task, { signal })) if (batch.some((event) => event.kind === 'token')) break;
  await server.control.script({});
  expect((await adapter.metrics(signal)).requestsRunning).toBe(1);
  await adapter.confirmReleased(free);
  expect((await adapter.metrics(signal)).requestsRunning).toBe(0);
  expect((await bodies('/v1/completions')).slice(1)).toEqual([{ prompt: '.', max_tokens: 1, temperature: 0 }]);
});

test('[ORCH-3017] trap: without its stats nobody can tell that a request is gone, and the error names the flag', async () => {
  await setUp({ wireOptions: { stats: 'off' } });
  await expect(adapter.confirmReleased(free)).rejects.toMatchObject({
    kind: 'engine-rejected',
    message: expect.stringContaining('--disable-log-stats'),
  });
});

test('trap: a generation server has no pooling routes and the other way round', async () => {
  await setUp({ wireOptions: { serves: 'generation' } });
  const embedding = drain(adapter.submit({ workload: 'embedding', taskId: 'e', inputs: ['a'] }, { signal }));
  await expect(embedding).rejects.toMatchObject({ kind: 'engine-rejected', message: expect.stringContaining('--runner') });
});

test('[ORCH-3015] trap: prompt and limit above the context are refused, not cut; an empty prompt is refused too', async () => {
  await setUp({ ctxTokens: 6 });
  await expect(drain(adapter.submit(task, { signal }))).rejects.toMatchObject({ kind: 'prompt-too-long', mayRunAgain: false });
  await expect(drain(adapter.submit({ ...task, prompt: '' }, { signal }))).rejects.toMatchObject({ kind: 'engine-rejected' });
  expect((await drain(adapter.submit({ ...task, maxTokens: 2 }, { signal }))).at(-1)).toMatchObject({ tokensIn: 4, tokensOut: 2 });
});

test('trap: `normalize` is refused and `top_n` cuts, so pooling requests hold neither', async () => {
  await setUp();
  await drain(adapter.submit({ workload: 'embedding', taskId: 'e', inputs: ['a'] }, { signal }));
  await drain(adapter.submit({ workload: 'rerank', taskId: 'r', query: 'q', documents: ['a', 'b'] }, { signal }));
  expect(await bodies('/v1/embeddings')).toEqual([{ input: ['a'], encoding_format: 'float' }]);
  expect(await bodies('/v1/rerank')).toEqual([{ query: 'q', documents: ['a', 'b'] }]);
});

test('a full queue of the engine is backpressure', async () => {
  await setUp({ maxWaiting: 0, script: { holdAfterSteps: 1 } });
  const first = adapter.submit(task, { signal })[Symbol.asyncIterator]();
  await first.next();
  await expect(drain(adapter.submit(task, { signal }))).rejects.toMatchObject({ kind: 'busy', mayRunAgain: true });
  await first.return?.();
});

test('trap: a wrong key shows at the first look, and not at /health or /tokenize, which ask for none', async () => {
  await setUp({}, 'wrong');
  expect((await adapter.health(signal)).kind).toBe('ready');
  expect(await adapter.countTokens?.('a', signal)).toBe(2);
  await expect(adapter.props(signal)).rejects.toMatchObject({ kind: 'engine-rejected', message: expect.stringContaining('API key') });
  await expect(drain(adapter.submit(task, { signal }))).rejects.toMatchObject({ kind: 'engine-rejected' });
});

test('trap: while it loads the engine takes no connection', async () => {
  await setUp({ script: { health: 'loading' } });
  expect((await adapter.health(signal)).kind).toBe('unreachable');
});
