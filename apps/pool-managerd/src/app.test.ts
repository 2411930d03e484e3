import { createKeyring, createLogger, createRequestGuard, digestKey } from '@llama-orch/service-kit';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createApp, type Readiness } from './app.ts';

const secret = 'a secret of the test';
const log = createLogger({ service: 'test', level: 'silent' });

const appWith = (options: { readonly withKey?: boolean; readonly readiness?: () => Readiness } = {}) => {
  const keys = options.withKey
    ? [
        { id: 'scraper', digest: digestKey(secret, 'orch_scrape'), tenant: 'default', scopes: ['metrics' as const] },
        { id: 'worker', digest: digestKey(secret, 'orch_tasks'), tenant: 'default', scopes: ['tasks' as const] },
      ]
    : [];
  return createApp({
    guard: createRequestGuard({ keyring: createKeyring({ keys, secret }), allowedHosts: [] }),
    registry: new Registry(),
    readiness: options.readiness ?? (() => ({ ready: true })),
    log,
  });
};
const get = (app: ReturnType<typeof appWith>, path: string, headers: Record<string, string> = {}) =>
  app.request(path, { headers: { host: '127.0.0.1:9200', ...headers } });

test('[ORCH-2108] serves liveness, readiness with its reasons, and metrics', async () => {
  let readiness: Readiness = { ready: false, reasons: ['No desired pools are known.'] };
  const app = appWith({ readiness: () => readiness });
  expect((await get(app, '/healthz')).status).toBe(200);
  const unready = await get(app, '/readyz');
  expect([unready.status, await unready.json()]).toEqual([503, { status: 'unready', reasons: ['No desired pools are known.'] }]);
  readiness = { ready: true };
  expect((await get(app, '/readyz')).status).toBe(200);
  expect((await get(app, '/metrics')).headers.get('content-type')).toContain('text/plain');
});

test('[ORCH-3035] with keys, metrics need a key with their scope; health needs none', async () => {
  const app = appWith({ withKey: true });
  expect((await get(app, '/healthz')).status).toBe(200);
  expect((await get(app, '/metrics')).status).toBe(401);
  expect((await get(app, '/metrics', { authorization: 'Bearer orch_tasks' })).status).toBe(403);
  expect((await get(app, '/metrics', { authorization: 'Bearer orch_scrape' })).status).toBe(200);
});

test('[ORCH-3035] without keys another Host is refused', async () => {
  expect((await get(appWith(), '/healthz', { host: 'evil.example' })).status).toBe(400);
});

test('[ORCH-2006] an unknown path is a typed envelope', async () => {
  const answer = await get(appWith(), '/v1/tasks');
  expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'NOT_FOUND' }]);
});
