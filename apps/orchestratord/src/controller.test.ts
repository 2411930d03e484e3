/** A task's way through the whole controller: real core, real routes, played workers. */
import { WorkerError } from '@llama-orch/adapter-api';
import type { ErrorEnvelope } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import type { Journal } from './journal/journal.ts';
import { createMemoryJournal } from './journal/memory-journal.ts';
import { createTestController, settle } from './testing/test-controller.ts';

const envelope = async (response: Response): Promise<ErrorEnvelope> => (await response.json()) as ErrorEnvelope;
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

test('[ORCH-2001, ORCH-2009] a task runs without anybody reading it, and its result can be polled', async () => {
  const t = createTestController();
  await t.ready('a');
  const { task_id: id } = await t.submit({ seed: 9, max_tokens: 7 });
  expect(t.workers.last.task).toMatchObject({ prompt: 'p', seed: 9, maxTokens: 7, kvReuse: false });
  expect((await t.status(id)).state).toBe('running');
  t.workers.last.start().tokens('Hel', 'lo').end();
  await settle();
  expect(await t.status(id)).toMatchObject({
    state: 'succeeded',
    attempts: 1,
    result: {
      text: 'Hello',
      finish_reason: 'stop',
      usage: { tokens_in: 5, tokens_out: 2 },
      stream_digest: '185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969',
    },
  });
});

test('[ORCH-2011] the same id and body get the first 202 again, byte for byte, and start nothing', async () => {
  const t = createTestController();
  await t.ready('a');
  const body = { model_ref: 'm', prompt: 'p', task_id: uuid(7) };
  const first = await (await t.request('POST', '/v1/tasks', { body })).text();
  t.workers.last.start().tokens('x').end();
  await settle();
  const again = await t.request('POST', '/v1/tasks', { body: { priority: 'interactive', ...body } });
  expect([again.status, await again.text()]).toEqual([202, first]);
  expect(t.workers.requests).toHaveLength(1);
  expect(await t.metric(/^tasks_enqueued_total/)).toBe(1);
  const other = await t.request('POST', '/v1/tasks', { body: { ...body, prompt: 'q' } });
  expect([other.status, (await envelope(other)).code]).toEqual([409, 'INVALID_PARAMS']);
});

test('[ORCH-2011] a repeat that overtakes the first answer waits for it', async () => {
  const t = createTestController();
  await t.ready('a');
  const body = { model_ref: 'm', prompt: 'p', task_id: uuid(8) };
  const answers = await Promise.all([1, 2, 3].map(() => t.request('POST', '/v1/tasks', { body })));
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(new Set(texts).size).toBe(1);
  expect(t.workers.requests).toHaveLength(1);
});

test('[ORCH-2003] a cancel in the queue ends the task at once', async () => {
  const t = createTestController();
  await t.ready('a');
  await t.submit();
  const queued = await t.submit();
  expect((await t.status(queued.task_id)).queue_position).toBe(0);
  expect((await t.request('POST', `/v1/tasks/${queued.task_id}/cancel`)).status).toBe(204);
  expect(await t.status(queued.task_id)).toMatchObject({
    state: 'canceled',
    result: { finish_reason: 'canceled', text: null, stream_digest: null },
  });
  expect((await t.request('POST', `/v1/tasks/${queued.task_id}/cancel`)).status).toBe(204);
  expect(await t.metric(/^tasks_canceled_total.*phase="queued"/)).toBe(1);
});

test('[ORCH-3017] the slot of a canceled task gets no task until the engine shows it free', async () => {
  const t = createTestController();
  await t.ready('a');
  const running = await t.submit();
  t.workers.last.start().tokens('x');
  await settle();
  await t.submit();
  expect((await t.request('POST', `/v1/tasks/${running.task_id}/cancel`)).status).toBe(204);
  await settle();
  expect(t.workers.requests[0]?.signal.aborted).toBe(true);
  expect(t.workers.requests).toHaveLength(1);
  const health = (await (await t.request('GET', '/v1/pools/a/health')).json()) as { replica: { slots: object } };
  expect(health.replica.slots).toEqual({ total: 1, busy: 0, releasing: 1, free: 0 });
  t.workers.releases[0]?.();
  await settle();
  expect(t.workers.requests).toHaveLength(2);
});

