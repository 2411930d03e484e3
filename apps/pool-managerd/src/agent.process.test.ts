/**
 * The agent as operators meet it: the real program, the real embedded engine on the real model, a controller that is a
 * plain HTTP server. Each test has its own directory, ports and processes, and leaves none.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cudaOutOfMemoryText, driverErrorText, startMockEngine } from '@llama-orch/adapter-mock';
import type { DesiredPool, PoolStatus } from '@llama-orch/api-types';
import { identityOf } from '@llama-orch/service-kit';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { findByNonce } from './worker-nonce.ts';
import { type AgentHome, createAgentHome, waitForEnd, workerPidsOf } from './testing/agent-process.ts';
import { desiredPool, haikuPath, scriptedPool } from './testing/desired-pools.ts';
import { type FakeController, startFakeController } from './testing/fake-controller.ts';

/** A busy host starts a process in seconds; nothing here is timed. */
const patience = { timeout: 90_000 };
let controller: FakeController;
let home: AgentHome;

beforeEach(async () => {
  controller = await startFakeController();
  home = await createAgentHome();
});
afterEach(async () => {
  await home.clean();
  await controller.close();
  expect(controller.faults).toEqual([]);
});

const isReady = (pool: PoolStatus): boolean => pool.state === 'ready';
const workerOf = (pool: PoolStatus): { readonly pid: number; readonly url: string } => {
  if (pool.replica?.pid == null) throw new Error('expected a replica with a pid');
  return { pid: pool.replica.pid, url: pool.replica.url };
};

/** A worker that is any program of ours, without an engine. */
const program = (script: string, overrides: Partial<DesiredPool> = {}): DesiredPool =>
  desiredPool({ runtime: { kind: 'command', command: [process.execPath, '-e', script] }, ...overrides });

