/** Reloads, rollbacks and changed pools through the whole controller: the agent's reports are played, no task may be lost. */
import type { PoolOperation } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { RecordingJournal } from '../testing/recording-journal.ts';
import { createTestController, settle } from '../testing/test-controller.ts';
import { createOperator, digestOf, errorOf, otherModel, type ReportedPool } from '../testing/test-operator.ts';

const old = { start: 1 };
const fresh = { start: 2, digest: digestOf('b') };

const start = async (options: Parameters<typeof createTestController>[0] = {}) => {
  const t = createTestController({ models: otherModel, ...options });
  const o = createOperator(t);
  const ids = (options.pools ?? [{ id: 'a' }]).map(({ id }) => String(id));
  await o.report(...ids.map((id) => ({ id, worker: old })));
  const reload = async (model = 'n', id = 'a'): Promise<PoolOperation> => {
    const { status, body } = await o.call<PoolOperation>('POST', `/v1/pools/${id}/reload`, { new_model_ref: model });
    expect(status).toBe(202);
    return body;
  };
  const finish = async (index: number): Promise<void> => {
    t.workers.requests[index]?.start().tokens('x').end();
    await settle();
    t.controller.loop.tick();
    await settle();
  };
  return { t, o, reload, finish };
};

test('[ORCH-2102] [ORCH-3031] a reload starts the new worker beside the old one, switches, and loses no task', async () => {
  const { t, o, reload, finish } = await start();
  const running = await t.submit();
  const waiting = await t.submit();
  const { operation_id: id } = await reload();
  expect(await o.operation(id)).toMatchObject({
    kind: 'reload',
    state: 'running',
    phase: 'starting',
    new_model_ref: 'n',
    generation: null,
  });
  expect((await o.desired()).pools).toMatchObject([{ id: 'a', model: { name: 'm' }, successor: { id: 'a', model: { name: 'n' } } }]);
  // Until then the old model serves, and the new one cannot be asked for.
  expect((await t.request('POST', '/v1/tasks', { body: { model_ref: 'n', prompt: 'p' } })).status).toBe(400);

  await o.report({ id: 'a', worker: old, successor: fresh });
  expect(await o.operation(id)).toMatchObject({ state: 'running', phase: 'draining', generation: 2, progress: { running: 1, waiting: 1 } });
  const next = await t.submit({ model_ref: 'n' });
  expect(t.workers.last.baseUrl).toBe('http://a-2.test');
  expect(next.effective.model_digest).toBe(digestOf('b'));
  // The agent must not stop the old worker yet.
  expect((await o.desired()).pools).toMatchObject([{ model: { name: 'm' }, successor: { model: { name: 'n' } } }]);

  await finish(0);
  expect(t.workers.last).toMatchObject({ baseUrl: 'http://a-1.test', task: { taskId: waiting.task_id } });
  await finish(2);
  await finish(1);
  for (const { task_id } of [running, waiting, next]) expect((await t.status(task_id)).state).toBe('succeeded');
  expect(await o.operation(id)).toMatchObject({ state: 'succeeded', phase: 'done', error: null, progress: { running: 0, replaced: 0 } });
  const [pool] = (await o.desired()).pools;
  expect(pool).toMatchObject({ model: { name: 'n' } });
  expect(pool).not.toHaveProperty('successor');
  await o.report({ id: 'a', worker: fresh });
  expect(await o.config()).toMatchObject({ generation: 2, source: 'reload', previous_generation: 1, pending_pools: [] });
  expect(await t.metric(/^tasks_ended_total.*failed/)).toBe(0);
});

test('[ORCH-2102] the name of the same model moves without a gap: tasks of it are admitted at every moment', async () => {
  const { t, o } = await start({ pools: [{ id: 'a' }, { id: 'b' }] });
  const submit = async () => (await t.submit()).effective.model_digest;
  const { body } = await o.change((config) => {
    Object.assign(config.models['m'] ?? {}, { digest: digestOf('b') });
  });
  expect(body).toMatchObject({ diff: { changed: ['a', 'b'], settings: ['/models'] }, generation: 2 });
  expect(body.operations).toHaveLength(2);
  expect(await submit()).toBe(digestOf('a'));
  expect(await o.config()).toMatchObject({ pending_pools: ['a', 'b'] });
  // One pool at a time.
  expect((await o.desired()).pools.map((pool) => pool.successor?.model.digest)).toEqual([digestOf('b'), undefined]);
  await o.report({ id: 'a', worker: old, successor: fresh }, { id: 'b', worker: old });
  expect(await submit()).toBe(digestOf('b'));
  t.workers.requests[0]?.start().tokens('x').end();
  await settle();
  await o.report({ id: 'a', worker: old, successor: fresh }, { id: 'b', worker: old });
  expect((await o.desired()).pools.map((pool) => [pool.model.digest, pool.successor?.model.digest])).toEqual([
    [digestOf('b'), undefined],
    [digestOf('a'), digestOf('b')],
  ]);
  await o.report({ id: 'a', worker: fresh }, { id: 'b', worker: old, successor: fresh });
  expect(await o.config()).toMatchObject({ pending_pools: [] });
  expect(await Promise.all(body.operations.map(async (id) => (await o.operation(id)).state))).toEqual(['succeeded', 'succeeded']);
});