test('[ORCH-3017] a slot that stays busy past its grace has its worker restarted', async () => {
  const t = createTestController({ pools: [{ id: 'a', timeouts: { cancel_grace_ms: 500 } }] });
  await t.ready('a');
  const before = t.controller.fleet.desired.generation('h');
  const running = await t.submit();
  t.workers.last.start();
  await settle();
  await t.request('POST', `/v1/tasks/${running.task_id}/cancel`);
  await settle();
  t.clock.now += 600;
  t.controller.loop.tick();
  expect(t.controller.fleet.desired.generation('h')).toBe(before + 1);
  const desired = (await (await t.request('GET', `/v1/agents/h/desired?generation=${before}`)).json()) as {
    pools: { min_start_count: number }[];
  };
  expect(desired.pools[0]?.min_start_count).toBe(2);
});

test('[ORCH-2109] an agent that was restarted cuts no stream while it has not applied its pools yet', async () => {
  const t = createTestController();
  await t.report([t.poolStatus('a', 1)], { generation: 5 });
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('one');
  await settle();
  t.clock.now += 4_000;
  const next = { instance_id: '00000000-0000-4000-8000-000000000002' };
  expect((await t.report([], { ...next, generation: 0 })).status).toBe(200);
  await settle();
  expect(t.workers.requests[0]?.signal.aborted).toBe(false);
  await t.report([t.poolStatus('a', 1)], { ...next, generation: 5 });
  t.workers.last.tokens(' two').end();
  await settle();
  expect(await t.status(id)).toMatchObject({ state: 'succeeded', attempts: 1, result: { text: 'one two', failovers: 0 } });
  // Once it has applied them, what it leaves out is gone.
  await t.report([], { ...next, generation: 6 });
  expect(await (await t.request('GET', '/v1/pools/a/health')).json()).toMatchObject({ ready: false, replica: null });
});

test('[ORCH-3301, ORCH-3023] a dead worker’s strict task goes on elsewhere: nothing lost, nothing twice', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b' }] });
  await t.ready('a', 'b');
  const { task_id: id } = await t.submit({ seed: 4 });
  t.workers.last.start().tokens('one ', 'two ');
  await settle();
  t.workers.last.fail(new WorkerError('worker-reset', 'socket closed', { mayRunAgain: true }));
  await settle();
  expect(t.workers.requests).toHaveLength(2);
  expect(t.workers.requests[1]?.baseUrl).not.toBe(t.workers.requests[0]?.baseUrl);
  expect(t.workers.requests[1]?.task).toEqual(t.workers.requests[0]?.task);
  t.workers.last.start().tokens('one two', ' three').end();
  await settle();
  expect(await t.status(id)).toMatchObject({
    state: 'succeeded',
    attempts: 2,
    result: { text: 'one two three', failovers: 1, kv_migrated: false },
  });
  expect(await t.metric(/^task_failovers_total/)).toBe(1);
  expect(await t.metric(/^tasks_started_total/)).toBe(1);
});

test('[ORCH-3301] a re-run with other bytes ends the stream and is counted', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b' }] });
  await t.ready('a', 'b');
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('one');
  await settle();
  t.workers.last.fail(new WorkerError('worker-reset', 'gone', { mayRunAgain: true }));
  await settle();
  t.workers.last.start().tokens('two');
  await settle();
  expect(await t.status(id)).toMatchObject({ state: 'failed', error: { code: 'WORKER_RESET', retriable: false } });
  expect(await t.metric(/^determinism_violations_total/)).toBe(1);
  // Both tokens have come, the one that was sent and the one that could not be.
  expect(await t.metric(/^tokens_out_total/)).toBe(2);
});

