/**
 * The guard and the error renderer inside an app.
 */
import { OrchError } from '@llama-orch/api-types';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createKeyring, digestKey, newKey } from './api-key.ts';
import { errorHandler, type GuardEnv, guardRequests, notFoundHandler, principalOf, requireScope } from './hono-guard.ts';
import { createRequestGuard } from './request-guard.ts';

const secret = 'secret-of-the-tests-0123456789';
const key = newKey();
const keyring = createKeyring({ keys: [{ id: 'k', digest: digestKey(secret, key), tenant: 'team-a', scopes: ['tasks'] }], secret });

const createApp = () => {
  const logged: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) });
  const app = new Hono<GuardEnv>();
  app.use(guardRequests({ guard: createRequestGuard({ keyring, allowedHosts: [] }), openPaths: ['/healthz'] }));
  app.onError(errorHandler(log));
  app.notFound(notFoundHandler(log));
  app.get('/healthz', (context) => context.text('ok'));
  app.get('/open-but-asks', (context) => context.text(principalOf(context).tenantId));
  app.get('/tasks', requireScope('tasks'), (context) =>
    context.json({ tenant: principalOf(context).tenantId, trace: context.get('traceparent') ?? null }),
  );
  app.get('/control', requireScope('control'), (context) => context.text('never'));
  app.get('/full', () => {
    throw new OrchError('queue-full', { retryAfterMs: 1_000.2, policyLabel: 'reject', poolId: 'a' });
  });
  app.get('/broken', () => {
    throw new TypeError('the password is 1234');
  });
  app.post('/limited', bodyLimit({ maxSize: 4 }), (context) => context.text('never'));
  return { app, logged };
};
const headers = { authorization: `Bearer ${key}`, 'x-correlation-id': 'c-1' };

test('[ORCH-2012] every response carries exactly one correlation id, the caller’s', async () => {
  const { app } = createApp();
  for (const [path, status] of [
    ['/healthz', 200],
    ['/tasks', 200],
    ['/control', 403],
    ['/full', 429],
    ['/broken', 500],
    ['/nowhere', 404],
  ] as const) {
    const response = await app.request(path, { headers });
    expect([path, response.status, response.headers.get('x-correlation-id')]).toEqual([path, status, 'c-1']);
  }
});

test('[ORCH-3035] without a key only open paths are reached; unknown paths are not told apart from known ones', async () => {
  const { app } = createApp();
  expect((await app.request('/healthz')).status).toBe(200);
  for (const path of ['/tasks', '/nowhere', '/open-but-asks']) {
    const response = await app.request(path, { headers: { 'x-correlation-id': 'c-1' } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ code: 'UNAUTHENTICATED', retriable: false, correlation_id: 'c-1' });
  }
});

test('[ORCH-3035] a scope is required where it is required', async () => {
  const { app } = createApp();
  expect(await (await app.request('/tasks', { headers })).json()).toEqual({ tenant: 'team-a', trace: null });
  const response = await app.request('/control', { headers });
  expect(await response.json()).toMatchObject({ code: 'FORBIDDEN', details: { required_scope: 'control' } });
});

test('[ORCH-2007] a 429 says when to come back, rounded up, in headers and body', async () => {
  const response = await createApp().app.request('/full', { headers });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'retry-after': '2',
    'x-backoff-ms': '1001',
    'content-type': 'application/json',
  });
  expect(await response.json()).toEqual({
    code: 'ADMISSION_REJECT',
    message: 'The queue is full under `reject` or `shed-low-priority`.',
    retriable: true,
    correlation_id: 'c-1',
    pool_id: 'a',
    policy_label: 'reject',
    retry_after_ms: 1001,
  });
});

test('[ORCH-2006] [ORCH-3043] an unknown error tells the client nothing and the log everything', async () => {
  const { app, logged } = createApp();
  const response = await app.request('/broken', { headers });
  expect(await response.json()).toEqual({ code: 'INTERNAL', message: 'Our fault.', retriable: false, correlation_id: 'c-1' });
  expect(logged).toMatchObject([{ event: 'request_failed', correlation_id: 'c-1', err: { message: 'the password is 1234' } }]);
});

test('[ORCH-2006] the framework’s own exceptions become envelopes too', async () => {
  const response = await createApp().app.request('/limited', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'content-length': '9' },
    body: '{"a":"b"}',
  });
  expect(response.status).toBe(413);
  // The server reads on for a while: a connection that closed at once would take the answer with it.
  expect(response.headers.get('connection')).toBeNull();
  expect(await response.json()).toMatchObject({ code: 'INVALID_PARAMS', correlation_id: 'c-1' });
});
