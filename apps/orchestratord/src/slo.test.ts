import type { ReplicaSetList } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { createTestController, settle, type TestController } from './testing/test-controller.ts';

/** A batch task whose tokens take `tookMs` to come, and whose engine says that it needed `engineDecodeMs` of that. */
const decode = async (t: TestController, tookMs: number, engineDecodeMs?: number): Promise<void> => {
  await t.submit({ priority: 'batch' });
  t.workers.last.start().tokens('a');
  await settle();
  t.clock.now += tookMs;
  t.workers.last.tokens('b', 'c').end(engineDecodeMs === undefined ? {} : { engineDecodeMs });
  await settle();
};

const batchSlo = async (t: TestController) => {
  const { replica_sets: sets } = (await (await t.request('GET', '/v1/replicasets')).json()) as ReplicaSetList;
  return sets[0]?.slo.find(({ priority }) => priority === 'batch');
};

test('[ORCH-3041] the token rate of batch tasks is measured against the engine’s own, and judged', async () => {
  const t = createTestController();
  await t.ready('a');
  await decode(t, 100, 90);
  expect(await batchSlo(t)).toMatchObject({ token_rate_ratio: 0.9, targets: { token_rate_ratio: 0.8 }, met: true });
  await decode(t, 900, 410);
  expect(await batchSlo(t)).toMatchObject({ token_rate_ratio: 0.5, met: false });
  expect(await t.metric(/^decode_ms_total\{.*priority="batch"/)).toBe(1_000);
  expect(await t.metric(/^decode_engine_ms_total\{.*priority="batch"/)).toBe(500);
});

test('[ORCH-3041] where the engine tells no time of its own nothing is claimed', async () => {
  const t = createTestController();
  await t.ready('a');
  await decode(t, 100);
  expect(await batchSlo(t)).toMatchObject({ token_rate_ratio: null, met: true });
  expect(await t.metric(/^decode_ms_total/)).toBe(0);
});

test('[ORCH-3041] a re-run is measured from its own first token', async () => {
  const t = createTestController();
  await t.ready('a');
  await t.submit({ priority: 'batch', deadline_ms: 60_000 });
  t.workers.last.start().tokens('a');
  await settle();
  t.clock.now += 700;
  t.controller.loop.tick();
  await t.report([]);
  await t.report([t.poolStatus('a', 2)]);
  t.workers.last.start().tokens('a');
  await settle();
  t.clock.now += 100;
  t.workers.last.tokens('b').end({ engineDecodeMs: 100 });
  await settle();
  expect(await batchSlo(t)).toMatchObject({ token_rate_ratio: 1 });
});
