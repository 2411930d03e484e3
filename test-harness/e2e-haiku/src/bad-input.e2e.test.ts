import { randomUUID } from 'node:crypto';
import type { ErrorKind } from '@llama-orch/api-types';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createKey, keySecret } from './api-keys.ts';
import { eventually } from './eventually.ts';
import { expectRefusal, type Refusal } from './expected-error.ts';
import { longPrompt, shortTask } from './long-answers.ts';
import { openRaw, parseAnswer } from './raw-http.ts';
import { type Stack, startStack } from './stack.ts';

const alpha = createKey('alpha', 'alpha', ['tasks', 'control', 'metrics']);
const beta = createKey('beta', 'beta', ['tasks']);
const agentKey = createKey('agent', 'default', ['agent']);
const keyed = { keys: [alpha, beta, agentKey].map(({ entry }) => entry), tenants: [{ id: 'default' }, { id: 'alpha' }, { id: 'beta' }] };
const limits = { header_timeout_ms: 1_000, body_timeout_ms: 1_500, max_body_bytes: 1_048_576 };

let stack: Stack;
/** A controller without keys, for what only those check; it has no agent. */
let open: Stack;
let reference: string;
beforeAll(async () => {
  const env = { ORCH_KEY_SECRET: keySecret, ORCH_AGENT_KEY: agentKey.key };
  [stack, open] = await Promise.all([
    startStack({ ...keyed, pools: [{ id: 'haiku-a' }], controller: { limits }, env, apiKey: alpha.key }),
    startStack({ hasAgent: false, controller: { limits } }),
  ]);
  reference = await serveOne();
});
afterAll(async () => {
  await Promise.all([stack?.stop(), open?.stop()]);
});

/** A real task, served now. */
async function serveOne(): Promise<string> {
  const { task_id: taskId } = await stack.client.submit(shortTask({ seed: 9, max_tokens: 6 }));
  const { state, result } = await stack.client.waitForResult(taskId, { pollMs: 15 });
  expect(state).toBe('succeeded');
  return result?.text ?? '';
}

// Whatever came before: the service is healthy, serves real work, and the work comes out as it did at first.
afterEach(async () => {
  expect((await fetch(`${stack.url}/healthz`)).status).toBe(200);
  expect(await serveOne()).toBe(reference);
});

type Call = { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer };

/** @param path - Of the keyed controller, or a whole URL. */
async function call(path: string, { method = 'GET', headers = {}, body }: Call = {}): Promise<Refusal & { readonly headers: Headers }> {
  const url = path.startsWith('http') ? path : `${stack.url}${path}`;
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${alpha.key}`, ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  });
  return { status: response.status, header: (name) => response.headers.get(name), body: await response.text(), headers: response.headers };
}

const json = { 'content-type': 'application/json' };
const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  call('/v1/tasks', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
const valid = { model_ref: 'haiku-tiny', prompt: 'rain\n', max_tokens: 4 };

test.each<[string, string | Buffer]>([
  ['malformed JSON', '{"model_ref":"haiku-tiny","prompt":'],
  ['no body', ''],
  ['a list', '[]'],
  ['a string', '"haiku"'],
  ['null', 'null'],
  ['JSON with something behind it', `${JSON.stringify(valid)} x`],
  ['invalid UTF-8', Buffer.from([...Buffer.from('{"model_ref":"haiku-tiny","prompt":"'), 0xc3, 0x28, ...Buffer.from('"}')])],
  ['a NUL byte in the text', Buffer.from('{"model_ref":"haiku-tiny","prompt":"a\0b"}')],
])('[ORCH-2006] a body that is %s is 400', async (_, body) => {
  const answer = await call('/v1/tasks', { method: 'POST', headers: { ...json, 'x-correlation-id': 'c-1' }, body });
  const { details } = expectRefusal(answer, 'invalid-params', 'c-1');
  expect(details?.faults?.length).toBeGreaterThan(0);
});

test.each<[string, Record<string, unknown>, string]>([
  ['an unknown field', { max_token: 4 }, '/max_token'],
  ['a number as text', { max_tokens: '4' }, '/max_tokens'],
  ['a fraction', { max_tokens: 1.5 }, '/max_tokens'],
  ['no tokens', { max_tokens: 0 }, '/max_tokens'],
  ['the seed that engines take for random', { seed: 4_294_967_295 }, '/seed'],
  ['a negative seed', { seed: -1 }, '/seed'],
  ['an unknown engine', { engine: 'ollama' }, '/engine'],
  ['an unknown priority', { priority: 'urgent' }, '/priority'],
  ['too many stop texts', { stop: Array.from({ length: 9 }, () => 'x') }, '/stop'],
  ['both prompt and inputs', { inputs: ['x'] }, '/inputs'],
  ['neither prompt nor inputs', { prompt: undefined }, '/prompt'],
  ['inputs for a completion', { prompt: undefined, inputs: ['x'] }, '/inputs'],
  ['a prompt for an embedding', { workload: 'embedding' }, '/inputs'],
  ['a null', { session_id: null }, '/session_id'],
  ['a task_id that is no UUID', { task_id: 'x' }, '/task_id'],
  ['a NUL in task_id', { task_id: `${randomUUID().slice(0, -1)}\0` }, '/task_id'],
  ['a NUL in session_id', { session_id: '\0' }, '/session_id'],
  ['a NUL in pin_pool_id', { pin_pool_id: 'haiku-a\0' }, '/pin_pool_id'],
  ['no model', { model_ref: undefined }, '/model_ref'],
])('[ORCH-2006] %s is 400 and names the field', async (_, change, path) => {
  const { details } = expectRefusal(await post({ ...valid, ...change }, { 'x-correlation-id': 'c-2' }), 'invalid-params', 'c-2');
  expect(details?.faults?.map((fault) => fault.path).join(' ')).toContain(path);
});

test.each<[string, ErrorKind, Record<string, unknown>]>([
  ['[ORCH-3014] ctx above the limit', 'ctx-above-limit', { ctx: 1_025 }],
  ['[ORCH-3015] max_tokens above ctx', 'prompt-too-long', { max_tokens: 1_024 }],
  ['[ORCH-3015] a prompt that with max_tokens does not fit ctx', 'prompt-too-long', { prompt: longPrompt(1_010), max_tokens: 16 }],
  ['[ORCH-3015] a prompt that does not fit a small ctx', 'prompt-too-long', { prompt: longPrompt(100), ctx: 64, max_tokens: 4 }],
  ['[ORCH-2006] an unknown model', 'unknown-model', { model_ref: 'gpt-5' }],
  ['[ORCH-2006] an unknown digest', 'unknown-model', { model_ref: `sha256:${'0'.repeat(64)}` }],
  ['[ORCH-2008] an engine that does not serve the model', 'model-not-served', { engine: 'vllm' }],
  [
    '[ORCH-2006] a workload that nobody serves',
    'model-not-served',
    { workload: 'embedding', prompt: undefined, max_tokens: undefined, inputs: ['x'] },
  ],
  ['[ORCH-2006] a pin on a pool that is not there', 'model-not-served', { pin_pool_id: 'haiku-z' }],
  ['[ORCH-3046] a sampler profile that no lane has', 'unknown-sampler-profile', { sampler_profile_version: 'v9' }],
])('%s is 400 before it is queued', async (_, kind, change) => {
  expectRefusal(await post({ ...valid, ...change }, { 'x-correlation-id': 'c-3' }), kind, 'c-3');
});

test('[ORCH-3015] the engine’s own tokenizer decides, not the length of the text', async () => {
  // Words are one token each, so this is far more bytes than tokens.
  expect((await post({ ...valid, prompt: 'moon river '.repeat(150) })).status).toBe(202);
});

const unknown = '0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10';
test.each<[string, string]>([
  ['GET', `/v1/tasks/${unknown}`],
  ['GET', `/v1/tasks/${unknown}/stream`],
  ['POST', `/v1/tasks/${unknown}/cancel`],
  ['GET', `/v1/sessions/${unknown}`],
  ['DELETE', `/v1/sessions/${unknown}`],
  ['GET', '/v1/pools/haiku-z/health'],
  ['GET', '/v1/nothing'],
  ['POST', '/v1/chat/completions'],
  ['GET', '/'],
  ['GET', '/v1/tasks/not-a-uuid'],
  ['GET', '/v1/tasks/not-a-uuid/stream'],
  ['GET', '/v1/tasks/%00'],
  ['GET', '/v1/tasks/%00/stream'],
  ['POST', '/v1/tasks/%00/cancel'],
  ['GET', '/v1/sessions/a%00b'],
  ['GET', '/v1/tasks/%ff'],
  ['GET', '/v1/tasks/%ff/stream'],
  ['GET', '/v1/tasks/%E0%A4%A/stream'],
  ['GET', '/v1/tasks/..%2f..%2fetc%2fpasswd'],
])('[ORCH-2006, ORCH-1103] %s %s is 404', async (method, path) => {
  expectRefusal(await call(path, { method, headers: { 'x-correlation-id': 'c-4' } }), 'not-found', 'c-4');
});

test.each([
  ['DELETE', '/v1/tasks', 'POST'],
  ['PUT', `/v1/tasks/${unknown}`, 'GET'],
  ['POST', `/v1/tasks/${unknown}/stream`, 'GET'],
  ['GET', `/v1/tasks/${unknown}/cancel`, 'POST'],
  ['PATCH', `/v1/sessions/${unknown}`, 'GET, DELETE'],
])('[ORCH-2006] %s %s is 405 and names the methods', async (method, path, allowed) => {
  const answer = await call(path, { method, headers: { 'x-correlation-id': 'c-5' } });
  expectRefusal(answer, 'method-not-allowed', 'c-5');
  expect(answer.header('allow')?.split(', ').toSorted()).toEqual(allowed.split(', ').toSorted());
});

test('[ORCH-2011] a reused task_id gives the first answer again byte for byte, and 409 with another body', async () => {
  const body = { ...valid, task_id: randomUUID(), session_id: randomUUID() };
  const first = await post(body);
  expect(first.status).toBe(202);
  const again = await post(body);
  expect([again.status, again.body]).toEqual([202, first.body]);
  const { details } = expectRefusal(await post({ ...body, prompt: 'snow\n' }, { 'x-correlation-id': 'c-6' }), 'task-id-conflict', 'c-6');
  expect(details?.faults?.[0]?.path).toBe('/task_id');
  const { result } = await stack.client.waitForResult(body.task_id, { pollMs: 15 });
  expect([(await post(body)).body, result?.finish_reason]).toEqual([first.body, 'length']);
});

test('[ORCH-2011] a refusal is not remembered', async () => {
  const taskId = randomUUID();
  expectRefusal(await post({ ...valid, task_id: taskId, model_ref: 'gpt-5' }), 'unknown-model');
  expect((await post({ ...valid, task_id: taskId })).status).toBe(202);
});

test.each([
  ['text', { 'content-type': 'text/plain' }],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['almost JSON', { 'content-type': 'application/jsonp' }],
])('[ORCH-2006] a body declared as %s is 415', async (_, headers) => {
  const answer = await call('/v1/tasks', {
    method: 'POST',
    headers: { ...headers, 'x-correlation-id': 'c-7' },
    body: JSON.stringify(valid),
  });
  expectRefusal(answer, 'unsupported-media-type', 'c-7');
});

test.each(['x', '1.2', '-1.0.00000000', '1.1.xyz', '0'.repeat(64), '1.1.0000000G'])(
  '[ORCH-2010] Last-Event-ID %s is 400',
  async (lastEventId) => {
    const { task_id: taskId } = await stack.client.submit(valid);
    const headers = { 'last-event-id': lastEventId, 'x-correlation-id': 'c-8' };
    expectRefusal(await call(`/v1/tasks/${taskId}/stream`, { headers }), 'bad-last-event-id', 'c-8');
  },
);

test('[ORCH-2010] an id of another text ends the stream with an error, the terminal id is 204', async () => {
  const { task_id: taskId } = await stack.client.submit(valid);
  const whole = (await call(`/v1/tasks/${taskId}/stream`)).body;
  const ids = [...whole.matchAll(/^id: (.+)$/gm)].map(([, id = '']) => id);
  const forged = `${(ids[1] ?? '').slice(0, -8)}deadbeef`;
  const mismatch = await call(`/v1/tasks/${taskId}/stream`, { headers: { 'last-event-id': forged } });
  expect(mismatch.status).toBe(200);
  expect(mismatch.body.match(/^event: .*$/gm)).toEqual(['event: error']);
  expect(mismatch.body).toContain('"code":"WORKER_RESET"');
  const after = await call(`/v1/tasks/${taskId}/stream`, { headers: { 'last-event-id': ids.at(-1) ?? '' } });
  expect([after.status, after.body]).toEqual([204, '']);
});

/** Bytes as they are, and the one answer to them. */
async function callRaw(url: string, parts: readonly (string | Buffer)[]): Promise<Refusal> {
  const connection = await openRaw(url);
  try {
    for (const part of parts) if (!connection.isClosed) connection.send(part);
    const { status, headers, body } = await eventually('an answer', () => parseAnswer(connection.received), {
      describe: () => `closed: ${connection.isClosed}, received: ${connection.received.slice(0, 500)}`,
    });
    return { status, header: (name) => headers.get(name) ?? null, body };
  } finally {
    connection.close();
  }
}

const head = (fields: readonly string[], line = 'POST /v1/tasks HTTP/1.1'): string =>
  `${[line, 'Host: 127.0.0.1', `Authorization: Bearer ${alpha.key}`, 'Content-Type: application/json', ...fields].join('\r\n')}\r\n\r\n`;
const mebibyte = Buffer.alloc(2 ** 20, 0x20);

test('[ORCH-2006] a body of 64 MiB is 413, declared or not', async () => {
  const declared = await callRaw(stack.url, [head([`Content-Length: ${64 * 2 ** 20}`]), ...Array.from({ length: 64 }, () => mebibyte)]);
  expect(expectRefusal(declared, 'body-too-large').details?.limit).toEqual({ name: 'max_body_bytes', value: limits.max_body_bytes });
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), mebibyte, Buffer.from('\r\n')]);
  const chunked = await callRaw(stack.url, [head(['Transfer-Encoding: chunked']), ...Array.from({ length: 64 }, () => chunk)]);
  expectRefusal(chunked, 'body-too-large');
});

test('[ORCH-2006] 10,000 headers are 431', async () => {
  const fields = Array.from({ length: 10_000 }, (_, nth) => `X-Header-${nth}: value`);
  expectRefusal(await callRaw(stack.url, [head(fields, 'GET /v1/capabilities HTTP/1.1')]), 'headers-too-large');
});

test('[ORCH-2006] a request head or a body that trickles in is 400, and its connection is closed', async () => {
  const slow = await Promise.all([
    callRaw(stack.url, ['POST /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ']),
    callRaw(stack.url, [head(['Content-Length: 100']), '{"model_ref":']),
  ]);
  for (const answer of slow) {
    expectRefusal(answer, 'request-timeout');
    expect(answer.header('connection')).toBe('close');
  }
});

test.each([
  ['a raw NUL in the path', 'GET /v1/tasks/\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  ['a raw NUL in a header', 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Bad: a\0b\r\n\r\n'],
  ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
  ['two lengths', 'POST /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
])('[ORCH-2006] %s is 400', async (_, bytes) => {
  expectRefusal(await callRaw(stack.url, [bytes]), 'invalid-params');
});

test.each<[string, Record<string, string>]>([
  ['no key', { authorization: '' }],
  ['a wrong key', { authorization: `Bearer ${createKey('x', 'alpha', ['tasks']).key}` }],
  ['an empty key', { authorization: 'Bearer ' }],
  ['another scheme', { authorization: `Basic ${Buffer.from(`alpha:${alpha.key}`).toString('base64')}` }],
])('[ORCH-3035] with %s everything is 401', async (_, headers) => {
  const paths = ['/v1/capabilities', `/v1/tasks/${unknown}`, `/v1/tasks/${unknown}/stream`, '/v1/agents', '/metrics'];
  for (const path of paths) {
    const answer = await call(path, { headers: { ...headers, 'x-correlation-id': 'c-9' } });
    expectRefusal(answer, 'unauthenticated', 'c-9');
    expect(answer.header('www-authenticate')).toBe('Bearer');
  }
  expectRefusal(await post(valid, headers), 'unauthenticated');
});

test('[ORCH-3035] a key without the scope is 403 and is told which one', async () => {
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}`, 'x-correlation-id': 'c-10' } });
  for (const [path, key, scope] of [
    ['/v1/agents', beta.key, 'control'],
    ['/metrics', beta.key, 'metrics'],
    ['/v1/pools/haiku-a/health', beta.key, 'control'],
    [`/v1/tasks/${unknown}/stream`, agentKey.key, 'tasks'],
    ['/v1/agents/e2e/desired', alpha.key, 'agent'],
  ] as const) {
    expect(expectRefusal(await call(path, as(key)), 'forbidden', 'c-10').details?.required_scope, path).toBe(scope);
  }
  expectRefusal(await post(valid, as(agentKey.key).headers), 'forbidden', 'c-10');
});

