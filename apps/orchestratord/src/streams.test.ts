/** Streams over a real port, read by the typed client and by hand. */
import { createClient } from '@llama-orch/openapi-client';
import { afterEach, expect, test } from 'vitest';
import { createTestController, settle, type TestController } from './testing/test-controller.ts';

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

const serve = async (t: TestController): Promise<string> => {
  const served = await t.serve();
  open.push(served);
  return served.url;
};

test('[ORCH-2002] tokens reach a client one by one, while the worker still works', async () => {
  const t = createTestController();
  await t.ready('a');
  const client = createClient({ baseUrl: await serve(t) });
  const { task_id: id } = await t.submit();
  const seen: string[] = [];
  const events = client.streamTask(id)[Symbol.asyncIterator]();
  t.workers.last.start();
  expect((await events.next()).value?.event).toBe('started');
  for (const text of ['Hel', 'lo', ' 🎉']) {
    t.workers.last.tokens(text);
    const { value } = await events.next();
    if (value?.event === 'token') seen.push(value.data.t);
    expect(seen.at(-1)).toBe(text);
  }
  t.workers.last.end();
  const last = await events.next();
  expect(last.value).toMatchObject({ event: 'end', data: { finish_reason: 'stop', tokens_out: 3, failovers: 0, kv_migrated: false } });
  expect((await events.next()).done).toBe(true);
});

test('[ORCH-2010] a client that resumes gets exactly what it lacks, also after the end, and 204 at the end', async () => {
  const t = createTestController();
  await t.ready('a');
  const url = await serve(t);
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('a', 'b', 'c').end();
  await settle();
  const read = async (lastEventId?: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(
      `${url}/v1/tasks/${id}/stream`,
      lastEventId === undefined ? {} : { headers: { 'last-event-id': lastEventId } },
    );
    return { status: response.status, body: await response.text() };
  };
  const whole = (await read()).body;
  const ids = [...whole.matchAll(/^id: (.*)$/gm)].map((match) => match[1] as string);
  expect(ids).toHaveLength(5);
  for (const [index, eventId] of ids.slice(0, 4).entries()) {
    expect((await read(eventId)).body).toBe(
      whole
        .split('\n\n')
        .slice(index + 1)
        .join('\n\n'),
    );
  }
  expect(await read(ids[4])).toEqual({ status: 204, body: '' });
  expect(await read('nonsense')).toMatchObject({ status: 400 });
  expect((await read('1.1.00000000')).body).toMatch(/^id: \S+\nevent: error\ndata: \{"code":"WORKER_RESET".*"retriable":false/);
});

test('[ORCH-3026] a canceled stream ends with end, and nothing that the worker still sends follows', async () => {
  const t = createTestController();
  await t.ready('a');
  const url = await serve(t);
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('seen');
  await settle();
  const response = await fetch(`${url}/v1/tasks/${id}/stream`);
  const canceled = t.request('POST', `/v1/tasks/${id}/cancel`);
  t.workers.last.tokens('unseen');
  expect((await canceled).status).toBe(204);
  const body = await response.text();
  expect(body).not.toContain('unseen');
  expect(body).toContain('"finish_reason":"canceled"');
  expect(body.trimEnd().split('\n\n').at(-1)).toContain('event: end');
});

test('a client that goes away cancels nothing', async () => {
  const t = createTestController();
  await t.ready('a');
  const url = await serve(t);
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('x');
  const gone = new AbortController();
  await fetch(`${url}/v1/tasks/${id}/stream`, { signal: gone.signal });
  gone.abort();
  await expect.poll(() => t.controller.hub.count).toBe(0);
  t.workers.last.tokens('y').end();
  await settle();
  expect((await t.status(id)).result?.text).toBe('xy');
});

test('[ORCH-2002, ORCH-3100] metrics carry no id and come before a queued task runs', async () => {
  const t = createTestController();
  await t.ready('a');
  const url = await serve(t);
  await t.submit();
  const { task_id: id } = await t.submit();
  const response = await fetch(`${url}/v1/tasks/${id}/stream`);
  await expect.poll(() => t.controller.hub.count).toBe(1);
  t.clock.now += 6_000;
  t.controller.housekeep();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const value = new TextDecoder().decode((await reader.read()).value);
  expect(value).toMatch(/^event: metrics\ndata: \{"queue_depth":1,/);
  expect(value).toMatch(/"on_time_probability":(null|[\d.]+),"kv_warmth":null/);
  expect(value).not.toContain('id:');
  await reader.cancel();
});

test('streams are bounded in number', async () => {
  const t = createTestController({ controller: { limits: { max_subscribers: 1 } } });
  await t.ready('a');
  const url = await serve(t);
  const { task_id: id } = await t.submit();
  const first = new AbortController();
  await fetch(`${url}/v1/tasks/${id}/stream`, { signal: first.signal });
  const refused = await fetch(`${url}/v1/tasks/${id}/stream`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await refused.json()).toMatchObject({
    code: 'ADMISSION_REJECT',
    policy_label: 'reject',
    details: { limit: { name: 'max_subscribers', value: 1 } },
  });
  first.abort();
});

test('[ORCH-3036] streams are bounded per tenant: one that has all of its own hears which limit, and another one gets in', async () => {
  const keys = ['one', 'two', 'unnamed'].map((tenant) => ({
    key: `key-${tenant}`,
    tenant: tenant === 'unnamed' ? 'default' : tenant,
    scopes: ['tasks', 'agent'],
  }));
  const t = createTestController({
    tenants: [
      { id: 'one', max_open_streams: 2 },
      { id: 'two', max_open_streams: 1 },
    ],
    keys,
  });
  await t.report([t.poolStatus('a', 1)], {}, { key: 'key-one' });
  const url = await serve(t);
  const open = async (id: string, tenant: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}/v1/tasks/${id}/stream`, { headers: { authorization: `Bearer key-${tenant}` }, ...(signal !== undefined && { signal }) });
  const { task_id: mine } = await t.submit({}, 'key-one');
  const { task_id: yours } = await t.submit({}, 'key-two');
  const leaving = new AbortController();
  expect((await open(mine, 'one', leaving.signal)).status).toBe(200);
  expect((await open(mine, 'one')).status).toBe(200);
  const refused = await open(mine, 'one');
  expect([refused.status, await refused.json()]).toMatchObject([
    429,
    { code: 'ADMISSION_REJECT', retriable: true, retry_after_ms: 1_000, details: { limit: { name: 'max_open_streams', value: 2 } } },
  ]);
  expect((await open(yours, 'two')).status).toBe(200);
  expect((await open(yours, 'two')).status).toBe(429);
  leaving.abort();
  await expect.poll(async () => t.controller.hub.countOf('one')).toBe(1);
  expect((await open(mine, 'one')).status).toBe(200);
});

test('[ORCH-3055] an unknown task, and one with a broken id, answer 404', async () => {
  const t = createTestController();
  const url = await serve(t);
  for (const id of ['00000000-0000-4000-8000-00000000ffff', '%00', '%zz', 'x'])
    expect((await fetch(`${url}/v1/tasks/${id}/stream`)).status, id).toBe(404);
});
