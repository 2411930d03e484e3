/** Tests of what is Triton's alone and no conformance case can ask: ports, metadata, loading, refusals of unsafe models. */
import type { WorkerAccess, WorkerAdapter, WorkerEvent } from '@llama-orch/adapter-api';
import { createMockServer, type MockServer, type MockServerOptions } from '@llama-orch/adapter-mock';
import { afterEach, expect, test, vi } from 'vitest';
import { createTritonAdapter } from './adapter.ts';

const open: { server: MockServer; adapter: WorkerAdapter }[] = [];

/** On a machine with other things to do. */
const patience = { timeout: 10_000, interval: 5 };

afterEach(async () => {
  for (const { server, adapter } of open.splice(0)) {
    await adapter.close();
    await server.stop();
  }
});

const start = async (protocol: WorkerAccess['protocol'], kind: string, options: MockServerOptions = {}, apiKey = 'sekret') => {
  const wire = protocol === 'trtllm-serve' ? 'trtllm-serve' : 'triton';
  const server = await createMockServer({ wire, ...(wire === 'triton' ? { wireOptions: { kind } } : {}), modelName: 'llm', ...options });
  const { grpc = null, metrics = null } = server.ports;
  const adapter = createTritonAdapter({
    baseUrl: server.url,
    apiKey,
    maxConnections: 4,
    callTimeoutMs: 2_000,
    nowMs: () => performance.now(),
    declared: { modelName: 'llm', ctxTokens: 2_048 },
    access: { protocol, grpcPort: grpc, metricsPort: metrics },
  });
  open.push({ server, adapter });
  return { server, adapter };
};

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

const readAll = async (events: AsyncIterable<readonly WorkerEvent[]>): Promise<readonly WorkerEvent[]> => {
  const all: WorkerEvent[] = [];
  for await (const batch of events) all.push(...batch);
  return all;
};

const textOf = (events: readonly WorkerEvent[]): string => events.map((event) => (event.kind === 'token' ? event.text : '')).join('');

test('[ORCH-3113] every kind of model gives the same text over every transport that it can be trusted on', async () => {
  const texts = new Map<string, string>();
  for (const [protocol, kind] of [
    ['grpc', 'ensemble'],
    ['grpc', 'bls'],
    ['grpc', 'llmapi'],
    ['http', 'llmapi'],
    ['grpc', 'vllm'],
    ['http', 'vllm'],
  ] as const) {
    const { adapter } = await start(protocol, kind, { script: { steps: [' four', ' é', '日', '.'].map((text) => ({ text, tokens: 1 })) } });
    texts.set(`${protocol} ${kind}`, textOf(await readAll(adapter.submit({ ...task, maxTokens: 9 }, { signal }))));
  }
  expect(new Set(texts.values())).toEqual(new Set([' four é日.']));
});

test('[ORCH-3113] refuses a model over HTTP that does not say why an answer ends: a cut answer would look whole', async () => {
  const { adapter, server } = await start('http', 'ensemble');
  await expect(readAll(adapter.submit(task, { signal }))).rejects.toMatchObject({
    kind: 'engine-rejected',
    message: expect.stringContaining('triton.protocol: grpc'),
  });
  expect((await server.control.counters()).tasksSeen).toBe(0);
});

test('[ORCH-3113] refuses the core that takes token ids, before anything is sent to it', async () => {
  const { adapter } = await start('grpc', 'tensorrt_llm');
  await expect(adapter.props(signal)).rejects.toMatchObject({ kind: 'engine-rejected', message: expect.stringContaining('token ids') });
});

test('[ORCH-3113] loads and unloads the model over both transports, and its readiness follows', async () => {
  for (const protocol of ['http', 'grpc'] as const) {
    const { adapter } = await start(protocol, 'vllm');
    expect(adapter.capabilities.load).toBe(true);
    expect(await adapter.health(signal)).toEqual({ kind: 'ready' });
    await adapter.unload?.(signal);
    expect((await adapter.health(signal)).kind).toBe('loading');
    await expect(readAll(adapter.submit(task, { signal }))).rejects.toMatchObject({ kind: 'pool-unready', mayRunAgain: true });
    await adapter.load?.(signal);
    expect(await adapter.health(signal)).toEqual({ kind: 'ready' });
    expect(textOf(await readAll(adapter.submit(task, { signal })))).not.toBe('');
  }
});

test('[ORCH-3113] reads metrics on their own port, and says what to switch on where they are not enough', async () => {
  const { adapter, server } = await start('grpc', 'ensemble', { slots: 4 });
  expect(await adapter.metrics(signal)).toMatchObject({ requestsRunning: 0, promptTokensTotal: null });
  expect(await adapter.props(signal)).toMatchObject({ slotsTotal: null, requestsMax: 4, ctxTokens: 2_048, modelName: 'llm' });
  expect((await server.control.requests()).filter(({ path }) => path === '/metrics')).toHaveLength(2);
  const { adapter: deaf } = await start('grpc', 'llmapi');
  await expect(deaf.metrics(signal)).resolves.toMatchObject({ requestsRunning: null });
});

test('[ORCH-3113] over gRPC: one stream for each request, its key and trace in metadata, and errors as statuses', async () => {
  const { adapter, server } = await start('grpc', 'ensemble', { slots: 2, apiKey: 'sekret' });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await Promise.all([1, 2].map((seed) => readAll(adapter.submit({ ...task, seed, traceparent }, { signal }))));
  const streams = (await server.control.requests()).filter(({ path }) => path.endsWith('/ModelStreamInfer'));
  expect(streams).toHaveLength(2);
  expect(streams[0]?.headers).toMatchObject({
    traceparent,
    'triton-grpc-protocol-authorization': 'Bearer sekret',
    triton_grpc_error: 'true',
  });
  expect(Buffer.from(streams[0]?.body ?? '', 'base64').toString()).toContain('triton_enable_empty_final_response');
  expect((await server.control.counters()).openSockets).toBeLessThanOrEqual(2);
});