test('[ORCH-3049] [ORCH-1102] [ORCH-3053] a real worker is Ready only after its self-test, and again after kill -9', patience, async () => {
  controller.setPools([desiredPool()]);
  const agent = await home.start({ controllerUrl: controller.url });
  const ready = await controller.waitForPool('haiku-a', 'ready', isReady);
  const first = workerOf(ready);

  // Before it was Ready it was never offered.
  const before = controller.statuses.flatMap(({ pools }) => pools).filter(({ state }) => state !== 'ready');
  expect(before.every(({ replica }) => replica === null)).toBe(true);
  expect(ready).toMatchObject({
    start_count: 1,
    last_error: null,
    preload: { outcome: 'ok' },
    replica: { replica_id: 'haiku-a/1', slots_total: 1, cpu_carve_out: true },
  });
  expect(ready.replica?.engine_version).toMatch(/^embedded-/);
  expect(agent.lines.find(({ event }) => event === 'worker_started')).toMatchObject({ cpu_carve_out: true });
  // The engine itself counted the tokens of the self-test.
  const text = await (await fetch(`${first.url}/metrics`)).text();
  expect(Number(/^llamacpp:tokens_predicted_total (\d+)/m.exec(text)?.[1])).toBeGreaterThan(0);

  const unready = controller.waitForPool('haiku-a', 'unready', ({ state }) => state === 'unready');
  const again = controller.waitForPool('haiku-a', 'ready again', (pool) => isReady(pool) && pool.start_count === 2);
  process.kill(first.pid, 'SIGKILL');
  expect(await unready).toMatchObject({ last_error: { kind: 'killed', code: 'WORKER_RESET' }, oom_events: { device: 0, host: 0 } });
  expect(await again).toMatchObject({ restarts: 1, replica: { replica_id: 'haiku-a/2' } });

  const metrics = await (await fetch(`${agent.url}/metrics`)).text();
  expect(metrics).toMatch(/pool_state\{pool_id="haiku-a",engine="llamacpp",state="ready"\} 1/);
  expect(metrics).toMatch(/worker_restarts_total\{pool_id="haiku-a",engine="llamacpp",engine_version="embedded-[^"]+",reason="killed"\} 1/);
  expect((await fetch(`${agent.url}/readyz`)).status).toBe(200);
});

test('[ORCH-3017] a worker is replaced when a higher start count is asked for, and ended when nobody wants it', patience, async () => {
  controller.setPools([scriptedPool(home.dir)]);
  await home.start({ controllerUrl: controller.url });
  const { pid } = workerOf(await controller.waitForPool('haiku-a', 'ready', isReady));
  const fifth = controller.waitForPool('haiku-a', 'ready as the fifth', (pool) => isReady(pool) && pool.start_count === 5);
  controller.setPools([scriptedPool(home.dir, {}, { min_start_count: 5 })]);
  expect(await fifth).toMatchObject({ restarts: 1, last_error: { kind: 'restart-requested' } });
  await waitForEnd(pid);

  const gone = controller.waitFor('no pool', ({ pools }) => pools.length === 0);
  controller.setPools([]);
  await gone;
  expect(await workerPidsOf(join(home.dir, 'data'))).toEqual([]);
});

test.each([
  ['device-oom', cudaOutOfMemoryText, { oom_events: { device: 1, host: 0 }, driver_reset_events: 0 }],
  ['driver-error', driverErrorText, { oom_events: { device: 0, host: 0 }, driver_reset_events: 1 }],
] as const)(
  '[ORCH-3038] [ORCH-3039] names %s when a serving worker dies of it, and restarts it',
  patience,
  async (kind, stderr, counts) => {
    controller.setPools([scriptedPool(home.dir, { exitAfter: { ms: 2_000, code: 1, stderr } })]);
    await home.start({ controllerUrl: controller.url });
    const unready = await controller.waitForPool('haiku-a', 'unready', ({ state }) => state === 'unready');
    expect(unready).toMatchObject({
      ...counts,
      start_count: 1,
      last_error: { kind, cause: expect.stringContaining('CUDA error') as unknown },
    });
    await controller.waitForPool('haiku-a', 'started again', (pool) => pool.start_count === 2);
  },
);

test('[ORCH-3049] a worker that answers garbage does not become Ready, and the step is named', patience, async () => {
  controller.setPools([scriptedPool(home.dir, { fault: { kind: 'garbage', afterSteps: 0 } })]);
  await home.start({ controllerUrl: controller.url });
  const failed = await controller.waitForPool('haiku-a', 'a failed self-test', ({ last_error }) => last_error?.kind === 'self-test-failed');
  expect(failed).toMatchObject({
    replica: null,
    preload: { outcome: 'failed' },
    last_error: { message: expect.stringContaining('"minimal completion"') as unknown },
  });
});

test(
  '[ORCH-2109] a worker streams on while its agent is killed by -9, and the next agent adopts it if it is the recorded one',
  patience,
  async () => {
    controller.setPools([scriptedPool(home.dir, { tokensPerSecond: 100 })]);
    const first = await home.start({ controllerUrl: controller.url });
    const ready = await controller.waitForPool('haiku-a', 'ready', isReady);
    const worker = workerOf(ready);

    // A stream that is open while the agent dies, and goes on after it.
    const stream = await fetch(`${worker.url}/completion`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Write', n_predict: 100, stream: true, ignore_eos: true, cache_prompt: false, seed: 1 }),
    });
    first.signal('SIGKILL');
    expect(await first.exited).toBe('SIGKILL');
    expect(await stream.text()).toContain('"stop":true');

    const adopted = controller.waitForPool('haiku-a', 'ready in the next agent', (pool) => isReady(pool) && pool.preload !== null);
    const second = await home.start({ controllerUrl: controller.url });
    expect(await adopted).toMatchObject({
      start_count: 1,
      restarts: 0,
      replica: { pid: worker.pid, replica_id: 'haiku-a/1', engine_version: ready.replica?.engine_version },
    });
    expect(second.lines.some(({ event }) => event === 'worker_started')).toBe(false);

    // An adopted worker is watched like an own one.
    const again = controller.waitForPool('haiku-a', 'restarted', (pool) => isReady(pool) && pool.start_count === 2);
    process.kill(worker.pid, 'SIGKILL');
    const { pid } = workerOf(await again);

    // With another nonce it may be anybody's: ended by its recorded identity, not adopted. Only Linux shows the nonce.
    if (process.platform !== 'linux') return;
    second.signal('SIGKILL');
    await second.exited;
    await changeRecord((record) => ({ ...record, nonce: 'another' }));
    const other = controller.waitForPool('haiku-a', 'another replica', (pool) => isReady(pool) && pool.start_count === 3);
    const third = await home.start({ controllerUrl: controller.url });
    expect(await third.waitForLine('worker_not_adopted')).toMatchObject({ reason: 'foreign-nonce', pid });
    await other;
    expect(identityOf(pid)).toBeUndefined();
  },
);

