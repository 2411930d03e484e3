/** Each call's request and answer, and when a call is repeated. */
import { errorKinds, type TaskAccepted, type TaskStatus, toErrorEnvelope } from '@llama-orch/api-types';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createAgentClient } from './agent-client.ts';
import { OrchApiError } from './api-error.ts';
import { createClient } from './client.ts';

const baseUrl = 'http://orchestrator.test:8080';
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const client = createClient({ baseUrl: `${baseUrl}/`, apiKey: 'key-1', headers: { 'X-Correlation-Id': 'corr-1' } });
const quick = { baseMs: 1, maxMs: 2 };
const request = { model_ref: 'haiku-tiny', prompt: 'rain' } as const;
// The client hands answers on as they are, so a few fields are enough here.
const accepted = { task_id: 't1', session_id: 's1', queue_position: 0, predicted_start_ms: null, backoff_ms: 0 } as TaskAccepted;
const refusal = (kind: keyof typeof errorKinds, headers: Record<string, string> = {}, facts = {}) =>
  HttpResponse.json(toErrorEnvelope(kind, { correlationId: 'corr-1', ...facts }), { status: errorKinds[kind].status, headers });

test('[ORCH-2001] submit sends the request with the key and returns the answer', async () => {
  const seen: unknown[] = [];
  server.use(
    http.post(`${baseUrl}/v1/tasks`, async ({ request: sent }) => {
      const { headers } = sent;
      seen.push(headers.get('authorization'), headers.get('content-type'), headers.get('x-correlation-id'), await sent.json());
      return HttpResponse.json(accepted, { status: 202 });
    }),
  );
  expect(await client.submit(request)).toEqual(accepted);
  expect(seen).toEqual(['Bearer key-1', 'application/json', 'corr-1', request]);
});

test('[ORCH-2006] a refusal is an OrchApiError with the envelope and the advised waits', async () => {
  const headers = { 'Retry-After': '2', 'X-Backoff-Ms': '1250', 'X-Queue-Position': '8', 'X-Queue-ETA-Ms': '9000' };
  server.use(http.post(`${baseUrl}/v1/tasks`, () => refusal('queue-full', headers, { policyLabel: 'reject', retryAfterMs: 1250 })));
  const failed = client.submit(request);
  await expect(failed).rejects.toThrow(OrchApiError);
  await expect(failed).rejects.toMatchObject({
    status: 429,
    retriable: true,
    retryAfterMs: 1250,
    queuePosition: 8,
    queueEtaMs: 9000,
    envelope: { code: 'ADMISSION_REJECT', policy_label: 'reject' },
    message: expect.stringContaining('429 ADMISSION_REJECT') as string,
  });
});

test('an answer of something in between is an error without an envelope', async () => {
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  server.use(http.get(`${baseUrl}/v1/tasks/t1`, () => new HttpResponse('<html>', { status: 503, headers: { 'Retry-After': inAMinute } })));
  const error = await client.task('t1').catch((caught: unknown) => caught);
  expect(error).toMatchObject({ status: 503, envelope: null, retriable: true });
  const { retryAfterMs } = error as OrchApiError;
  expect(retryAfterMs !== null && retryAfterMs > 0 && retryAfterMs <= 60_000).toBe(true);
});

test('[ORCH-2011] submitWhenAdmitted repeats under one task_id, also after a lost connection', async () => {
  const ids: string[] = [];
  server.use(
    http.post(`${baseUrl}/v1/tasks`, async ({ request: sent }) => {
      ids.push(((await sent.json()) as { task_id: string }).task_id);
      switch (ids.length) {
        case 1:
          return refusal('queue-full', { 'Retry-After': '1', 'X-Backoff-Ms': '3' });
        case 2:
          return HttpResponse.error();
        case 3:
          return refusal('pool-unavailable');
        default:
          return HttpResponse.json(accepted, { status: 202 });
      }
    }),
  );
  expect(await client.submitWhenAdmitted(request, { backoff: quick })).toEqual(accepted);
  expect(ids).toHaveLength(4);
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
});

test('[ORCH-3025] submitWhenAdmitted does not repeat what will not pass, and is bounded', async () => {
  let calls = 0;
  server.use(http.post(`${baseUrl}/v1/tasks`, () => ((calls += 1), refusal('session-budget-spent'))));
  await expect(client.submitWhenAdmitted(request, { backoff: quick })).rejects.toMatchObject({ status: 429, retriable: false });
  expect(calls).toBe(1);
  server.use(http.post(`${baseUrl}/v1/tasks`, () => ((calls += 1), refusal('queue-full'))));
  await expect(client.submitWhenAdmitted(request, { backoff: quick, maxAttempts: 5 })).rejects.toMatchObject({ status: 429 });
  expect(calls).toBe(6);
});