test('[ORCH-3010] a worker that failed a task gets no other until it answers', async () => {
  const t = createTestController();
  await t.ready('a');
  t.workers.isHealthy = false;
  await t.submit();
  t.workers.last.fail(new WorkerError('worker-reset', 'refused', { mayRunAgain: true }));
  await settle();
  await t.submit();
  await t.ready('a');
  expect(t.workers.requests).toHaveLength(1);
  t.workers.isHealthy = true;
  t.workers.releases[0]?.();
  await expect.poll(() => t.workers.requests.length, { timeout: 3_000 }).toBe(2);
  await t.controller.fleet.close();
});

test('[ORCH-3005] a victim of drop-lru hears of it, and the newcomer takes its place', async () => {
  const t = createTestController({ pools: [{ id: 'a', queue: { capacity: 1, full_policy: 'drop-lru' } }] });
  await t.ready('a');
  await t.submit();
  const victim = await t.submit();
  const newcomer = await t.submit();
  expect(await t.status(victim.task_id)).toMatchObject({
    state: 'failed',
    error: { code: 'QUEUE_FULL_DROP_LRU', policy_label: 'drop-lru', retriable: true },
  });
  expect((await t.status(newcomer.task_id)).state).toBe('queued');
  expect(await t.metric(/^tasks_dropped_total/)).toBe(1);
});

test('[ORCH-2007] a full queue answers 429 with both waits and the policy', async () => {
  const t = createTestController({ pools: [{ id: 'a', queue: { capacity: 1 } }] });
  await t.ready('a');
  await t.submit();
  await t.submit();
  const refused = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } });
  const body = await envelope(refused);
  expect([refused.status, body.code, body.policy_label, body.retriable]).toEqual([429, 'ADMISSION_REJECT', 'reject', true]);
  expect(Number(refused.headers.get('x-backoff-ms'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after'))).toBe(Math.ceil(Number(refused.headers.get('x-backoff-ms')) / 1_000));
  expect(await t.metric(/^tasks_rejected_total.*code="ADMISSION_REJECT"/)).toBe(1);
  expect(await t.metric(/^admission_backpressure_events_total/)).toBe(1);
});

test('[ORCH-3016] a silent worker is stopped and its task told', async () => {
  const t = createTestController({ pools: [{ id: 'a', timeouts: { idle_ms: 5_000 } }] });
  await t.ready('a');
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('x');
  await settle();
  for (let second = 0; second < 8; second += 1) {
    t.clock.now += 1_000;
    await t.ready('a');
    t.controller.loop.tick();
  }
  await settle();
  expect(await t.status(id)).toMatchObject({ state: 'failed', error: { code: 'DECODE_TIMEOUT' } });
  expect(t.workers.requests[0]?.signal.aborted).toBe(true);
});

test('[ORCH-3016] a worker that keeps sending is not idle', async () => {
  const t = createTestController({ pools: [{ id: 'a', timeouts: { idle_ms: 5_000 } }] });
  await t.ready('a');
  const { task_id: id } = await t.submit();
  t.workers.last.start();
  for (let second = 0; second < 20; second += 1) {
    t.workers.last.tokens(`${second} `);
    await settle();
    t.clock.now += 1_000;
    await t.ready('a');
    t.controller.loop.tick();
  }
  expect((await t.status(id)).state).toBe('running');
});

test('[ORCH-3079] a queued task whose deadline passes ends with it', async () => {
  const t = createTestController();
  await t.ready('a');
  await t.submit();
  const { task_id: id } = await t.submit({ deadline_ms: 2_000 });
  t.clock.now += 2_100;
  t.controller.loop.tick();
  await settle();
  expect(await t.status(id)).toMatchObject({ state: 'failed', error: { code: 'DEADLINE_UNMET' } });
});

test('[ORCH-2109] a silent agent’s replica gets nothing new, and the stream it runs goes on', async () => {
  const t = createTestController();
  await t.ready('a');
  const first = await t.submit();
  t.workers.last.start().tokens('x');
  await settle();
  const second = await t.submit();
  t.clock.now += 4_000;
  t.controller.loop.tick();
  t.workers.last.tokens('y').end();
  await settle();
  expect((await t.status(first.task_id)).result?.text).toBe('xy');
  expect((await t.status(second.task_id)).state).toBe('queued');
  await t.ready('a');
  expect((await t.status(second.task_id)).state).toBe('running');
});

test('[ORCH-2109] agents that never reported are listed too, as not connected', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b', host: 'elsewhere' }] });
  await t.ready('a');
  const { agents } = (await (await t.request('GET', '/v1/agents')).json()) as { agents: object[] };
  expect(agents).toMatchObject([
    { name: 'elsewhere', connected: false, instance_id: null, host: null, pools: [] },
    { name: 'h', connected: true, lease_ms_remaining: 3_000, pools: [{ pool_id: 'a', state: 'ready' }] },
  ]);
});