test(
  '[ORCH-2102] [ORCH-3031] a successor is started beside its worker, adopted like it, and takes its place; one that fails harms nothing',
  patience,
  async () => {
    const pool = scriptedPool(home.dir, { tokensPerSecond: 100 });
    const second = { ...pool, ctx: 128 };
    controller.setPools([pool]);
    const agent = await home.start({ controllerUrl: controller.url });
    const old = workerOf(await controller.waitForPool('haiku-a', 'ready', isReady));

    // One that cannot run is reported with its cause, and the old one goes on.
    controller.setPools([{ ...pool, successor: { ...pool, model: { ...pool.model, digest: `sha256:${'0'.repeat(64)}` } } }]);
    const refused = await controller.waitForPool('haiku-a', 'a refused successor', ({ successor }) => successor?.last_error != null);
    expect(refused).toMatchObject({
      state: 'ready',
      last_error: null,
      replica: { pid: old.pid },
      successor: { state: 'refused', replica: null, last_error: { code: 'UNTRUSTED_ARTIFACT' } },
    });

    controller.setPools([{ ...pool, successor: second }]);
    const both = await controller.waitForPool('haiku-a', 'both ready', ({ successor }) => successor?.state === 'ready');
    expect(both).toMatchObject({ state: 'ready', replica: { pid: old.pid, replica_id: 'haiku-a/1' } });
    expect(both.successor?.replica).toMatchObject({ replica_id: 'haiku-a/2', ctx: 128 });
    const nextPid = both.successor?.replica?.pid ?? 0;

    // The next agent adopts both, without another start.
    agent.signal('SIGKILL');
    await agent.exited;
    const adopted = controller.waitForPool('haiku-a', 'both adopted', (status) => isReady(status) && status.successor?.state === 'ready');
    await home.start({ controllerUrl: controller.url });
    expect(await adopted).toMatchObject({ replica: { pid: old.pid }, successor: { replica: { pid: nextPid, replica_id: 'haiku-a/2' } } });

    // A stream on the new one is not touched when the old one is ended.
    const stream = await fetch(`${both.successor?.replica?.url}/completion`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Write', n_predict: 60, stream: true, ignore_eos: true, cache_prompt: false, seed: 1 }),
    });
    const promoted = controller.waitForPool('haiku-a', 'the new one alone', (status) => status.successor == null && isReady(status));
    controller.setPools([second]);
    expect(await promoted).toMatchObject({ restarts: 0, start_count: 2, replica: { pid: nextPid, replica_id: 'haiku-a/2', ctx: 128 } });
    await waitForEnd(old.pid);
    expect(await stream.text()).toContain('"stop":true');
    expect(await workerPidsOf(join(home.dir, 'data'))).toEqual([nextPid]);

    // A successor that nobody wants any more is ended.
    controller.setPools([{ ...second, successor: pool }]);
    const third = await controller.waitForPool('haiku-a', 'another successor', ({ successor }) => successor?.state === 'ready');
    controller.setPools([second]);
    await waitForEnd(third.successor?.replica?.pid ?? 0);
    expect(await workerPidsOf(join(home.dir, 'data'))).toEqual([nextPid]);
  },
);

test('[ORCH-3054] a SIGTERM right after the start still ends the workers of the agent before', patience, async () => {
  controller.setPools([scriptedPool(home.dir, {})]);
  const first = await home.start({ controllerUrl: controller.url });
  const { pid } = workerOf(await controller.waitForPool('haiku-a', 'ready', isReady));
  first.signal('SIGKILL');
  await first.exited;
  const second = await home.start({ controllerUrl: controller.url });
  second.signal('SIGTERM');
  expect(await second.exited).toBe(0);
  expect(identityOf(pid)).toBeUndefined();
});

