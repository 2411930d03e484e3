/** Tests of what is TGI's alone and no conformance case can ask: leaving it at a stop text, answers that are no stream, its limits. */
import type { WorkerAdapter, WorkerEvent } from '@llama-orch/adapter-api';
import { createMockServer, type MockServer, type MockServerOptions } from '@llama-orch/adapter-mock';
import { afterEach, expect, test, vi } from 'vitest';
import { createTgiAdapter } from './adapter.ts';

let server: MockServer;
let adapter: WorkerAdapter;

const setUp = async (options: MockServerOptions = {}, apiKey = 'sekret'): Promise<void> => {
  server = await createMockServer({ wire: 'tgi', apiKey: 'sekret', ...options });
  adapter = createTgiAdapter({
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
  maxTokens: 20,
  seed: 7,
  stop: [] as readonly string[],
  samplerProfileVersion: 'v1',
  kvReuse: false,
} as const;

const drain = async (events: AsyncIterable<readonly WorkerEvent[]>): Promise<readonly WorkerEvent[]> => {
  const all: WorkerEvent[] = [];
  for await (const batch of events) all.push(...batch);
  return all;
};
const textOf = (events: readonly WorkerEvent[]): string => events.map((event) => (event.kind === 'token' ? event.text : '')).join('');
const paths = async (): Promise<readonly string[]> => (await server.control.requests()).map(({ path }) => path);
const steps = (...texts: readonly string[]) => texts.map((text) => ({ text, tokens: 1 }));

test('[ORCH-3112] streams by /generate_stream, with the trace and the key', async () => {
  await setUp();
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await drain(adapter.submit({ ...task, traceparent }, { signal }));
  expect((await server.control.requests())[0]).toMatchObject({
    method: 'POST',
    path: '/generate_stream',
    headers: { traceparent, authorization: 'Bearer sekret', 'content-type': 'application/json' },
  });
});

test('trap: the engine goes on after a stop text inside a token, so it is left, and its slot is free', async () => {
  await setUp({ script: { steps: steps('one', '.STOP."', ' two', ' three'), holdAfterSteps: 3 } });
  const events = await drain(adapter.submit({ ...task, stop: ['STOP'] }, { signal }));
  expect(textOf(events)).toBe('one.');
  expect(events.at(-1)).toEqual({ kind: 'end', finishReason: 'stop', tokensIn: 4, tokensOut: 2, cachedTokens: 0 });
  await vi.waitUntil(async () => (await server.control.counters()).slotsBusy === 0);
});

test('trap: a fifth stop text is matched here, for the engine would refuse it', async () => {
  await setUp({ script: { steps: steps('one', ' two', ' FIFTH', ' more'), holdAfterSteps: 3 } });
  const events = await drain(adapter.submit({ ...task, stop: ['a!', 'b!', 'c!', 'd!', 'FIFTH'] }, { signal }));
  expect(textOf(events)).toBe('one two ');
  expect(events.at(-1)).toMatchObject({ finishReason: 'stop' });
});

test('[ORCH-3112] an answer of one token is no stream, and is the same token', async () => {
  await setUp();
  const streamed = (await drain(adapter.submit({ ...task, maxTokens: 2 }, { signal }))).find((event) => event.kind === 'token');
  const events = await drain(adapter.submit({ ...task, maxTokens: 1 }, { signal }));
  expect(events).toEqual([
    { kind: 'started' },
    streamed,
    { kind: 'end', finishReason: 'length', tokensIn: 4, tokensOut: 1, cachedTokens: 0 },
  ]);
  expect(await paths()).toEqual(['/generate_stream', '/generate', '/tokenize']);
});

test('cuts an answer of one token at a stop text, and leaves out an end of sequence', async () => {
  await setUp({ script: { steps: steps('oneSTOP') } });
  const cut = await drain(adapter.submit({ ...task, maxTokens: 1, stop: ['STOP'] }, { signal }));
  expect(textOf(cut)).toBe('one');
  expect(cut.at(-1)).toMatchObject({ finishReason: 'stop' });
});

test('trap: a limit of admission is told apart from a broken engine, in a stream and out of one', async () => {
  await setUp({ wireOptions: { 'max-concurrent-requests': '1' }, script: { holdAfterSteps: 1 } });
  expect((await adapter.props(signal)).requestsMax).toBe(1);
  const first = adapter.submit(task, { signal })[Symbol.asyncIterator]();
  await first.next();
  for (const maxTokens of [20, 1]) {
    await expect(drain(adapter.submit({ ...task, maxTokens }, { signal }))).rejects.toMatchObject({ kind: 'busy', mayRunAgain: true });
  }
  await first.return?.();
});

test('[ORCH-3015] trap: prompt and limit above the context are a 200 in a stream and a 422 out of one', async () => {
  await setUp({ ctxTokens: 4 });
  for (const maxTokens of [20, 1]) {
    await expect(drain(adapter.submit({ ...task, maxTokens }, { signal }))).rejects.toMatchObject({ kind: 'prompt-too-long' });
  }
});

test('trap: an empty prompt is refused, in a stream under a 200', async () => {
  await setUp();
  await expect(drain(adapter.submit({ ...task, prompt: '' }, { signal }))).rejects.toMatchObject({
    kind: 'engine-rejected',
    mayRunAgain: false,
  });
});

test('trap: a wrong key shows at work, and not at /info, /health or /metrics, which ask for none', async () => {
  await setUp({}, 'wrong');
  expect((await adapter.health(signal)).kind).toBe('ready');
  await adapter.props(signal);
  await adapter.metrics(signal);
  for (const maxTokens of [20, 1]) {
    await expect(drain(adapter.submit({ ...task, maxTokens }, { signal }))).rejects.toMatchObject({
      kind: 'engine-rejected',
      message: expect.stringContaining('API key'),
    });
  }
});

test('trap: there are no embeddings and no rerank, and nothing is sent', async () => {
  await setUp();
  expect(adapter.capabilities.workloads).toEqual(['completion']);
  await expect(drain(adapter.submit({ workload: 'embedding', taskId: 'e', inputs: ['a'] }, { signal }))).rejects.toMatchObject({
    kind: 'engine-rejected',
  });
  expect(await paths()).toEqual([]);
});

test('[ORCH-3017] trap: an abandoned request that still waits is no busy slot', async () => {
  await setUp({ script: { holdAfterSteps: 1, cancelNoticeMs: 60_000 } });
  const running = adapter.submit(task, { signal })[Symbol.asyncIterator]();
  await running.next();
  const leaving = new AbortController();
  const queued = drain(adapter.submit(task, { signal: leaving.signal }));
  await vi.waitUntil(async () => (await server.control.counters()).queued === 1);
  leaving.abort();
  await expect(queued).rejects.toMatchObject({ kind: 'aborted' });
  expect((await adapter.metrics(signal)).requestsWaiting).toBe(1);
  await adapter.confirmReleased({ signal, expectedBusy: () => 1, expectedInFlight: () => 1 });
  await running.return?.();
});

test('trap: while it loads the engine takes no connection', async () => {
  await setUp({ script: { health: 'loading' } });
  expect((await adapter.health(signal)).kind).toBe('unreachable');
});
