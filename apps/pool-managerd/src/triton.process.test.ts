/**
 * The self-test of a Triton that somebody else runs, by each way to speak to it: the agent meets it as the config says, and a
 * simulator, as a process of its own, shows what is demanded of a Ready worker.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMockEngine } from '@llama-orch/adapter-mock';
import { expect, onTestFinished, test } from 'vitest';
import { engineAdapters } from './engine-adapters.ts';
import { emptyPlan } from './headroom.ts';
import { createPortPicker } from './port-picker.ts';
import { runSelfTest } from './self-test.ts';
import { poolSpec } from './testing/pool-specs.ts';
import { createWorkerLauncher } from './worker-launcher.ts';
import { createWorkerStateFiles } from './worker-state-file.ts';

const ways = [
  { protocol: 'grpc', kind: 'ensemble', trtllmVersion: undefined },
  { protocol: 'grpc', kind: 'llmapi', trtllmVersion: undefined },
  { protocol: 'http', kind: 'vllm', trtllmVersion: undefined },
  { protocol: 'trtllm-serve', kind: null, trtllmVersion: '1.2.0' },
] as const;

/** Met as the agent meets it: the ports come from the pool. */
const meet = async ({ protocol, kind }: (typeof ways)[number], slots: number) => {
  const wire = kind === null ? ({ wire: 'trtllm-serve' } as const) : ({ wire: 'triton', wireOptions: { kind } } as const);
  const sim = await startMockEngine({ ...wire, modelName: 'llm', slots, ctxTokens: 8_192, script: { engineVersion: '1.2.0' } });
  onTestFinished(() => sim.stop());
  const directory = mkdtempSync(join(tmpdir(), 'triton-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { model } = poolSpec();
  const { grpc = null, metrics = null } = sim.ports;
  const spec = poolSpec({
    engine: 'triton',
    devices: [],
    slots: 2,
    determinism: 'none',
    runtime: { kind: 'external', url: sim.url, digest: model.digest, server: null, apiKeyFile: null },
    triton: { protocol, modelName: 'llm', grpcPort: grpc, metricsPort: metrics },
  });
  const launcher = createWorkerLauncher({
    stateFiles: createWorkerStateFiles(directory),
    ports: createPortPicker('127.0.0.1', null),
    adapters: engineAdapters,
    workerBind: '127.0.0.1',
    advertiseHost: '127.0.0.1',
    agentEnv: {},
    nowMs: () => 0,
  });
  const worker = await launcher.launch(spec, { startCount: 1, seat: 0, slots: spec.slots }, { devices: [], onCpu: false, plan: emptyPlan });
  onTestFinished(() => launcher.release(worker));
  return { worker, spec, sim };
};

test.each(ways)('[ORCH-3049] an external Triton passes the self-test by $protocol with $kind', async (way) => {
  const { worker, spec, sim } = await meet(way, 2);
  const tested = await runSelfTest(worker.adapter, spec, new AbortController().signal);
  expect(tested).toMatchObject({ engineVersion: '1.2.0', slotsTotal: 2 });
  expect(tested.trtllmVersion).toBe(way.trtllmVersion);
  expect(worker.record.ports).toMatchObject({ grpc: sim.ports['grpc'] ?? null, metrics: sim.ports['metrics'] ?? null });
  expect((await sim.control.counters()).slotsBusy).toBe(0);
});

test('[ORCH-3019] a Triton that takes fewer requests than the pool has slots fails its self-test', async () => {
  const { worker, spec } = await meet(ways[0], 1);
  await expect(runSelfTest(worker.adapter, spec, new AbortController().signal)).rejects.toThrow(
    /expected room for 2 requests at a time, the worker takes 1/,
  );
});