test('[ORCH-3054] a second signal ends the agent at once and leaves its workers for the next one to adopt', patience, async () => {
  const timeouts = { start_ms: 60_000, probe_interval_ms: 100, stop_grace_ms: 60_000 };
  controller.setPools([scriptedPool(home.dir, { onSigterm: 'ignore' }, { timeouts })]);
  const first = await home.start({ controllerUrl: controller.url });
  const { pid } = workerOf(await controller.waitForPool('haiku-a', 'ready', isReady));
  first.signal('SIGTERM');
  await first.waitForLine('workers_stopping');
  first.signal('SIGTERM');
  expect(await first.exited).toBe(1);
  expect(identityOf(pid)).toBeDefined();
  const adopted = controller.waitForPool('haiku-a', 'adopted', (pool) => isReady(pool) && pool.preload !== null);
  await home.start({ controllerUrl: controller.url });
  expect(await adopted).toMatchObject({ start_count: 1, restarts: 0, replica: { pid } });
});

test('[ORCH-3054] [ORCH-2109] a pid that another process has by now is neither adopted nor signalled', patience, async () => {
  controller.setPools([scriptedPool(home.dir, {})]);
  const first = await home.start({ controllerUrl: controller.url });
  const worker = workerOf(await controller.waitForPool('haiku-a', 'ready', isReady));
  first.signal('SIGKILL');
  await first.exited;
  process.kill(worker.pid, 'SIGKILL');
  await waitForEnd(worker.pid);
  // As if the system had given the worker's pid to somebody else since.
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  await changeRecord((record) => ({ ...record, process: { ...(record as { process: object }).process, pid: stranger.pid } }));
  const again = controller.waitForPool('haiku-a', 'another worker', (pool) => isReady(pool) && pool.start_count === 2);
  await home.start({ controllerUrl: controller.url });
  expect(workerOf(await again).pid).not.toBe(stranger.pid);
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
});

/** Change the worker record of `haiku-a` behind the agent's back; gives the nonce it had. */
const changeRecord = async (change: (record: object) => object): Promise<string> => {
  const path = join(home.dir, 'data/pools/haiku-a/worker.json');
  const record = JSON.parse(await readFile(path, 'utf8')) as { nonce: string };
  await writeFile(path, JSON.stringify(change(record)));
  return record.nonce;
};

test('finds a worker whose agent died between its spawn and its record', patience, async ({ skip }) => {
  skip(process.platform !== 'linux', 'only Linux shows the environment of a process');
  controller.setPools([program('setInterval(() => {}, 1000)')]);
  const first = await home.start({ controllerUrl: controller.url });
  await controller.waitForPool('haiku-a', 'starting', ({ start_count }) => start_count === 1);
  await first.waitForLine('worker_started');
  first.signal('SIGKILL');
  await first.exited;
  const [orphan] = findByNonce(await changeRecord((record) => ({ ...record, process: null })));
  expect(orphan, 'the worker outlives its agent').toBeDefined();

  await home.start({ controllerUrl: controller.url });
  await waitForEnd(orphan ?? 0);
});

