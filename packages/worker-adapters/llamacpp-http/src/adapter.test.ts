/** Tests of what is llama.cpp's alone and no conformance case can ask: pace of polls, headers, paths. */
import type { WorkerAdapter } from '@llama-orch/adapter-api';
import { createMockServer, type MockServer } from '@llama-orch/adapter-mock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLlamaCppAdapter } from './adapter.ts';

let server: MockServer;
let adapter: WorkerAdapter;

beforeEach(async () => {
  server = await createMockServer();
  adapter = createLlamaCppAdapter({
    baseUrl: server.url,
    apiKey: 'sekret',
    maxConnections: 4,
    callTimeoutMs: 2_000,
    nowMs: () => performance.now(),
  });
});
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
  samplerProfileVersion: 'v1-greedy',
  kvReuse: true,
} as const;

const drain = async (events: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of events);
};

test('never sends the header that lets a generation outlive its client, and passes the trace on', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await drain(adapter.submit({ ...task, traceparent }, { signal }));
  const [request] = await server.control.requests();
  expect(request).toMatchObject({ method: 'POST', path: '/completion', headers: { traceparent, authorization: 'Bearer sekret' } });
  expect(Object.keys(request?.headers ?? {})).not.toContain('x-conversation-id');
  expect(JSON.parse(request?.body ?? '')).toMatchObject({ stream: true, temperature: 0, seed: 7, cache_prompt: true });
});

test('polls /slots at most 0.7 times a second, whoever asks', async () => {
  const polls = async (): Promise<number> => (await server.control.requests()).filter((request) => request.path === '/slots').length;
  await Promise.all([adapter.slots?.(signal), adapter.slots?.(signal)]);
  expect(await polls()).toBe(1);
  const early = Promise.allSettled([
    adapter.slots?.(signal),
    adapter.confirmReleased({ signal, expectedBusy: () => 0, expectedInFlight: () => 0 }),
  ]);
  for (let call = 0; call < 20; call += 1) await adapter.health(signal);
  expect(await polls()).toBe(1);
  await adapter.close();
  expect((await early).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  expect(adapter.capabilities.maxSlotPollHz).toBe(0.7);
});

test('counts a prompt with begin of sequence and special tokens, as a completion does', async () => {
  await adapter.countTokens?.('hi', signal);
  expect(JSON.parse((await server.control.requests())[0]?.body ?? '')).toEqual({ content: 'hi', add_special: true, parse_special: true });
});

test('[ORCH-3110] ranks by the bare path; embeds by the one whose answer counts tokens', async () => {
  await drain(adapter.submit({ workload: 'rerank', taskId: 'r', query: 'water', documents: ['the water', 'people'] }, { signal }));
  await drain(adapter.submit({ workload: 'embedding', taskId: 'e', inputs: ['water'] }, { signal }));
  expect((await server.control.requests()).map(({ path }) => path)).toEqual(['/rerank', '/v1/embeddings']);
});