test('[ORCH-2109] a second live instance of an agent is refused', async () => {
  const t = createTestController();
  await t.ready('a');
  const second = await t.report([], { instance_id: uuid(2) });
  expect([second.status, (await envelope(second)).code]).toEqual([409, 'INVALID_PARAMS']);
});

test('[ORCH-3018] a lane that nothing can serve refuses at once, one that starts lets tasks wait', async () => {
  const t = createTestController();
  await t.report([t.poolStatus('a', 0, { state: 'starting', replica: null })]);
  const waiting = await t.submit();
  expect((await t.status(waiting.task_id)).state).toBe('queued');
  await t.report([t.poolStatus('a', 0, { state: 'refused', replica: null })]);
  const refused = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } });
  expect([refused.status, (await envelope(refused)).code]).toEqual([503, 'POOL_UNAVAILABLE']);
  expect(refused.headers.get('retry-after')).not.toBeNull();
});

test('[ORCH-3015] the engine’s tokenizer decides where the bound does not', async () => {
  const t = createTestController();
  t.workers.countTokens = (text) => text.length / 4;
  await t.ready('a');
  expect((await t.submit({ prompt: 'x'.repeat(2_000), max_tokens: 500 })).effective.max_tokens).toBe(500);
  const refused = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'x'.repeat(3_000), max_tokens: 500 } });
  expect([refused.status, (await envelope(refused)).code]).toEqual([400, 'INVALID_PARAMS']);
});

test('[ORCH-3055] another tenant’s task answers like one that never was', async () => {
  const keys = [
    { key: 'key-of-a', tenant: 'ta', scopes: ['tasks'] },
    { key: 'key-of-b', tenant: 'tb', scopes: ['tasks'] },
    { key: 'agent-key', tenant: 'ta', scopes: ['agent', 'metrics'] },
  ];
  const t = createTestController({ keys, tenants: [{ id: 'ta' }, { id: 'tb' }] });
  await t.report([t.poolStatus('a', 1)], {}, { key: 'agent-key' });
  const mine = await t.submit({ task_id: uuid(3) }, 'key-of-a');
  for (const [method, path] of [
    ['GET', `/v1/tasks/${mine.task_id}`],
    ['POST', `/v1/tasks/${mine.task_id}/cancel`],
    ['GET', `/v1/sessions/${mine.session_id}`],
    ['DELETE', `/v1/sessions/${mine.session_id}`],
  ] as const) {
    const theirs = await t.request(method, path, { key: 'key-of-b' });
    const unknown = await t.request(method, path.replace(/[^/]{12}(?=$|\/cancel)/, 'ffffffffffff'), { key: 'key-of-b' });
    expect([theirs.status, (await envelope(theirs)).code]).toEqual([unknown.status, (await envelope(unknown)).code]);
    expect(theirs.status).toBe(404);
  }
  const sameId = await t.submit({ task_id: uuid(3), prompt: 'other' }, 'key-of-b');
  expect(sameId.task_id).toBe(uuid(3));
});