test(
  '[ORCH-3054] [ORCH-2109] SIGTERM stops every worker, also one that ignores it; the next agent serves without a controller',
  patience,
  async () => {
    const pool = scriptedPool(home.dir);
    const timeouts = { start_ms: 60_000, probe_interval_ms: 100, stop_grace_ms: 300 };
    controller.setPools([pool, scriptedPool(home.dir, { onSigterm: 'ignore' }, { id: 'stubborn', timeouts })]);
    const first = await home.start({ controllerUrl: controller.url });
    await controller.waitFor('both ready', ({ pools }) => pools.length === 2 && pools.every(isReady));
    const pids = await workerPidsOf(join(home.dir, 'data'));
    expect(pids).toHaveLength(2);

    const stopped = controller.waitFor('all stopped', ({ pools }) => pools.length === 2 && pools.every(({ state }) => state === 'stopped'));
    first.signal('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(pids.map((pid) => identityOf(pid))).toEqual([undefined, undefined]);
    expect(await workerPidsOf(join(home.dir, 'data'))).toEqual([]);
    await stopped;

    const port = Number(new URL(controller.url).port);
    await controller.close();
    const second = await home.start({ controllerUrl: controller.url });
    await second.waitForLine('pool_state', (line) => line['pool_id'] === 'haiku-a' && line['state'] === 'ready');
    expect(second.lines.some(({ event }) => event === 'controller_connected')).toBe(false);

    // Another controller takes the place of the first: it hears everything at once, and one that knows nothing changes nothing.
    expect(controller.faults).toEqual([]);
    controller = await startFakeController({ port, firstGeneration: 100 });
    const status = await controller.waitFor('both pools', ({ pools }) => pools.length === 2);
    expect(status.pools.find(({ pool_id }) => pool_id === 'haiku-a')).toMatchObject({ state: 'ready', start_count: 2 });
    const { pid } = workerOf(await controller.waitForPool('haiku-a', 'still ready', isReady));
    controller.setPools([pool]);
    await controller.waitFor('its own generation', ({ generation, pools }) => generation === 100 && pools.length === 1);
    expect(workerOf(await controller.waitForPool('haiku-a', 'untouched', isReady)).pid).toBe(pid);
  },
);

test('[ORCH-3037] a model with another digest is refused, and started once it is restored', patience, async () => {
  const path = join(home.dir, 'model.gguf');
  await copyFile(haikuPath, path);
  await writeFile(path, 'x', { flag: 'r+' });
  const trusting = (timeouts: DesiredPool['timeouts']) =>
    program('setInterval(() => {}, 1000)', { model: { ...desiredPool().model, path: 'model.gguf' }, timeouts });
  controller.setPools([trusting(desiredPool().timeouts)]);
  const agent = await home.start({ controllerUrl: controller.url });
  const refused = await controller.waitForPool('haiku-a', 'refused', ({ state }) => state === 'refused');
  expect(refused).toMatchObject({ start_count: 0, replica: null, last_error: { code: 'UNTRUSTED_ARTIFACT', kind: 'untrusted-artifact' } });
  expect(agent.lines.some(({ event }) => event === 'worker_started')).toBe(false);

  await copyFile(haikuPath, path);
  // Any change of the pool is a reason to look again at once.
  controller.setPools([trusting({ start_ms: 30_000, probe_interval_ms: 200, stop_grace_ms: 3_000 })]);
  await agent.waitForLine('worker_started');
});

test('[ORCH-1101] [ORCH-1102] refuses CPU without the second switch, and GPU pools without a GPU', patience, async () => {
  controller.setPools([desiredPool(), desiredPool({ id: 'gpu', devices: ['0'], runtime: { kind: 'command' }, allow_cpu: false })]);
  const agent = await home.start({ controllerUrl: controller.url, env: { ORCH_ALLOW_CPU: undefined } });
  const status = await controller.waitFor(
    'both refused',
    ({ pools }) => pools.length === 2 && pools.every(({ state }) => state === 'refused'),
  );
  expect(Object.fromEntries(status.pools.map((pool) => [pool.pool_id, pool.last_error?.kind]))).toEqual({
    'haiku-a': 'cpu-not-allowed',
    gpu: 'no-nvidia-device',
  });
  expect(status.host).toMatchObject({ allow_cpu: false, devices: [], inventory_error: { code: 'nvidia-smi-not-found' } });
  expect(agent.lines.some(({ event }) => event === 'worker_started')).toBe(false);
});

test('[ORCH-3011] [ORCH-3003] gives a worker only the devices of its mask, and starts none that would not fit', patience, async () => {
  const devices = ['GPU-11111111-0000-0000-0000-000000000000', 'GPU-22222222-0000-0000-0000-000000000000'];
  const csv = devices
    .map((uuid, index) => `${index}, ${uuid}, NVIDIA Test, ${index === 0 ? 24576 : 1}, 0, 12, 00000000:0${index}:00.0, 9.0`)
    .join('\n');
  await writeFile(join(home.dir, 'nvidia-smi'), `#!/bin/sh\ncase "$1" in --query-gpu=*) cat <<'CSV'\n${csv}\nCSV\n;; esac\n`, {
    mode: 0o755,
  });
  const seen = join(home.dir, 'seen');
  const script = `require('node:fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify([process.env.CUDA_VISIBLE_DEVICES, process.env.ORCH_AGENT_KEY ?? null])); setInterval(() => {}, 1000)`;
  controller.setPools([
    program(script, { devices: ['0'], allow_cpu: false }),
    program(script, { id: 'small', devices: ['1'], allow_cpu: false }),
  ]);
  const agent = await home.start({ controllerUrl: controller.url, env: { ORCH_ALLOW_CPU: undefined, ORCH_AGENT_KEY: 'orch_secret' } });
  const small = await controller.waitForPool('small', 'unready', ({ state }) => state === 'unready');
  expect(small).toMatchObject({
    start_count: 0,
    last_error: { kind: 'device-memory-short' },
    next_retry_ms: expect.any(Number) as unknown,
  });
  const status = await controller.waitFor('a device with its load', ({ host }) => host.devices.length === 2);
  expect(status.host.devices[0]).toMatchObject({ uuid: devices[0], utilization_ratio: 0.12, compute_capability: '9.0' });
  await agent.waitForLine('worker_started');
  let content = '';
  while (content === '') content = await readFile(seen, 'utf8').catch(() => '');
  expect(JSON.parse(content)).toEqual([devices[0], null]);
});

test('[ORCH-3053] [ORCH-3040] a worker that dies at each start opens the breaker, and its last words are quoted', patience, async () => {
  controller.setPools([program("console.error('CUDA error: out of memory'); process.exit(1)")]);
  await home.start({ controllerUrl: controller.url });
  const open = await controller.waitForPool('haiku-a', 'an open breaker', ({ next_retry_ms }) => (next_retry_ms ?? 0) > 30_000);
  expect(open).toMatchObject({
    state: 'unready',
    start_count: 5,
    oom_events: { device: 5, host: 0 },
    preload: { outcome: 'failed' },
    last_error: { kind: 'device-oom', cause: expect.stringContaining('out of memory') as unknown },
  });
});

test.each(['llamacpp', 'vllm', 'tgi'] as const)(
  '[ORCH-3049] [ORCH-3032] an external %s is probed and tested, and lives on when the agent stops',
  patience,
  async (engineName) => {
    const engine = await startMockEngine({ wire: engineName, slots: 2, ctxTokens: 512 });
    onTestFinished(() => engine.stop());
    const runtime = { kind: 'external', url: engine.url, digest: desiredPool().model.digest } as const;
    controller.setPools([desiredPool({ engine: engineName, runtime, allow_cpu: false, slots: 2, determinism: 'none' })]);
    const agent = await home.start({ controllerUrl: controller.url });
    const ready = await controller.waitForPool('haiku-a', 'ready', isReady);
    expect(ready.replica).toMatchObject({ url: engine.url, pid: null, slots_total: 2, engine_version: 'mock-1', cpu_carve_out: false });
    agent.signal('SIGTERM');
    expect(await agent.exited).toBe(0);
    expect((await fetch(`${engine.url}/health`)).status).toBe(200);
  },
);

const mainPath = new URL('main.ts', import.meta.url).pathname;
const runMain = async (...args: string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> => {
  const child = spawn(process.execPath, [mainPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
};

test('--check validates a config; a second agent of one data directory and a bad config exit 2', patience, async () => {
  const config = join(home.dir, 'orchestrator.yaml');
  expect(await runMain('--config', config, '--check')).toMatchObject({ code: 0, stdout: expect.stringContaining('is valid') as unknown });

  await home.start({ controllerUrl: controller.url });
  const second = await runMain('--config', config, '--listen', '127.0.0.1:0', '--data-dir', join(home.dir, 'data'));
  expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('is in use by process') as unknown });

  const bad = join(home.dir, 'bad.yaml');
  await writeFile(bad, 'agent: { name: "x y", nvidia_smi: 7 }\n');
  const faulty = await runMain('--config', bad, '--check');
  expect(faulty.code).toBe(2);
  expect(faulty.stderr).toContain('/agent/name');
  expect(faulty.stderr).toContain('/agent/nvidia_smi');
});