test('[ORCH-3055] another tenant’s task and session answer exactly like unknown ones', async () => {
  const mine = await stack.client.submit(valid);
  await stack.client.waitForResult(mine.task_id, { pollMs: 15 });
  const asBeta = { authorization: `Bearer ${beta.key}`, 'x-correlation-id': 'c-11' };
  for (const [method, path] of [
    ['GET', '/v1/tasks/ID'],
    ['GET', '/v1/tasks/ID/stream'],
    ['POST', '/v1/tasks/ID/cancel'],
    ['GET', '/v1/sessions/ID'],
    ['DELETE', '/v1/sessions/ID'],
  ] as const) {
    const id = path.includes('sessions') ? mine.session_id : mine.task_id;
    const theirs = await call(path.replace('ID', id), { method, headers: asBeta });
    const nobodys = await call(path.replace('ID', unknown), { method, headers: asBeta });
    expectRefusal(theirs, 'not-found', 'c-11');
    expect(theirs.body.replaceAll(id, 'ID')).toBe(nobodys.body.replaceAll(unknown, 'ID'));
    const headers = (answer: typeof theirs) => [...answer.headers].filter(([name]) => name !== 'date' && name !== 'content-length');
    expect(headers(theirs)).toEqual(headers(nobodys));
  }
  // An id is unique in its tenant only.
  const reused = await post({ ...valid, task_id: mine.task_id }, asBeta);
  expect(reused.status).toBe(202);
  expect((await stack.client.task(mine.task_id)).state).toBe('succeeded');
});