test('[ORCH-2102] [ORCH-3037] a new worker that fails changes nothing, and the operation says why', async () => {
  const { t, o, reload } = await start();
  const running = await t.submit();
  const { operation_id: id } = await reload();
  await o.report({ id: 'a', worker: old, successor: { kind: 'untrusted-artifact', message: 'wrong digest' } });
  expect(await o.operation(id)).toMatchObject({
    state: 'failed',
    error: { code: 'UNTRUSTED_ARTIFACT', message: 'wrong digest', pool_id: 'a' },
  });
  expect((await o.desired()).pools[0]).not.toHaveProperty('successor');
  expect(await o.config()).toMatchObject({ generation: 1 });
  t.workers.requests[0]?.start().tokens('x').end();
  await settle();
  expect((await t.status(running.task_id)).state).toBe('succeeded');
  await t.submit();
  expect(t.workers.last.baseUrl).toBe('http://a-1.test');
});

test('[ORCH-2102] a new worker that is not Ready in time is given up', async () => {
  const { t, o, reload } = await start({ controller: { rollout: { ready_deadline_ms: 5_000 } } });
  const { operation_id: id } = await reload();
  t.clock.now += 5_000;
  await o.report({ id: 'a', worker: old });
  expect(await o.operation(id)).toMatchObject({ state: 'failed', error: { code: 'POOL_UNREADY' } });
});

test('[ORCH-2102] [ORCH-3003] where both do not fit, the pool drains first; tasks wait for the new worker', async () => {
  const { t, o, finish } = await start();
  const running = await t.submit();
  const waiting = await t.submit();
  const { body } = await o.change((config) => {
    config.pools[0].kv_type = 'q8_0';
  });
  const id = body.operations[0] ?? '';
  await o.report({ id: 'a', worker: old, successor: { kind: 'device-memory-short', message: 'no room' } });
  expect(await o.operation(id)).toMatchObject({ state: 'running', phase: 'draining', progress: { running: 1 } });
  const late = await t.submit();
  await finish(0);
  expect(t.workers.requests).toHaveLength(1);
  expect(await o.operation(id)).toMatchObject({ phase: 'starting' });
  expect((await o.desired()).pools).toMatchObject([{ kv_type: 'q8_0' }]);
  await o.report({ id: 'a', worker: null });
  expect((await o.call<object>('GET', '/v1/pools/a/health')).body).toMatchObject({ ready: false, draining: true });
  await o.report({ id: 'a', worker: { start: 2 } });
  expect(await o.operation(id)).toMatchObject({ state: 'succeeded' });
  expect(t.workers.last).toMatchObject({ baseUrl: 'http://a-2.test', task: { taskId: waiting.task_id } });
  await finish(1);
  await finish(2);
  for (const { task_id } of [running, waiting, late]) expect((await t.status(task_id)).state).toBe('succeeded');
});

test('[ORCH-2102] where the old one had to go first and the new one fails, the old one is started again', async () => {
  const { t, o, reload } = await start({ controller: { rollout: { strategy: 'drain_first' } } });
  const { operation_id: id } = await reload();
  expect((await o.desired()).pools).toMatchObject([{ model: { name: 'n' } }]);
  const fields = { last_error: errorOf({ kind: 'self-test-failed', message: 'no tokens' }, 9), start_count: 2 };
  await o.report({ id: 'a', worker: null, fields });
  expect(await o.operation(id)).toMatchObject({ state: 'running', phase: 'restoring' });
  expect((await o.desired()).pools).toMatchObject([{ model: { name: 'm' } }]);
  await o.report({ id: 'a', worker: { start: 3 }, fields });
  expect(await o.operation(id)).toMatchObject({ state: 'failed', error: { message: 'no tokens' } });
  expect(await o.config()).toMatchObject({ generation: 1 });
  await t.submit();
  expect(t.workers.last.baseUrl).toBe('http://a-3.test');
});

