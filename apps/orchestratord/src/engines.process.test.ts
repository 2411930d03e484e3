/**
 * Tasks through engines that somebody else runs: the controller's own adapters, and a simulator of each engine as a process of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MockEngine, startMockEngine } from '@llama-orch/adapter-mock';
import type { PoolHealth } from '@llama-orch/api-types';
import { expect, onTestFinished, test, vi } from 'vitest';
import { engineAdapters } from './fleet/engine-adapters.ts';
import { createTestController, type TestController } from './testing/test-controller.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const engines = ['llamacpp', 'vllm', 'tgi'] as const;
const generationPaths = { llamacpp: '/completion', vllm: '/v1/completions', tgi: '/generate_stream' };

/** A controller with one pool of an external engine, as its agent reports it once it is Ready. */
const setUp = async (
  engine: (typeof engines)[number],
  keys: { readonly engineKey?: string; readonly keyFile?: string } = {},
): Promise<{ readonly t: TestController; readonly sim: MockEngine }> => {
  const apiKey = keys.engineKey === undefined ? {} : { apiKey: keys.engineKey };
  const sim = await startMockEngine({ wire: engine, slots: 2, ctxTokens: 1_024, script: { answerTokens: 12 }, ...apiKey });
  onTestFinished(() => sim.stop());
  const keyFile = keys.keyFile === undefined ? {} : { api_key_file: keys.keyFile };
  const runtime = { kind: 'external', url: sim.url, digest, ...keyFile };
  const t = createTestController({
    adapters: engineAdapters,
    pools: [{ id: 'a', engine, slots: 2, determinism: 'none', runtime, allow_cpu: false }],
  });
  onTestFinished(() => t.controller.close());
  await t.report([t.poolStatus('a', 1, { replica: replicaOf(t, sim, engine) })]);
  return { t, sim };
};

const replicaOf = (t: TestController, sim: MockEngine, engine: (typeof engines)[number]) => {
  const { replica } = t.poolStatus('a', 1);
  if (replica === null) throw new Error('no replica');
  return { ...replica, url: sim.url, engine, engine_version: 'mock-1', slots_total: 2, pid: null, cpu_carve_out: false };
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
  expect(await ended(t, id)).toMatchObject({ state: 'succeeded', result: { finish_reason: 'stop', usage: { tokens_out: 13 } } });
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
  // The core lets the replica cool for a moment, and its agent goes on reporting it.
  t.clock.now += 2_000;
  await t.report([t.poolStatus('a', 1, { replica: replicaOf(t, sim, engine) })]);
  t.controller.loop.tick();
  expect(await ended(t, id)).toMatchObject({ state: 'succeeded', attempts: 2 });
});

test.each(engines)(
  '[ORCH-3040] a %s that answers its health check and fails every request is shut off by traffic alone, and probed by a task',
  async (engine) => {
    const { t, sim } = await setUp(engine);
    const state = async (): Promise<unknown> => {
      const { breaker } = (await (await t.request('GET', '/v1/pools/a/health')).json()) as PoolHealth;
      return breaker?.state;
    };
    await sim.control.script({ fault: { kind: 'refuse', refusal: 'server-error' } });
    for (let index = 0; index < 2; index++) expect(await ended(t, await submit(t))).toMatchObject({ state: 'failed', attempts: 3 });
    expect(await state()).toBe('closed');
    const third = await submit(t);
    await vi.waitUntil(async () => (await state()) === 'open', { timeout: 20_000 });

    // It waits: its engine works again, and nobody knows before the pause is over.
    await sim.control.script({ answerTokens: 12 });
    expect(await t.status(third)).toMatchObject({ state: 'queued', attempts: 1 });
    t.clock.now += 5_000;
    await t.report([t.poolStatus('a', 1, { replica: replicaOf(t, sim, engine) })]);
    t.controller.loop.tick();
    expect(await ended(t, third)).toMatchObject({ state: 'succeeded', attempts: 2 });
    expect(await state()).toBe('closed');
    // What the engine was asked to generate is what the tasks asked for: nothing was spent on finding out.
    const generated = (await sim.control.requests()).filter(({ path }) => path === generationPaths[engine]);
    expect(generated).toHaveLength(3 + 3 + 2);
  },
  60_000,
);

test('[ORCH-3043] an engine’s key comes from its file; without it nothing is dispatched, and the pool says why', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'engine-key-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const keyFile = join(dir, 'engine.key');
  const { t, sim } = await setUp('vllm', { engineKey: 'sekret', keyFile });
  const health = await (await t.request('GET', '/v1/pools/a/health')).text();
  expect(health).toContain('api_key_file');
  expect((await sim.control.requests()).length).toBe(0);

  writeFileSync(keyFile, 'sekret\n');
  await t.report([t.poolStatus('a', 1, { replica: replicaOf(t, sim, 'vllm') })]);
  expect(await ended(t, await submit(t))).toMatchObject({ state: 'succeeded' });
  expect(JSON.stringify(t.logged())).not.toContain('sekret');
});