test('[ORCH-3035] each operation wants the scope that the contract names', async () => {
  const keys = [{ key: 'tasks-key', tenant: 'default', scopes: ['tasks'] }];
  const t = createTestController({ keys });
  const expectations = [
    ['POST', '/v1/tasks', undefined, 401],
    ['POST', '/v1/tasks', 'wrong', 401],
    ['GET', '/v1/replicasets', 'tasks-key', 403],
    ['GET', '/metrics', 'tasks-key', 403],
    ['GET', '/v1/agents/h/desired', 'tasks-key', 403],
    ['GET', '/healthz', undefined, 200],
    ['PUT', '/v1/tasks', 'tasks-key', 405],
    ['GET', '/nowhere', 'tasks-key', 404],
    ['GET', '/nowhere', undefined, 401],
  ] as const;
  for (const [method, path, key, status] of expectations) {
    const response = await t.request(method, path, { ...(key !== undefined && { key }), headers: { 'x-correlation-id': 'mine' } });
    expect([method, path, response.status]).toEqual([method, path, status]);
    expect(response.headers.get('x-correlation-id')).toBe('mine');
    if (status >= 400) expect((await envelope(response)).correlation_id).toBe('mine');
  }
  expect((await t.request('PUT', '/v1/tasks', { key: 'tasks-key' })).headers.get('allow')).toBe('POST');
});

test('[ORCH-3302] nothing of a task is shown whose acceptance cannot be journaled', async () => {
  const journal: Journal = {
    ...createMemoryJournal(),
    append: (record) => (record.kind === 'accepted' ? Promise.reject(new Error('disk full')) : Promise.resolve()),
  };
  const t = createTestController({ journal });
  await t.ready('a');
  const refused = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p', task_id: uuid(4) } });
  expect([refused.status, (await envelope(refused)).retriable]).toEqual([503, true]);
  expect((await t.request('GET', `/v1/tasks/${uuid(4)}`)).status).toBe(404);
  expect(t.workers.requests[0]?.signal.aborted).toBe(true);
});

test('[ORCH-3302] no terminal event is shown before it is stable', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const journal: Journal = {
    ...createMemoryJournal(),
    append: (record) => (record.kind === 'terminal' ? promise : Promise.resolve()),
  };
  const t = createTestController({ journal });
  await t.ready('a');
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('x').end();
  await settle();
  expect(await t.status(id)).toMatchObject({ state: 'running', result: null });
  resolve();
  await settle();
  expect(await t.status(id)).toMatchObject({ state: 'succeeded', result: { text: 'x' } });
});

test('[ORCH-3043] no log line holds a prompt or a text', async () => {
  const t = createTestController();
  await t.ready('a');
  await t.submit({ prompt: 'my secret prompt', stop: ['secret stop'] });
  t.workers.last.start().tokens('secret answer').end();
  await settle();
  expect(JSON.stringify(t.logged())).not.toContain('secret');
  expect(t.logged().filter((line) => line['event'] === 'task_ended')).toHaveLength(1);
});

test('[ORCH-3024, ORCH-3027] a task’s lines carry the fields of the specification', async () => {
  const t = createTestController();
  await t.ready('a');
  await t.submit();
  t.workers.last.start().tokens('x').end();
  await settle();
  const fields =
    'task_id session_id tenant_id engine pool_id replica_id model_id quant ctx tensor_split engine_version sampler_profile_version seed priority kv_warmth queue_time_ms decode_time_ms tokens_in tokens_out';
  for (const line of t.logged().filter(({ event }) => String(event).startsWith('task_'))) {
    for (const field of fields.split(' ')) expect(line, `${String(line['event'])} ${field}`).toHaveProperty(field);
  }
});

