/** Each call of the control plane: its request, its answer, and that none of the contract's is missing. */
import { errorKinds, operations, type PoolOperation, toErrorEnvelope } from '@llama-orch/api-types';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createClient } from './client.ts';

const baseUrl = 'http://orchestrator.test:8080';
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const client = createClient({ baseUrl, apiKey: 'operator-key' });
const refusal = (kind: keyof typeof errorKinds) =>
  HttpResponse.json(toErrorEnvelope(kind, { correlationId: 'corr-1' }), { status: errorKinds[kind].status });

type Call = (options?: { readonly signal?: AbortSignal }) => Promise<unknown>;
const config = { models: {}, pools: [] };

/** By the contract's name: the request that is expected, its body, and the call that makes it. */
const calls: Readonly<Record<string, readonly [string, unknown, Call]>> = {
  getCapabilities: ['GET /v1/capabilities', null, (options) => client.capabilities(options)],
  listReplicaSets: ['GET /v1/replicasets', null, (options) => client.replicaSets(options)],
  getPoolHealth: ['GET /v1/pools/a/health', null, (options) => client.poolHealth('a', options)],
  listAgents: ['GET /v1/agents', null, (options) => client.agents(options)],
  drainPool: ['POST /v1/pools/a/drain', { deadline_ms: 30_000 }, (options) => client.drainPool('a', { deadline_ms: 30_000 }, options)],
  resumePool: ['POST /v1/pools/a/resume', null, (options) => client.resumePool('a', options)],
  reloadPool: ['POST /v1/pools/a/reload', { new_model_ref: 'n' }, (options) => client.reloadPool('a', { new_model_ref: 'n' }, options)],
  rollbackPool: ['POST /v1/pools/a/rollback', null, (options) => client.rollbackPool('a', options)],
  listOperations: ['GET /v1/operations', null, (options) => client.operations(options)],
  getOperation: ['GET /v1/operations/o%2F1', null, (options) => client.operation('o/1', options)],
  getConfig: ['GET /v1/config', null, (options) => client.config(options)],
  applyConfig: [
    'POST /v1/config',
    { config, expected_generation: 3, dry_run: true },
    (options) => client.applyConfig({ config, expected_generation: 3, dry_run: true }, options),
  ],
  rollbackConfig: ['POST /v1/config/rollback', null, (options) => client.rollbackConfig(options)],
  listCanaries: ['GET /v1/canaries', null, (options) => client.canaries(options)],
  promoteCanary: ['POST /v1/canaries/next/promote', null, (options) => client.promoteCanary('next', options)],
  abortCanary: ['POST /v1/canaries/next/abort', null, (options) => client.abortCanary('next', options)],
  getOpenApi: ['GET /openapi.json', null, (options) => client.openapi(options)],
};
/** They have no data, or it is no JSON. */
const plain: typeof calls = {
  getLiveness: ['GET /healthz', undefined, (options) => client.liveness(options)],
  getReadiness: ['GET /readyz', undefined, (options) => client.readiness(options)],
  getMetrics: ['GET /metrics', '# HELP a b\na 1\n', (options) => client.metrics(options)],
  getDocs: ['GET /docs', '<!doctype html>', (options) => client.docs(options)],
};
const all = Object.entries({ ...calls, ...plain });

test('[ORCH-2105] each served operation of the control plane has a call', () => {
  const served = operations.filter(({ document, status }) => document === 'control' && status === 'served');
  expect(all.map(([name]) => name).toSorted()).toEqual(served.map(({ operationId }) => operationId).toSorted());
});

test.each(Object.entries(calls))('[ORCH-2104] %s sends its request with the key and returns the answer', async (_, [line, body, call]) => {
  const seen: unknown[] = [];
  server.use(
    http.all(`${baseUrl}/*`, async ({ request }) => {
      const text = await request.text();
      seen.push(
        `${request.method} ${new URL(request.url).pathname}`,
        request.headers.get('authorization'),
        text === '' ? null : JSON.parse(text),
      );
      return HttpResponse.json({ at: line });
    }),
  );
  expect(await call()).toEqual({ at: line });
  expect(seen).toEqual([line, 'Bearer operator-key', body]);
});

test.each(Object.entries(plain))('[ORCH-2108] %s reads an answer that is no data', async (name, [line, text, call]) => {
  server.use(
    http.all(`${baseUrl}/*`, ({ request }) => {
      expect(`${request.method} ${new URL(request.url).pathname}`).toBe(line);
      return text === undefined ? HttpResponse.json({ status: name }) : HttpResponse.text(text as string);
    }),
  );
  expect(await call()).toBe(text);
});