test('an abort while waiting to submit again ends with its reason', async () => {
  const controller = new AbortController();
  server.use(
    http.post(`${baseUrl}/v1/tasks`, () => {
      setImmediate(() => controller.abort(new Error('enough')));
      return refusal('queue-full', { 'Retry-After': '600' });
    }),
  );
  await expect(client.submitWhenAdmitted(request, { signal: controller.signal })).rejects.toThrow('enough');
});

test('[ORCH-2009] waitForResult polls until the task has ended, and a failed task does not reject', async () => {
  const states = ['queued', 'lost', 'running', 'failed'];
  server.use(
    http.get(`${baseUrl}/v1/tasks/t%2F1`, () => {
      const state = states.shift();
      return state === 'lost' ? HttpResponse.error() : HttpResponse.json({ task_id: 't/1', state } as TaskStatus);
    }),
  );
  expect(await client.waitForResult('t/1', { pollMs: 1 })).toMatchObject({ state: 'failed' });
  expect(states).toEqual([]);
});

test('[ORCH-2003] cancel and endSession resolve on 204', async () => {
  const calls: string[] = [];
  const noContent = ({ request: sent }: { request: Request }) => {
    calls.push(`${sent.method} ${new URL(sent.url).pathname}`);
    return new HttpResponse(null, { status: 204 });
  };
  server.use(http.post(`${baseUrl}/v1/tasks/:id/cancel`, noContent), http.delete(`${baseUrl}/v1/sessions/:id`, noContent));
  expect(await client.cancel('t1')).toBeUndefined();
  expect(await client.endSession('s1')).toBeUndefined();
  expect(calls).toEqual(['POST /v1/tasks/t1/cancel', 'DELETE /v1/sessions/s1']);
});

test('[ORCH-2104] session reads what is left of it', async () => {
  server.use(http.get(`${baseUrl}/v1/sessions/s1`, () => HttpResponse.json({ session_id: 's1' })));
  expect(await client.session('s1')).toEqual({ session_id: 's1' });
  server.use(http.get(`${baseUrl}/v1/sessions/s1`, () => refusal('forbidden')));
  await expect(client.session('s1')).rejects.toMatchObject({ status: 403 });
});

test('[ORCH-2109] an agent reports its status and learns the generation', async () => {
  const agent = createAgentClient({ baseUrl, apiKey: 'agent-key' });
  const status = {
    instance_id: '7d0c6f0e-53c4-4d8b-9c69-1ef3d3a1e6f2',
    agent_version: '1.0.0',
    started_at: '2026-11-23T09:00:00.000Z',
    generation: 0,
    interval_ms: 1000,
    host: { hostname: 'gpu-01', ram_total_bytes: 1, ram_available_bytes: 1, allow_cpu: false, devices: [], inventory_error: null },
    pools: [],
  };
  server.use(
    http.post(`${baseUrl}/v1/agents/gpu-01/status`, async ({ request: sent }) => {
      expect(await sent.json()).toEqual(status);
      expect(sent.headers.get('authorization')).toBe('Bearer agent-key');
      return HttpResponse.json({ generation: 3, lease_ms: 3000, interval_ms: 1000 });
    }),
  );
  expect(await agent.reportStatus('gpu-01', status)).toEqual({ generation: 3, lease_ms: 3000, interval_ms: 1000 });
  server.use(http.post(`${baseUrl}/v1/agents/gpu-01/status`, () => refusal('agent-name-taken')));
  await expect(agent.reportStatus('gpu-01', status)).rejects.toMatchObject({ status: 409, envelope: { code: 'INVALID_PARAMS' } });
});

test('[ORCH-2109] an agent asks for another generation, and hears of none', async () => {
  const agent = createAgentClient({ baseUrl });
  const queries: string[] = [];
  server.use(
    http.get(`${baseUrl}/v1/agents/gpu-01/desired`, ({ request: sent }) => {
      queries.push(new URL(sent.url).search);
      return queries.length === 1 ? HttpResponse.json({ generation: 4, pools: [] }) : new HttpResponse(null, { status: 204 });
    }),
  );
  expect(await agent.desiredPools('gpu-01', { generation: 0 })).toEqual({ generation: 4, pools: [] });
  expect(await agent.desiredPools('gpu-01', { generation: 4, waitMs: 10 })).toBeNull();
  expect(queries).toEqual(['?generation=0&wait_ms=30000', '?generation=4&wait_ms=10']);
});

test('a base URL that is none is refused at once', () => {
  expect(() => createClient({ baseUrl: 'localhost' })).toThrow(/expected a URL/);
});
