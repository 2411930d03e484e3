/**
 * Tasks through engines that somebody else runs: the controller's own adapters, and a simulator of each engine as a process of its own.
 */
import { type MockEngine, startMockEngine } from '@llama-orch/adapter-mock';
import { expect, onTestFinished, test, vi } from 'vitest';
import { engineAdapters } from './fleet/engine-adapters.ts';
import { createTestController, type TestController } from './testing/test-controller.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const engines = ['llamacpp', 'vllm', 'tgi'] as const;
const generationPaths = { llamacpp: '/completion', vllm: '/v1/completions', tgi: '/generate_stream' };

/** A controller with one pool of an external engine, as its agent reports it once it is Ready. */
const setUp = async (engine: (typeof engines)[number]): Promise<{ readonly t: TestController; readonly sim: MockEngine }> => {
  const sim = await startMockEngine({ wire: engine, slots: 2, ctxTokens: 1_024, script: { answerTokens: 12 } });
  onTestFinished(() => sim.stop());
  const runtime = { kind: 'external', url: sim.url, digest };
  const t = createTestController({
    adapters: engineAdapters,
    pools: [{ id: 'a', engine, slots: 2, determinism: 'none', runtime, allow_cpu: false }],
  });
  onTestFinished(() => t.controller.close());
  const status = t.poolStatus('a', 1);
  if (status.replica === null) throw new Error('no replica');
  const replica = { ...status.replica, url: sim.url, engine, engine_version: 'mock-1', slots_total: 2, pid: null };
  await t.report([{ ...status, replica }]);
  return { t, sim };
};

const submit = async (t: TestController, fields: object = {}): Promise<string> =>
  (await t.submit({ determinism: 'best_effort', prompt: 'Write a haiku.', max_tokens: 40, ...fields })).task_id;
const ended = async (t: TestController, id: string): Promise<unknown> => {
  await vi.waitUntil(async () => !['queued', 'running'].includes((await t.status(id)).state), { timeout: 20_000 });
  return t.status(id);
};

test.each(engines)('[ORCH-2008] a task runs through an external %s, and the engine is asked for it once', async (engine) => {
  const { t, sim } = await setUp(engine);
  const id = await submit(t);
  expect(await ended(t, id)).toMatchObject({ state: 'succeeded', result: { finish_reason: 'stop', tokens_out: 13 } });
  const asked = (await sim.control.requests()).filter(({ method }) => method === 'POST').map(({ path }) => path);
  expect(asked).toEqual([generationPaths[engine]]);
});

test.each(engines)('[ORCH-3017] a canceled task frees its slot in %s, and the next one gets it', async (engine) => {
  const { t, sim } = await setUp(engine);
  await sim.control.script({ holdAfterSteps: 2 });
  const canceled = [await submit(t), await submit(t)];
  const waiting = await submit(t);
  await vi.waitUntil(async () => (await sim.control.counters()).held === 2, { timeout: 20_000 });
  for (const id of canceled) expect((await t.request('POST', `/v1/tasks/${id}/cancel`)).status).toBe(204);
  await sim.control.script({ answerTokens: 12 });
  expect(await ended(t, waiting)).toMatchObject({ state: 'succeeded' });
  expect((await sim.control.counters()).slotsBusy).toBe(0);
});

test.each(['vllm', 'tgi'] as const)('a full queue of %s is no broken worker: the task waits and then runs there', async (engine) => {
  const { t, sim } = await setUp(engine);
  await sim.control.script({ fault: { kind: 'refuse', refusal: 'queue-full' } });
  const id = await submit(t);
  const events = (name: string): readonly Record<string, unknown>[] => t.logged().filter(({ event }) => event === name);
  await vi.waitUntil(() => events('attempt_failed').length === 1, { timeout: 20_000 });
  expect(events('attempt_failed')[0]).toMatchObject({ kind: 'busy' });
  expect(events('replica_suspect')).toEqual([]);
  await sim.control.script({ answerTokens: 12 });
  t.clock.now += 60_000;
  t.controller.loop.tick();
  expect(await ended(t, id)).toMatchObject({ state: 'succeeded', failovers: 1 });
});