test.each(all)('[ORCH-2006] %s rejects with the typed refusal, and with the reason of its signal', async (_, [, , call]) => {
  server.use(http.all(`${baseUrl}/*`, () => refusal('operation-conflict')));
  await expect(call()).rejects.toMatchObject({ name: 'OrchApiError', status: 409, retriable: false, envelope: { code: 'INVALID_PARAMS' } });
  await expect(call({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});

const operationAt = (state: PoolOperation['state'], running: number): PoolOperation => ({
  operation_id: 'o1',
  kind: 'drain',
  pool_id: 'a',
  state,
  phase: state === 'running' ? 'draining' : 'done',
  new_model_ref: null,
  deadline_at: null,
  generation: null,
  progress: { running, waiting: 0, replaced: 0 },
  created_at: '2026-11-23T09:30:00.000Z',
  ended_at: null,
  error: null,
});

test('[ORCH-2101] waitForOperation tells each change once, over lost connections, and the end', async () => {
  const answers = [
    operationAt('running', 2),
    operationAt('running', 2),
    null,
    'unready',
    operationAt('running', 1),
    operationAt('succeeded', 0),
  ];
  server.use(
    http.get(`${baseUrl}/v1/operations/o1`, () => {
      const answer = answers.shift();
      if (answer === 'unready') return refusal('pool-unavailable');
      return answer === null ? HttpResponse.error() : HttpResponse.json(answer);
    }),
  );
  const told: string[] = [];
  const onProgress = ({ state, progress }: PoolOperation) => told.push(`${state} ${progress.running}`);
  expect(await client.waitForOperation('o1', { pollMs: 1, onProgress })).toEqual(operationAt('succeeded', 0));
  expect(told).toEqual(['running 2', 'running 1', 'succeeded 0']);
  expect(answers).toEqual([]);
});

test('[ORCH-2102] waitForOperation returns a failed operation, and rejects for one that nobody knows', async () => {
  server.use(http.get(`${baseUrl}/v1/operations/o1`, () => HttpResponse.json(operationAt('failed', 0))));
  expect(await client.waitForOperation('o1')).toMatchObject({ state: 'failed' });
  server.use(http.get(`${baseUrl}/v1/operations/o1`, () => refusal('not-found')));
  await expect(client.waitForOperation('o1')).rejects.toMatchObject({ status: 404 });
});

test('[ORCH-2101] waitForOperation ends with its signal, also between two looks, and with a service that stays away', async () => {
  const leaving = new AbortController();
  let looks = 0;
  server.use(http.get(`${baseUrl}/v1/operations/o1`, () => ((looks += 1), HttpResponse.json(operationAt('running', 1)))));
  const onProgress = () => setImmediate(() => leaving.abort(new Error('enough')));
  await expect(client.waitForOperation('o1', { pollMs: 3_600_000, signal: leaving.signal, onProgress })).rejects.toThrow('enough');
  expect(looks).toBe(1);
  server.use(http.get(`${baseUrl}/v1/operations/o1`, () => ((looks += 1), HttpResponse.error())));
  await expect(client.waitForOperation('o1', { pollMs: 1, maxAttempts: 2 })).rejects.toThrow(TypeError);
  expect(looks).toBe(3);
});

const next = { id: 'next', model: 'm', pools: ['b'], percent: 5 };
const older = { ...next, percent: 1 };
const other = { id: 'other', model: 'o', pools: ['c'] };

test.each([
  ['adds the first', {}, [next]],
  ['adds one after the others', { canaries: [other] }, [other, next]],
  ['replaces the one of its id in its place', { canaries: [older, other] }, [next, other]],
])('[ORCH-3033] setCanary %s and leaves the rest of the config as it was', async (_, active, canaries) => {
  const sent: unknown[] = [];
  server.use(
    http.get(`${baseUrl}/v1/config`, () => HttpResponse.json({ generation: 7, config: { ...config, ...active } })),
    http.post(`${baseUrl}/v1/config`, async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ generation: 8 });
    }),
  );
  expect(await client.setCanary(next)).toEqual({ generation: 8 });
  expect(sent).toEqual([{ config: { ...config, canaries }, expected_generation: 7 }]);
});
