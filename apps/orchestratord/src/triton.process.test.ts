/**
 * Tasks through a Triton that somebody else runs, by each way to speak to it: the controller's own adapter, and a simulator as
 * a process of its own, whose ports come from the agent's report.
 */
import { startMockEngine } from '@llama-orch/adapter-mock';
import { expect, onTestFinished, test, vi } from 'vitest';
import { engineAdapters } from './fleet/engine-adapters.ts';
import { createTestController } from './testing/test-controller.ts';

const digest = `sha256:${'a'.repeat(64)}`;

const ways = [
  {
    way: 'HTTP',
    wire: 'triton',
    kind: 'vllm',
    pool: { triton: { protocol: 'http', model_name: 'llm' } },
    asked: '/v2/models/llm/generate_stream',
  },
  {
    way: 'gRPC',
    wire: 'triton',
    kind: 'ensemble',
    pool: { triton: { protocol: 'grpc', model_name: 'llm' } },
    asked: '/inference.GRPCInferenceService/ModelStreamInfer',
  },
  { way: 'trtllm-serve', wire: 'trtllm-serve', kind: null, pool: { runtime: { server: 'trtllm-serve' } }, asked: '/v1/completions' },
] as const;

const setUp = async ({ wire, kind, pool }: (typeof ways)[number]) => {
  const wireOptions = kind === null ? {} : { wireOptions: { kind } };
  const sim = await startMockEngine({ wire, ...wireOptions, modelName: 'llm', slots: 2, ctxTokens: 1_024, script: { answerTokens: 12 } });
  onTestFinished(() => sim.stop());
  const runtime = { kind: 'external', url: sim.url, digest, ...('runtime' in pool ? pool.runtime : {}) };
  const t = createTestController({
    adapters: engineAdapters,
    pools: [{ id: 'a', engine: 'triton', slots: 2, determinism: 'none', allow_cpu: false, ...pool, runtime }],
  });
  onTestFinished(() => t.controller.close());
  const { replica } = t.poolStatus('a', 1);
  if (replica === null) throw new Error('no replica');
  const { grpc = null, metrics = null } = sim.ports;
  const served = { url: sim.url, engine: 'triton', engine_version: 'mock-1', slots_total: 2, pid: null, cpu_carve_out: false } as const;
  await t.report([t.poolStatus('a', 1, { replica: { ...replica, ...served, ports: { grpc, metrics } } })]);
  const submit = async (): Promise<string> =>
    (await t.submit({ determinism: 'best_effort', prompt: 'Write a haiku.', max_tokens: 40 })).task_id;
  const ended = async (id: string): Promise<unknown> => {
    await vi.waitUntil(async () => !['queued', 'running'].includes((await t.status(id)).state), { timeout: 20_000 });
    return t.status(id);
  };
  return { t, sim, submit, ended };
};

test.each(ways)('[ORCH-3113] a task runs through an external Triton over $way, and the engine is asked for it once', async (way) => {
  const { sim, submit, ended } = await setUp(way);
  expect(await ended(await submit())).toMatchObject({
    state: 'succeeded',
    result: { finish_reason: 'stop', usage: { tokens_in: 5, tokens_out: 13 } },
  });
  const asked = (await sim.control.requests()).filter(({ path }) => path === way.asked);
  expect(asked.length).toBe(1);
});

test.each(ways)('[ORCH-3017] a canceled task frees its slot in a Triton over $way, and the next one gets it', async (way) => {
  const { t, sim, submit, ended } = await setUp(way);
  await sim.control.script({ holdAfterSteps: 2 });
  const canceled = [await submit(), await submit()];
  const waiting = await submit();
  await vi.waitUntil(async () => (await sim.control.counters()).held === 2, { timeout: 20_000 });
  for (const id of canceled) expect((await t.request('POST', `/v1/tasks/${id}/cancel`)).status).toBe(204);
  await sim.control.script({ answerTokens: 12 });
  expect(await ended(waiting)).toMatchObject({ state: 'succeeded' });
  expect((await sim.control.counters()).slotsBusy).toBe(0);
});