test.each<[string, Record<string, string>, string]>([
  ['a foreign Host', { Host: 'evil.example' }, 'GET'],
  ['a foreign Host with a port', { Host: 'evil.example:8080' }, 'GET'],
  ['a Host that only begins like ours', { Host: '127.0.0.1.evil.example' }, 'GET'],
  ['a foreign Origin', { Host: '127.0.0.1', Origin: 'http://evil.example' }, 'POST'],
  ['an opaque Origin', { Host: '127.0.0.1', Origin: 'null' }, 'POST'],
])('[ORCH-3035] without keys %s is 400', async (_, fields, method) => {
  const body = method === 'POST' ? JSON.stringify(valid) : '';
  const lines = Object.entries({
    ...fields,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    'X-Correlation-Id': 'c-12',
  });
  const path = method === 'POST' ? '/v1/tasks' : '/v1/capabilities';
  const request = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
  expectRefusal(await callRaw(open.url, [request]), 'host-not-allowed', 'c-12');
});

test('[ORCH-3035] without keys a form of a web page is 415', async () => {
  const answer = await call(`${open.url}/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify(valid),
  });
  expectRefusal(answer, 'unsupported-media-type');
});

test('[ORCH-2109] an agent’s report that is wrong, or in another’s name, is refused', async () => {
  const headers = { ...json, authorization: `Bearer ${agentKey.key}`, 'x-correlation-id': 'c-13' };
  const report = (body: unknown) => call('/v1/agents/e2e/status', { method: 'POST', headers, body: JSON.stringify(body) });
  expectRefusal(await report({ instance_id: 1 }), 'invalid-params', 'c-13');
  const host = { hostname: 'x', ram_total_bytes: 1, ram_available_bytes: 1, allow_cpu: false, devices: [], inventory_error: null };
  const second = {
    instance_id: randomUUID(),
    agent_version: '1',
    started_at: new Date().toISOString(),
    generation: 0,
    interval_ms: 1_000,
    host,
    pools: [],
  };
  expectRefusal(await report(second), 'agent-name-taken', 'c-13');
});
