/** Drains through the whole controller: what runs, what waits, what is told of it. */
import type { PoolOperation } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { createTestController, settle } from '../testing/test-controller.ts';
import { createOperator } from '../testing/test-operator.ts';

const drain = async (t: ReturnType<typeof createTestController>, poolId: string, deadlineMs: number): Promise<PoolOperation> => {
  const { status, body } = await createOperator(t).call<PoolOperation>('POST', `/v1/pools/${poolId}/drain`, { deadline_ms: deadlineMs });
  expect(status).toBe(202);
  return body;
};

test('[ORCH-2101] a drain stops dispatch at once, lets what runs end, and says when the pool is empty', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b' }] });
  const o = createOperator(t);
  await t.ready('a', 'b');
  const onA = await t.submit();
  const begun = await drain(t, 'a', 30_000);
  expect(begun).toMatchObject({ kind: 'drain', pool_id: 'a', state: 'running', phase: 'draining', progress: { running: 1 }, error: null });
  expect((await o.call<object>('GET', '/v1/pools/a/health')).body).toMatchObject({ draining: true, ready: false, live: true });

  await t.submit();
  await t.submit();
  expect(t.workers.requests.map(({ baseUrl }) => baseUrl)).toEqual(['http://a.test', 'http://b.test']);
  t.workers.requests[0]?.start().tokens('x').end();
  await settle();
  t.controller.loop.tick();
  expect(await o.operation(begun.operation_id)).toMatchObject({ state: 'succeeded', phase: 'done', progress: { running: 0, replaced: 0 } });
  expect((await t.status(onA.task_id)).state).toBe('succeeded');
  expect(t.workers.requests).toHaveLength(2);

  const resumed = await o.call<PoolOperation>('POST', '/v1/pools/a/resume');
  expect([resumed.status, resumed.body.state]).toEqual([202, 'succeeded']);
  await settle();
  expect(t.workers.last.baseUrl).toBe('http://a.test');
  expect((await o.call<object>('GET', '/v1/pools/a/health')).body).toMatchObject({ draining: false, ready: true });
});

test('[ORCH-2101] [ORCH-3301] at the deadline a strict task goes on elsewhere byte for byte, at the head, and no failure is counted', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b' }], controller: { failover: { max_attempts: 1 } } });
  const o = createOperator(t);
  await t.ready('a', 'b');
  const moved = await t.submit();
  await t.submit();
  const waiting = await t.submit();
  t.workers.requests[0]?.start().tokens('one ', 'two ');
  await settle();
  const begun = await drain(t, 'a', 500);
  t.clock.now += 500;
  t.controller.loop.tick();
  await settle();
  expect(t.workers.requests[0]?.signal.aborted).toBe(true);
  t.workers.requests[1]?.start().tokens('x').end();
  await settle();
  expect(t.workers.last).toMatchObject({ baseUrl: 'http://b.test', task: { taskId: moved.task_id } });
  t.workers.last.start().tokens('one two ', 'three').end({ tokensOut: 3 });
  await settle();
  expect(await t.status(moved.task_id)).toMatchObject({ state: 'succeeded', attempts: 2, result: { text: 'one two three', failovers: 1 } });
  expect(await t.metric(/^task_failovers_total/)).toBe(0);
  t.workers.releases[0]?.();
  await settle();
  t.controller.loop.tick();
  expect(await o.operation(begun.operation_id)).toMatchObject({ state: 'succeeded', progress: { replaced: 1 } });
  expect(t.workers.last.task.taskId).toBe(waiting.task_id);
});

test('[ORCH-2101] a repeated drain is the same operation; a nearer deadline counts; a bad one is refused', async () => {
  const t = createTestController();
  const o = createOperator(t);
  await t.ready('a');
  await t.submit();
  const first = await drain(t, 'a', 60_000);
  expect((await drain(t, 'a', 1_000)).operation_id).toBe(first.operation_id);
  t.clock.now += 1_000;
  t.controller.loop.tick();
  await settle();
  expect(t.workers.last.signal.aborted).toBe(true);
  t.workers.releases[0]?.();
  await settle();
  t.controller.loop.tick();
  expect(await drain(t, 'a', 1_000)).toMatchObject({ operation_id: first.operation_id, state: 'succeeded' });
  expect((await o.call('POST', '/v1/pools/a/drain', { deadline_ms: -1 })).status).toBe(400);
  expect((await o.call('POST', '/v1/pools/a/drain', {})).status).toBe(400);
  expect((await o.call('POST', '/v1/pools/none/drain', { deadline_ms: 1 })).status).toBe(404);
  expect((await o.call('POST', '/v1/pools/none/resume')).status).toBe(404);
  expect((await o.call('GET', '/v1/operations/3c1bd5f6-1f0e-4b2a-8f6f-0a4bb2cf2c70')).status).toBe(404);
});

test('[ORCH-2101] a drained model takes no task until it is resumed, and a drain that is cut short says so', async () => {
  const t = createTestController();
  const o = createOperator(t);
  await t.ready('a');
  await t.submit();
  const begun = await drain(t, 'a', 60_000);
  const refused = await o.call<object>('POST', '/v1/tasks', { model_ref: 'm', prompt: 'p' });
  expect(refused).toMatchObject({ status: 503, body: { code: 'POOL_UNAVAILABLE', retriable: true } });
  await o.call('POST', '/v1/pools/a/resume');
  expect(await o.operation(begun.operation_id)).toMatchObject({ state: 'failed', error: { code: 'INVALID_PARAMS', pool_id: 'a' } });
  await t.submit();
  const { body } = await o.call<{ operations: PoolOperation[] }>('GET', '/v1/operations');
  expect(body.operations.map(({ kind }) => kind)).toEqual(['resume', 'drain']);
  expect(await t.metric(/^operations_total\{kind="drain",outcome="failed"\}/)).toBe(1);
  expect(await t.metric(/^operations_total\{kind="resume",outcome="succeeded"\}/)).toBe(1);
});

test('[ORCH-2101] a drained pool stays drained over a restart of the controller, and its operations can still be read', async () => {
  const saved = new Map<string, unknown>();
  const store = {
    save: (key: string, body: unknown) => Promise.resolve(void saved.set(key, structuredClone(body))),
    forget: (key: string) => void saved.delete(key),
    fault: null,
  };
  const t = createTestController({ store });
  await t.ready('a');
  const { operation_id: id } = await drain(t, 'a', 0);
  const next = createTestController({ store, stored: saved });
  const o = createOperator(next);
  await next.ready('a');
  expect(await o.operation(id)).toMatchObject({ kind: 'drain', state: 'succeeded' });
  expect((await o.call('POST', '/v1/tasks', { model_ref: 'm', prompt: 'p' })).status).toBe(503);
  await o.call('POST', '/v1/pools/a/resume');
  const last = createTestController({ stored: saved });
  await last.ready('a');
  await last.submit();
});
