/**
 * Who gets past the guard, with and without keys.
 */
import { expect, test } from 'vitest';
import { anonymousPrincipal, createKeyring, digestKey, newKey } from './api-key.ts';
import { checkScope, createRequestGuard, headerReader } from './request-guard.ts';

const secret = 'secret-of-the-tests-0123456789';
const key = newKey();
const keyring = createKeyring({ keys: [{ id: 'k', digest: digestKey(secret, key), tenant: 'team-a', scopes: ['tasks'] }], secret });
const keyless = createRequestGuard({
  keyring: createKeyring({ keys: [], secret: '' }),
  allowedHosts: ['orch.internal', 'Other.internal:8080'],
});
const keyed = createRequestGuard({ keyring, allowedHosts: [] });

const head = (headers: Record<string, string>, rest: { method?: string; remote?: string } = {}) => ({
  method: 'GET',
  ...rest,
  header: headerReader(headers),
});
const errorOf = (result: ReturnType<typeof keyed.check> | ReturnType<typeof keyed.checkOpen>) =>
  result.ok ? undefined : result.error.kind;
const local = { host: '127.0.0.1:8080' };

test('[ORCH-2012] the correlation id is the caller’s where it is sane, else a new one, also on a refusal', () => {
  expect(keyed.check(head({ 'x-correlation-id': 'abc.DEF_1:2-3' }))).toMatchObject({ ok: false, correlationId: 'abc.DEF_1:2-3' });
  const printable = String.fromCharCode(...Array.from({ length: 0x7e - 0x20 }, (_, index) => 0x21 + index));
  for (const wide of [printable, 'x'.repeat(128), '/a?b=[1];"c"@d'])
    expect(keyed.check(head({ 'x-correlation-id': wide })).correlationId).toBe(wide);
  for (const bad of ['', 'a b', 'a\nb', 'é', 'x'.repeat(129)])
    expect(keyed.check(head({ 'x-correlation-id': bad })).correlationId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  expect(keyed.check(head({})).correlationId).not.toBe(keyed.check(head({})).correlationId);
});

test('[ORCH-2012] a trace context is passed on only where it is one', () => {
  const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  expect(keyless.check(head({ ...local, traceparent: trace })).traceparent).toBe(trace);
  for (const bad of [
    `${trace}-more`,
    trace.toUpperCase(),
    `ff${trace.slice(2)}`,
    `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
    `00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`,
    'x',
  ])
    expect(keyless.check(head({ ...local, traceparent: bad })).traceparent).toBeUndefined();
});

test('[ORCH-3035] with keys only a valid bearer key passes, whatever the host', () => {
  const principal = { keyId: 'k', tenantId: 'team-a', scopes: ['tasks'] };
  for (const authorization of [`Bearer ${key}`, `bearer  ${key}`])
    expect(keyed.check(head({ authorization }))).toMatchObject({ ok: true, principal });
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    `Basic ${key}`,
    key,
    `Bearer ${key}x`,
    `Bearer ${key} x`,
    `Bearer ${'x'.repeat(600)}`,
  ])
    expect(errorOf(keyed.check(head({ ...local, authorization }))), authorization).toBe('unauthenticated');
  expect(errorOf(keyed.check(head(local)))).toBe('unauthenticated');
});

test('[ORCH-3035] open operations ask for no key', () => {
  expect(keyed.checkOpen(head({}))).toMatchObject({ ok: true });
  expect(errorOf(keyless.checkOpen(head({ host: 'evil.example' })))).toBe('host-not-allowed');
});

test('[ORCH-3035] without keys everybody on this machine is tenant default with all scopes', () => {
  expect(keyless.check(head(local, { remote: '127.0.0.1' }))).toMatchObject({ ok: true, principal: anonymousPrincipal });
  expect(anonymousPrincipal).toEqual({ keyId: 'anonymous', tenantId: 'default', scopes: ['tasks', 'control', 'agent', 'metrics'] });
  expect(keyless.check(head(local, { remote: '::ffff:127.0.0.1' }))).toMatchObject({ ok: true });
  expect(errorOf(keyless.check(head(local, { remote: '10.0.0.7' })))).toBe('unauthenticated');
});

test('[ORCH-3035] without keys the Host header names this machine or an allowed name', () => {
  for (const host of [
    '127.0.0.1',
    'localhost:8080',
    '[::1]:8080',
    'LOCALHOST',
    'orch.internal',
    'ORCH.internal:8080',
    'other.internal:8080',
  ])
    expect(errorOf(keyless.check(head({ host }))), host).toBeUndefined();
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1@evil.example', '', '[::1', 'other.internal', '0.0.0.0:8080'])
    expect(errorOf(keyless.check(head({ host }))), host).toBe('host-not-allowed');
  expect(errorOf(keyless.check(head({})))).toBe('host-not-allowed');
});

test('[ORCH-3035] without keys no page of another site can change anything, not even without a body', () => {
  const post = (headers: Record<string, string>) => errorOf(keyless.check(head({ ...local, ...headers }, { method: 'POST' })));
  expect(post({})).toBeUndefined();
  expect(post({ origin: 'http://127.0.0.1:8080' })).toBeUndefined();
  expect(post({ origin: 'https://evil.example' })).toBe('host-not-allowed');
  expect(post({ origin: 'null' })).toBe('host-not-allowed');
  expect(post({ 'sec-fetch-site': 'cross-site' })).toBe('host-not-allowed');
  expect(post({ 'sec-fetch-site': 'same-origin' })).toBeUndefined();
  // A link to the API page is a plain read.
  expect(errorOf(keyless.check(head({ ...local, 'sec-fetch-site': 'cross-site' })))).toBeUndefined();
});

test('[ORCH-3035] a body must be JSON', () => {
  const post = (headers: Record<string, string>) => errorOf(keyless.check(head({ ...local, ...headers }, { method: 'POST' })));
  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/json;charset="UTF-8"'])
    expect(post({ 'content-length': '2', 'content-type': type }), type).toBeUndefined();
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json; charset=latin1',
    'text/plain; a=application/json',
    '',
  ])
    expect(post({ 'content-length': '2', 'content-type': type }), type).toBe('unsupported-media-type');
  expect(post({ 'transfer-encoding': 'chunked' })).toBe('unsupported-media-type');
  expect(post({ 'content-length': '0' })).toBeUndefined();
});

test('a key without the scope is forbidden, and hears which one it lacks', () => {
  const principal = { keyId: 'k', tenantId: 't', scopes: ['tasks' as const] };
  expect(checkScope(principal, 'tasks')).toBeUndefined();
  expect(checkScope(principal, 'control')).toMatchObject({ kind: 'forbidden', details: { required_scope: 'control' } });
});