test('[ORCH-2102] a repeated reload is the same operation, another one waits its turn, an unknown model is refused', async () => {
  const { o, reload } = await start();
  const first = await reload();
  expect((await reload()).operation_id).toBe(first.operation_id);
  expect((await o.call('POST', '/v1/pools/a/reload', { new_model_ref: 'm' })).status).toBe(409);
  expect((await o.call('POST', '/v1/pools/a/drain', { deadline_ms: 1 })).status).toBe(409);
  expect((await o.change((config) => void (config.pools[0].kv_type = 'q8_0'))).status).toBe(409);
  // What does not touch the pool goes through.
  expect((await o.change((config) => void config.tenants.push({ id: 'team' }))).status).toBe(200);
  await o.report({ id: 'a', worker: old, successor: fresh });
  await o.report({ id: 'a', worker: fresh });
  expect(await reload()).toMatchObject({ operation_id: first.operation_id, state: 'succeeded', generation: 3 });
  expect(await o.config()).toMatchObject({ generation: 3, config: { tenants: [{}, { id: 'team' }] } });
  const unknown = await o.call<object>('POST', '/v1/pools/a/reload', { new_model_ref: 'nn' });
  expect(unknown).toMatchObject({ status: 400, body: { details: { faults: [{ path: '/new_model_ref' }] } } });
});

test('[ORCH-2106] [ORCH-3033] one call takes a pool back to its previous model, and once more undoes that', async () => {
  const { t, o, reload } = await start();
  expect((await o.call('POST', '/v1/pools/a/rollback')).status).toBe(409);
  await reload();
  await o.report({ id: 'a', worker: old, successor: fresh });
  await o.report({ id: 'a', worker: fresh });
  const back = await o.call<PoolOperation>('POST', '/v1/pools/a/rollback');
  expect(back).toMatchObject({ status: 202, body: { kind: 'rollback', state: 'running' } });
  expect((await o.call<PoolOperation>('POST', '/v1/pools/a/rollback')).body.operation_id).toBe(back.body.operation_id);
  await o.report({ id: 'a', worker: fresh, successor: { start: 3 } });
  expect(await o.operation(back.body.operation_id)).toMatchObject({ state: 'succeeded', generation: 3 });
  await o.report({ id: 'a', worker: { start: 3 } });
  await t.submit();
  expect(t.workers.last.baseUrl).toBe('http://a-3.test');
  const again = await o.call<PoolOperation>('POST', '/v1/pools/a/rollback');
  expect((await o.desired()).pools[0]?.successor?.model.name).toBe('n');
  expect(again.body.state).toBe('running');
});

test('[ORCH-2106] a rollback ends a reload that has not switched yet', async () => {
  const { o, reload } = await start();
  const { operation_id: id } = await reload();
  expect((await o.call<PoolOperation>('POST', '/v1/pools/a/rollback')).body).toMatchObject({ kind: 'rollback', state: 'succeeded' });
  expect(await o.operation(id)).toMatchObject({ state: 'failed' });
  expect((await o.desired()).pools[0]).not.toHaveProperty('successor');
});

test('[ORCH-2102] what still runs on the old worker at the deadline is placed again, where its bytes can go on', async () => {
  const { t, o } = await start({ controller: { rollout: { drain_deadline_ms: 1_000 } } });
  const { task_id: id } = await t.submit();
  t.workers.requests[0]?.start().tokens('one ');
  await settle();
  const { body } = await o.change((config) => {
    config.pools[0].kv_type = 'q8_0';
  });
  // The engine's numerics are told by the agent; the same ones make it the same set.
  await o.report({ id: 'a', worker: old, successor: { start: 2 } });
  t.clock.now += 1_000;
  await o.report({ id: 'a', worker: old, successor: { start: 2 } });
  expect(t.workers.last.baseUrl).toBe('http://a-2.test');
  t.workers.last.start().tokens('one ', 'two').end({ tokensOut: 2 });
  await settle();
  expect(await t.status(id)).toMatchObject({ state: 'succeeded', result: { text: 'one two' } });
  expect(await o.operation(body.operations[0] ?? '')).toMatchObject({ state: 'succeeded', progress: { replaced: 1 } });
});

