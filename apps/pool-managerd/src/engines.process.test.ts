/**
 * The built-in templates on a host with a GPU, as operators meet them: the real agent finds each engine's program on its PATH,
 * natively and in a container. The programs are stand-ins with the simulators of the engines behind them.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DesiredPool, PoolStatus } from '@llama-orch/api-types';
import { identityOf } from '@llama-orch/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AgentHome, type AgentProcess, createAgentHome, waitForEnd } from './testing/agent-process.ts';
import { desiredPool } from './testing/desired-pools.ts';
import { type FakeController, startFakeController } from './testing/fake-controller.ts';
import { installStandIns, type StandIns, standInUuid } from './testing/stand-ins.ts';

/** A busy host starts a process in seconds; nothing here is timed. */
const patience = { timeout: 90_000 };
let controller: FakeController;
let home: AgentHome;
let standIns: StandIns;

beforeEach(async () => {
  controller = await startFakeController();
  home = await createAgentHome();
  standIns = await installStandIns(home.dir);
  await writeFile(join(home.dir, 'nvidia-smi'), `#!/bin/sh\nexec '${standIns.nvidiaSmi}' "$@"\n`, { mode: 0o755 });
  await writeFile(join(home.dir, 'engine.key'), 'key-of-the-engine\n');
});
afterEach(async () => {
  for (const { pid } of await standIns.containers()) process.kill(-pid, 'SIGKILL');
  await home.clean();
  await controller.close();
  expect(controller.faults).toEqual([]);
});

const start = (): Promise<AgentProcess> =>
  home.start({ controllerUrl: controller.url, env: { PATH: standIns.path, ORCH_ALLOW_CPU: undefined } });

const pool = (overrides: Partial<DesiredPool>): DesiredPool =>
  desiredPool({
    devices: ['0'],
    allow_cpu: false,
    runtime: { kind: 'command', api_key_file: join(home.dir, 'engine.key') },
    ...overrides,
  });
const isReady = (status: PoolStatus): boolean => status.state === 'ready';

test.each([
  ['llamacpp', 'llama-server', 'LLAMA_API_KEY', '-np\n1'],
  ['vllm', 'vllm', 'VLLM_API_KEY', '--max-num-seqs\n1'],
  ['tgi', 'text-generation-launcher', 'API_KEY', '--max-batch-size\n1'],
] as const)(
  '[ORCH-3001] [ORCH-3011] [ORCH-3043] %s: its own program is started with mask and key, becomes Ready, and again after kill -9',
  patience,
  async (engine, program, variable, words) => {
    controller.setPools([pool({ engine })]);
    await start();
    const ready = await controller.waitForPool('haiku-a', 'ready', isReady);
    expect(ready).toMatchObject({ last_error: null, capacity_slots: 1, replica: { engine, slots_total: 1, cpu_carve_out: false } });
    const { argv, env } = await standIns.calls(program);
    expect(argv.join('\n')).toContain(words);
    expect(env).toMatchObject({ CUDA_VISIBLE_DEVICES: standInUuid, [variable]: 'key-of-the-engine' });
    expect(argv.join(' ')).not.toContain('key-of-the-engine');
    expect(Object.keys(env)).not.toContain('ORCH_ALLOW_CPU');

    const again = controller.waitForPool('haiku-a', 'ready again', (status) => isReady(status) && status.start_count === 2);
    process.kill(ready.replica?.pid ?? 0, 'SIGKILL');
    expect(await again).toMatchObject({ restarts: 1, last_error: { kind: 'killed' } });
  },
);

const contained = (): DesiredPool =>
  pool({
    engine: 'vllm',
    runtime: {
      kind: 'command',
      api_key_file: join(home.dir, 'engine.key'),
      container: { program: 'docker', image: 'vllm/vllm-openai:v1', args: [] },
    },
  });

/** Name and pid of the one container there is. */
const theContainer = async (): Promise<{ readonly name: string; readonly pid: number }> => {
  const [container, ...others] = await standIns.containers();
  expect(others).toEqual([]);
  return { name: container?.name ?? '', pid: container?.pid ?? 0 };
};

test(
  '[ORCH-3001] [ORCH-3011] in a container: the same command, the mask by --gpus, and nothing is left when its client is killed',
  patience,
  async ({ skip }) => {
    skip(process.platform !== 'linux', 'the stand-in needs setsid');
    controller.setPools([contained()]);
    const agent = await start();
    const ready = await controller.waitForPool('haiku-a', 'ready', isReady);
    const first = await theContainer();
    const { argv } = await standIns.calls('docker');
    expect(argv.slice(0, 6)).toEqual(['run', '--rm', '--init', '--pull', 'never', '--name']);
    expect(argv).toContain(`"device=${standInUuid}"`);
    expect(argv).not.toContain('key-of-the-engine');
    expect((await standIns.calls('vllm')).env).toMatchObject({ CUDA_VISIBLE_DEVICES: standInUuid, VLLM_API_KEY: 'key-of-the-engine' });

    // The client dies, its container lives on with the device: it is ended before the next one starts.
    const again = controller.waitForPool('haiku-a', 'ready again', (status) => isReady(status) && status.start_count === 2);
    process.kill(ready.replica?.pid ?? 0, 'SIGKILL');
    await again;
    expect(identityOf(first.pid)).toBeUndefined();
    const second = await theContainer();
    expect(second.name).not.toBe(first.name);

    agent.signal('SIGTERM');
    expect(await agent.exited).toBe(0);
    await waitForEnd(second.pid);
    expect(await standIns.containers()).toEqual([]);
  },
);

test(
  '[ORCH-2109] a container is adopted with its client, and ended by the next agent when its client is gone',
  patience,
  async ({ skip }) => {
    skip(process.platform !== 'linux', 'the stand-in needs setsid');
    controller.setPools([contained()]);
    const first = await start();
    const ready = await controller.waitForPool('haiku-a', 'ready', isReady);
    const container = await theContainer();
    first.signal('SIGKILL');
    await first.exited;
    const adopted = controller.waitForPool('haiku-a', 'adopted', isReady);
    const second = await start();
    expect(await adopted).toMatchObject({ start_count: 1, replica: { pid: ready.replica?.pid } });
    expect((await theContainer()).pid).toBe(container.pid);

    second.signal('SIGKILL');
    await second.exited;
    process.kill(ready.replica?.pid ?? 0, 'SIGKILL');
    await waitForEnd(ready.replica?.pid ?? 0);
    expect(identityOf(container.pid), 'the container outlives both').toBeDefined();
    const restarted = controller.waitForPool('haiku-a', 'another', (status) => isReady(status) && status.start_count === 2);
    const third = await start();
    await restarted;
    expect(identityOf(container.pid)).toBeUndefined();
    third.signal('SIGTERM');
    expect(await third.exited).toBe(0);
    expect(await standIns.containers()).toEqual([]);
  },
);
