/** Canaries through the whole controller: where tasks go, the figures of both sides, promotion and abort. */
import type { Canary, ConfigApplied } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { createTestController, settle } from '../testing/test-controller.ts';
import { createOperator, digestOf, otherModel } from '../testing/test-operator.ts';

const start = async (canary: object = {}) => {
  const t = createTestController({
    models: otherModel,
    pools: [{ id: 'a' }, { id: 'b', model: 'n' }],
    canaries: [{ id: 'next', model: 'm', pools: ['b'], label: 'try', ...canary }],
  });
  const o = createOperator(t);
  await o.report({ id: 'a', worker: { start: 1 } }, { id: 'b', worker: { start: 1, digest: digestOf('b') } });
  const run = async (body: object = {}): Promise<string> => {
    const accepted = await t.submit({ ...body });
    t.workers.last.start().tokens('x').end();
    await settle();
    expect((await t.status(accepted.task_id)).state).toBe('succeeded');
    return accepted.effective.model_digest;
  };
  const figures = async (): Promise<Canary> => (await o.call<{ canaries: Canary[] }>('GET', '/v1/canaries')).body.canaries[0] as Canary;
  return { t, o, run, figures };
};

test('[ORCH-3033] the label goes to the canary’s pools, all else to the base, and both sides have their figures', async () => {
  const { run, figures } = await start();
  expect([await run(), await run({ label: 'try' }), await run({ label: 'other' })]).toEqual([digestOf('a'), digestOf('b'), digestOf('a')]);
  expect(await figures()).toMatchObject({
    id: 'next',
    model: 'm',
    percent: 0,
    label: 'try',
    pools: ['b'],
    base: { admitted: 2, succeeded: 2, failed: 0, canceled: 0, fallbacks: 0, samples: 2, error_ratio: 0, first_token_p95_ms: 0 },
    canary: { admitted: 1, succeeded: 1, samples: 1 },
  });
});

test('[ORCH-3033] one call promotes, one aborts, each is a generation that can be rolled back, and both are safe to repeat', async () => {
  const { o, run, figures } = await start();
  const promoted = await o.call<ConfigApplied>('POST', '/v1/canaries/next/promote');
  expect(promoted).toMatchObject({ status: 200, body: { generation: 2, diff: { changed: [], settings: ['/canaries'] }, operations: [] } });
  expect((await o.call<ConfigApplied>('POST', '/v1/canaries/next/promote')).body.generation).toBe(2);
  expect([await run(), (await figures()).percent]).toEqual([digestOf('b'), 100]);
  expect((await o.call<ConfigApplied>('POST', '/v1/canaries/next/abort')).body.generation).toBe(3);
  expect([await run({ label: 'try' }), (await figures()).percent]).toEqual([digestOf('a'), 0]);
  await o.call('POST', '/v1/config/rollback');
  expect(await run()).toBe(digestOf('b'));
  expect((await o.call('POST', '/v1/canaries/none/abort')).status).toBe(404);
});

test('[ORCH-3033] a session keeps its side over its turns, and the share is what was asked for', async () => {
  const { t, o, figures } = await start({ percent: 40 });
  await o.change((config) => {
    for (const pool of config.pools) Object.assign(pool, { queue: { ...pool.queue, capacity: 1_000 } });
  });
  const sides = new Map<string, string>();
  for (let turn = 0; turn < 2; turn++) {
    for (let index = 0; index < 200; index++) {
      const sessionId = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
      const { effective } = await t.submit({ session_id: sessionId });
      expect(sides.get(sessionId) ?? effective.model_digest).toBe(effective.model_digest);
      sides.set(sessionId, effective.model_digest);
    }
  }
  const { base, canary } = await figures();
  expect(base.admitted + canary.admitted).toBe(400);
  expect(canary.admitted / 400).toBeGreaterThan(0.3);
  expect(canary.admitted / 400).toBeLessThan(0.5);
});

test('[ORCH-3033] a share whose pools are gone falls back to the base and is counted; a worker that joins a canary is not restarted', async () => {
  const { t, o, run, figures } = await start({ percent: 100 });
  await o.report({ id: 'a', worker: { start: 1 } }, { id: 'b', worker: null, fields: { state: 'refused' } });
  expect(await run()).toBe(digestOf('a'));
  expect((await figures()).base).toMatchObject({ admitted: 1, fallbacks: 1 });
  const refused = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p', label: 'try' } });
  expect(refused.status).toBe(503);

  await o.report({ id: 'a', worker: { start: 1 } }, { id: 'b', worker: { start: 2, digest: digestOf('b') } });
  const { generation } = await o.desired();
  const { body } = await o.change((config) => {
    config.canaries = [];
  });
  expect(body).toMatchObject({ diff: { changed: [], settings: ['/canaries'] }, operations: [] });
  expect((await o.desired()).generation).toBe(generation);
  expect([await run(), await run({ model_ref: 'n' })]).toEqual([digestOf('a'), digestOf('b')]);
});