test('[ORCH-2102] a controller that restarts in a rollout says so; the pool runs what the config says', async () => {
  const saved = new Map<string, unknown>();
  const store = {
    save: (key: string, body: unknown) => Promise.resolve(void saved.set(key, structuredClone(body))),
    forget: (key: string) => void saved.delete(key),
    fault: null,
  };
  const { reload } = await start({ store });
  const { operation_id: id } = await reload();
  const next = createTestController({ store, stored: saved, models: otherModel });
  const o = createOperator(next);
  expect(await o.operation(id)).toMatchObject({ state: 'failed', error: { code: 'INVALID_PARAMS' } });
  expect((await o.desired()).pools).toMatchObject([{ model: { name: 'm' } }]);
});

/** What outlives a controller: its journal, and what operators changed. */
const leftBy = () => {
  const stored = new Map<string, unknown>();
  const store = {
    save: (key: string, body: unknown) => Promise.resolve(void stored.set(key, structuredClone(body))),
    forget: (key: string) => void stored.delete(key),
    fault: null,
  };
  return { stored, store, journal: new RecordingJournal() };
};

/** The next controller, and its agent, which still runs what the last one was told. */
const restart = async ({ stored, store, journal: left }: ReturnType<typeof leftBy>, ...reported: ReportedPool[]) => {
  const journal = new RecordingJournal();
  journal.history.push(...left.history);
  const boot = { bootId: 'boot', uptimeMs: 5_000, epochMs: 1_700_000_000_000 };
  const t = createTestController({ store, stored, journal, contents: left.contents(), start: boot, models: otherModel });
  t.clock.now += 5_000;
  const o = createOperator(t);
  const { generation } = await o.desired();
  await t.report(reported.map(o.toStatus), { generation: generation - 1 });
  await settle();
  return { t, o };
};

test('[ORCH-2102] [ORCH-3302] a controller that restarts after the switch of a reload serves the new worker at once, has the old one ended, and says when it is done', async () => {
  const left = leftBy();
  const { o, t, reload } = await start({ store: left.store, journal: left.journal });
  const { task_id: running } = await t.submit();
  t.workers.last.start().tokens('one ');
  await settle();
  const { task_id: waiting } = await t.submit();
  const { operation_id: id } = await reload();
  await o.report({ id: 'a', worker: old, successor: fresh });
  expect(await o.operation(id)).toMatchObject({ state: 'running', phase: 'draining', generation: 2 });
  const { task_id: onNew } = await t.submit({ model_ref: 'n' });
  expect(t.workers.last.baseUrl).toBe('http://a-2.test');

  const next = await restart(left, { id: 'a', worker: old, successor: fresh });
  expect(await next.o.config()).toMatchObject({ generation: 2, pending_pools: [] });
  // The agent has not heard of it yet, and the new worker serves already: what was cut off on it runs there again.
  expect(next.t.workers.requests.map(({ baseUrl, task }) => [baseUrl, task.taskId])).toEqual([['http://a-2.test', onNew]]);
  expect(await next.o.operation(id)).toMatchObject({ state: 'running', generation: 2, error: null });
  const [pool] = (await next.o.desired()).pools;
  expect(pool).toMatchObject({ model: { name: 'n' } });
  expect(pool).not.toHaveProperty('successor');
  // Nothing can serve the old model any more: who waits for it is told so, and that it may be sent again.
  for (const task of [running, waiting]) {
    expect(await next.t.status(task)).toMatchObject({ state: 'failed', error: { code: 'POOL_UNAVAILABLE', retriable: true } });
  }

  await next.o.report({ id: 'a', worker: fresh });
  expect(await next.o.operation(id)).toMatchObject({ state: 'succeeded', phase: 'done', error: null });
  expect(next.t.workers.requests).toHaveLength(1);
  next.t.workers.last.start().tokens('x').end();
  await settle();
  expect(await next.t.status(onNew)).toMatchObject({ state: 'succeeded', attempts: 2 });
  expect(next.t.controller.loop.liveTasks.size).toBe(0);
  // And once more: an ended operation stays as it ended.
  const third = createTestController({ store: left.store, stored: left.stored, models: otherModel });
  expect(await createOperator(third).operation(id)).toMatchObject({ state: 'succeeded' });
});