test('[ORCH-3054] a drain refuses new tasks, waits for the admitted ones, and ends what is late', async () => {
  const t = createTestController();
  await t.ready('a');
  const running = await t.submit();
  const queued = await t.submit();
  t.workers.last.start().tokens('x');
  await settle();
  const late = new AbortController();
  const drained = t.controller.drain(late.signal);
  const refused = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } });
  expect([refused.status, (await envelope(refused)).code]).toEqual([503, 'POOL_UNAVAILABLE']);
  t.workers.last.end();
  await settle();
  expect((await t.status(running.task_id)).state).toBe('succeeded');
  late.abort();
  await drained;
  expect(await t.status(queued.task_id)).toMatchObject({ state: 'failed', error: { code: 'WORKER_RESET' } });
});

test('[ORCH-3054] at the deadline every task ends and nothing is started any more', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b' }] });
  await t.ready('a', 'b');
  const running = await t.submit();
  t.workers.last.start().tokens('x');
  await settle();
  const other = await t.submit();
  const queued = await t.submit();
  await t.controller.drain(AbortSignal.abort());
  await settle();
  expect(t.workers.requests).toHaveLength(2);
  for (const { task_id: id } of [running, other, queued]) {
    expect(await t.status(id)).toMatchObject({ state: 'failed', error: { code: 'WORKER_RESET', retriable: true } });
  }
});

test('[ORCH-3017] one freed slot frees one of two canceled tasks, not both', async () => {
  const t = createTestController({ pools: [{ id: 'a', slots: 2, determinism: 'none' }] });
  await t.report([t.poolStatus('a', 1, { replica: { ...t.poolStatus('a', 1).replica, slots_total: 2 } as never })]);
  const body = { determinism: 'best_effort' };
  const canceled = [await t.submit(body), await t.submit(body)];
  for (const request of t.workers.requests) request.start();
  await settle();
  await t.submit(body);
  await t.submit(body);
  for (const { task_id: id } of canceled) await t.request('POST', `/v1/tasks/${id}/cancel`);
  // Only one watch asks the engine at a time, and it counts the other releasing slot as busy.
  expect(t.workers.releases).toHaveLength(1);
  expect(t.workers.expectedBusy.at(-1)?.()).toBe(1);
  t.workers.releases[0]?.();
  await settle();
  expect(t.workers.requests).toHaveLength(3);
  // The newcomer is not in a slot yet, so it excuses no busy one; where an engine shows only requests, it does count.
  expect(t.workers.expectedBusy.at(-1)?.()).toBe(0);
  expect(t.workers.expectedInFlight.at(-1)?.()).toBe(1);
  t.workers.last.start();
  await settle();
  expect(t.workers.expectedBusy.at(-1)?.()).toBe(1);
});

test('[ORCH-3036] a canceled task is charged for the tokens it had, however long it ran', async () => {
  const t = createTestController({ tenants: [{ id: 'default', tokens_per_minute: 10_000 }] });
  await t.ready('a');
  const { task_id: id } = await t.submit({ max_tokens: 900 });
  t.workers.last.start();
  for (let second = 0; second < 60; second += 1) {
    t.workers.last.tokens(...Array.from({ length: 15 }, () => 'x'));
    await settle();
    t.clock.now += 1_000;
    await t.ready('a');
    t.controller.loop.tick();
  }
  await t.request('POST', `/v1/tasks/${id}/cancel`);
  expect((await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } })).status).toBe(202);
});

test('submissions far beyond capacity keep completing', async () => {
  const t = createTestController({ pools: [{ id: 'a', queue: { capacity: 4 } }] });
  await t.ready('a');
  let succeeded = 0;
  let refused = 0;
  for (let wave = 0; wave < 40; wave += 1) {
    for (let index = 0; index < 5; index += 1) {
      const { status } = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } });
      if (status === 202) succeeded += 1;
      else refused += 1;
    }
    t.clock.now += 100;
    t.workers.last.start().tokens('x').end();
    await settle();
  }
  expect(succeeded + refused).toBe(200);
  expect(t.workers.requests.length).toBeGreaterThanOrEqual(40);
  expect(await t.metric(/^tasks_ended_total.*succeeded/)).toBeGreaterThanOrEqual(40);
});