test('says so when the key is wrong, over both transports', async () => {
  for (const protocol of ['http', 'grpc'] as const) {
    const { adapter } = await start(protocol, 'vllm', { apiKey: 'other' });
    await expect(readAll(adapter.submit(task, { signal }))).rejects.toMatchObject({
      kind: 'engine-rejected',
      message: expect.stringContaining('key'),
    });
  }
});

test('[ORCH-3017] cancels the LLM API’s requests by a stop request of the same id, also where HTTP would not be noticed', async () => {
  for (const protocol of ['http', 'grpc'] as const) {
    const { adapter, server } = await start(protocol, 'llmapi', { script: { prefillMs: 60_000 } });
    const leaving = new AbortController();
    const reading = readAll(adapter.submit(task, { signal: leaving.signal }));
    await vi.waitUntil(async () => (await server.control.counters()).slotsBusy > 0, patience);
    leaving.abort();
    await expect(reading).rejects.toMatchObject({ kind: 'aborted' });
    await adapter.confirmReleased({ signal, expectedBusy: () => 0, expectedInFlight: () => 0 });
    expect((await server.control.counters()).slotsBusy).toBe(0);
  }
});

test('a frame of gRPC above the library’s own 4 MiB is read', async () => {
  const text = 'x'.repeat(5 * 1024 * 1024);
  const { adapter } = await start('grpc', 'vllm', { script: { steps: [{ text, tokens: 1 }] } });
  expect(textOf(await readAll(adapter.submit(task, { signal }))).length).toBe(text.length);
});

test('[ORCH-3032] trtllm-serve’s version is TensorRT-LLM’s; Triton does not tell it', async () => {
  const { adapter } = await start('trtllm-serve', '', { script: { engineVersion: '1.2.0' } });
  expect(await adapter.props(signal)).toEqual({
    engineVersion: '1.2.0',
    trtllmVersion: '1.2.0',
    slotsTotal: null,
    ctxTokens: 2_048,
    modelName: 'llm',
  });
  const { adapter: triton } = await start('grpc', 'ensemble');
  expect(await triton.props(signal)).not.toHaveProperty('trtllmVersion');
});

test('[ORCH-3015] no tokenizer is offered, so no count is', async () => {
  for (const protocol of ['grpc', 'trtllm-serve'] as const) {
    const { adapter } = await start(protocol, 'ensemble');
    expect([adapter.capabilities.tokenize, 'countTokens' in adapter]).toEqual([false, false]);
  }
});

test('says what to switch on when trtllm-serve ran a task and shows no iteration', async () => {
  const { adapter, server } = await start('trtllm-serve', '');
  await readAll(adapter.submit(task, { signal }));
  // Another reader was first: to us the server looks as one without statistics.
  await fetch(`${server.url}/metrics`);
  await expect(adapter.metrics(signal)).rejects.toMatchObject({
    kind: 'engine-rejected',
    message: expect.stringContaining('enable_iter_perf_stats'),
  });
  await readAll(adapter.submit(task, { signal }));
  expect(await adapter.metrics(signal)).toMatchObject({ requestsRunning: 0 });
});

test('refuses embeddings and scores, which Triton’s language models do not give; trtllm-serve gives embeddings', async () => {
  const embedding = { workload: 'embedding', taskId: 'e', inputs: ['a'] } as const;
  const scoring = { workload: 'rerank', taskId: 'r', query: 'a', documents: ['b'] } as const;
  const { adapter } = await start('grpc', 'ensemble');
  for (const refused of [embedding, scoring])
    await expect(readAll(adapter.submit(refused, { signal }))).rejects.toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
  const { adapter: trtllm } = await start('trtllm-serve', '');
  await expect(readAll(trtllm.submit(scoring, { signal }))).rejects.toMatchObject({ kind: 'engine-rejected' });
  expect((await readAll(trtllm.submit(embedding, { signal }))).at(-1)).toMatchObject({ kind: 'end', tokensOut: 0 });
});

test('[ORCH-3017] over HTTP a canceled request keeps its slot until its first token, and is not confirmed before', async () => {
  const { adapter, server } = await start('http', 'vllm', { script: { holdAfterSteps: 0, answerTokens: 50 } });
  const leaving = new AbortController();
  const reading = readAll(adapter.submit(task, { signal: leaving.signal }));
  await vi.waitUntil(async () => (await server.control.counters()).held > 0, patience);
  leaving.abort();
  await expect(reading).rejects.toMatchObject({ kind: 'aborted' });
  let isConfirmed = false;
  const confirming = adapter.confirmReleased({ signal, expectedBusy: () => 0, expectedInFlight: () => 0 }).then(() => (isConfirmed = true));
  const looks = async () => (await server.control.requests()).filter(({ path }) => path === '/metrics').length;
  await vi.waitUntil(async () => (await looks()) >= 2, patience);
  expect([isConfirmed, (await server.control.counters()).slotsBusy]).toEqual([false, 1]);
  await server.control.release(1);
  await confirming;
  expect(await server.control.counters()).toMatchObject({ slotsBusy: 0, stepsSent: 1 });
});