test('[ORCH-2102] [ORCH-3302] after a restart in mid-switch tasks of one model go on where the new worker serves it, never on the old one', async () => {
  const left = leftBy();
  const { o, t } = await start({ store: left.store, journal: left.journal });
  const { task_id: running } = await t.submit();
  t.workers.last.start().tokens('one ');
  await settle();
  const { task_id: waiting } = await t.submit();
  const { body } = await o.change((config) => {
    config.pools[0].kv_type = 'q8_0';
  });
  const [id = ''] = body.operations;
  await o.report({ id: 'a', worker: old, successor: { start: 2 } });
  expect(await o.operation(id)).toMatchObject({ state: 'running', phase: 'draining' });

  const next = await restart(left, { id: 'a', worker: old, successor: { start: 2 } });
  expect(await next.o.operation(id)).toMatchObject({ state: 'running' });
  expect((await next.o.desired()).pools).toMatchObject([{ kv_type: 'q8_0' }]);
  await next.o.report({ id: 'a', worker: { start: 2 } });
  expect(await next.o.operation(id)).toMatchObject({ state: 'succeeded' });
  next.t.workers.requests[0]?.start().tokens('one ', 'two').end();
  await settle();
  next.t.workers.requests[1]?.start().tokens('three').end();
  await settle();
  expect(next.t.workers.requests.map(({ baseUrl }) => baseUrl)).toEqual(['http://a-2.test', 'http://a-2.test']);
  expect(await next.t.status(running)).toMatchObject({ state: 'succeeded', result: { text: 'one two' } });
  // It had begun on the new worker already.
  expect(await next.t.status(waiting)).toMatchObject({ state: 'succeeded', attempts: 2 });
});

test('[ORCH-2102] a new worker that is lost with the controller after the switch fails the operation with its cause', async () => {
  const left = leftBy();
  const { o, t, reload } = await start({ store: left.store, journal: left.journal });
  await t.submit();
  const { operation_id: id } = await reload();
  await o.report({ id: 'a', worker: old, successor: fresh });
  const next = await restart(left);
  await next.o.report({
    id: 'a',
    worker: null,
    fields: { last_error: errorOf({ kind: 'killed', message: 'SIGKILL' }, 9), start_count: 2 },
  });
  expect(await next.o.operation(id)).toMatchObject({ state: 'failed', generation: 2, error: { message: 'SIGKILL' } });
  // The agent goes on trying, and the pool serves once it is back.
  await next.o.report({ id: 'a', worker: { ...fresh, start: 3 } });
  await next.t.submit({ model_ref: 'n' });
  expect(next.t.workers.last.baseUrl).toBe('http://a-3.test');
});

test('[ORCH-2106] [ORCH-3031] a change that failed is held back, and one call takes the config back to what is served', async () => {
  const { t, o } = await start();
  const { body } = await o.change((config) => {
    config.pools[0].kv_type = 'q8_0';
  });
  await o.report({ id: 'a', worker: old, successor: { kind: 'self-test-failed', message: 'no tokens' } });
  expect(await o.operation(body.operations[0] ?? '')).toMatchObject({ kind: 'replace', state: 'failed', error: { message: 'no tokens' } });
  expect(await o.config()).toMatchObject({ generation: 2, pending_pools: ['a'] });
  await t.submit();
  expect(t.workers.last.baseUrl).toBe('http://a-1.test');
  const { generation } = await o.desired();
  const back = await o.call<PoolOperation>('POST', '/v1/pools/a/rollback');
  expect(await o.operation(back.body.operation_id)).toMatchObject({ state: 'succeeded', generation: 3 });
  expect(await o.config()).toMatchObject({ generation: 3, pending_pools: [] });
  expect((await o.desired()).generation).toBe(generation);
});

test('[ORCH-2102] [ORCH-3046] a new worker that may not join its lane is found out before the switch', async () => {
  const { t, o } = await start({ pools: [{ id: 'a' }, { id: 'b' }] });
  const { body } = await o.change((config) => {
    config.pools[0].kv_type = 'q8_0';
  });
  const { replica } = t.poolStatus('a', 2);
  if (replica === null) throw new Error('the helper makes a replica');
  const successor = { state: 'ready' as const, start_count: 2, last_error: null, replica: { ...replica, engine_version: 'another' } };
  await o.report({ id: 'a', worker: old, fields: { successor } }, { id: 'b', worker: old });
  const operation = await o.operation(body.operations[0] ?? '');
  expect(operation).toMatchObject({ state: 'failed', error: { code: 'POOL_UNREADY' } });
  expect(operation.error?.message).toContain('engine version another');
  await t.submit({ pin_pool_id: 'a' });
  expect(t.workers.last.baseUrl).toBe('http://a-1.test');
});
