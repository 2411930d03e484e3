/** What a refused client is told: how long to wait, as measured, and where it would have stood. */
import type { ErrorEnvelope } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { createTestController, settle, type TestController } from './testing/test-controller.ts';

const refuse = async (t: TestController): Promise<{ waitMs: number; position: string | null; envelope: ErrorEnvelope }> => {
  const answer = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } });
  const envelope = (await answer.json()) as ErrorEnvelope;
  expect([answer.status, envelope.retry_after_ms]).toEqual([429, Number(answer.headers.get('x-backoff-ms'))]);
  return { waitMs: Number(answer.headers.get('x-backoff-ms')), position: answer.headers.get('x-queue-position'), envelope };
};

test('[ORCH-2007] a refusal for a full queue says in X-Queue-Position how many wait there', async () => {
  const t = createTestController({ pools: [{ id: 'a', queue: { capacity: 3 } }] });
  await t.ready('a');
  for (let task = 0; task < 4; task += 1) await t.submit();
  const { position, envelope } = await refuse(t);
  expect(position).toBe('3');
  expect(envelope.details).toMatchObject({ queue_position: 3 });
});

test('[ORCH-2007] a wait is never 0, which would say "now", however fast tasks were', async () => {
  const t = createTestController({ tenants: [{ id: 'default', max_concurrent_tasks: 1 }] });
  await t.ready('a');
  await t.submit();
  // It takes no time at all: the mean of all measured service times is 0 ms.
  t.workers.last.start().tokens('x').end();
  await settle();
  await t.submit();
  const { waitMs, position, envelope } = await refuse(t);
  expect([waitMs, envelope.details?.limit]).toEqual([1, { name: 'max_concurrent_tasks', value: 1 }]);
  expect(position).toBeNull();
});

test('[ORCH-2007] the wait at the limit of open tasks is what one task was measured to take to leave the queue', async () => {
  const t = createTestController({ controller: { limits: { max_open_tasks: 3 } } });
  await t.ready('a');
  for (let task = 0; task < 3; task += 1) await t.submit();
  const before = await refuse(t);
  expect(before.envelope.details?.limit).toEqual({ name: 'max_open_tasks', value: 3 });
  // Nothing has left a queue yet: a second.
  expect(before.waitMs).toBe(1_000);
  for (let task = 0; task < 40; task += 1) {
    t.clock.now += 250;
    t.workers.last.start().tokens('x').end();
    await settle();
    await t.submit();
  }
  const after = await refuse(t);
  expect(after.waitMs).toBeGreaterThan(200);
  expect(after.waitMs).toBeLessThan(320);
});
