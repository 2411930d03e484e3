import { createLogger } from '@llama-orch/service-kit';
import type { WorkerHealth } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { PoolFailure } from './failure.ts';
import type { ExitStatus } from './failure-cause.ts';
import type { LiveWorker } from './live-worker.ts';
import { emptyPlan } from './headroom.ts';
import { createPool, type PoolDeps } from './pool.ts';
import type { PoolSpec } from './pool-spec.ts';
import { liveWorker, poolSpec, quietAdapter } from './testing/pool-specs.ts';
import { toWireState } from './wire.ts';
import { openWorkerLog } from './worker-log.ts';

/** Everything a pool touches, with a clock that moves only when the pool sleeps for long. */
const harness = (overrides: Partial<PoolDeps> = {}) => {
  const sleeps: number[] = [];
  const held: (() => void)[] = [];
  const launched: { worker: LiveWorker; exit: (status: ExitStatus) => void; ended: boolean }[] = [];
  const restarts: string[] = [];
  const preloads: string[] = [];
  const counts = new Map<string, number>();
  let nowMs = 0;
  let health: WorkerHealth = { kind: 'ready' };
  let lastWords = '';
  const changes: string[] = [];

  const deps: PoolDeps = {
    check: () => Promise.resolve({ devices: [], onCpu: true, plan: emptyPlan }),
    launcher: {
      launch: (_spec: PoolSpec, { startCount }) => {
        let exit: (status: ExitStatus) => void = () => undefined;
        const exited = new Promise<ExitStatus>((resolve) => {
          exit = resolve;
        });
        const entry = { ended: false };
        const base = liveWorker(startCount);
        const worker: LiveWorker = {
          ...base,
          record: { ...base.record, startedAtMs: nowMs },
          adapter: quietAdapter({ health: () => Promise.resolve(health) }),
          log: { ...openWorkerLog('/nowhere'), tail: () => Promise.resolve(lastWords), trim: () => Promise.resolve() },
          process: {
            identity: { pid: 1000 + startCount, startTime: 'x' },
            exited,
            terminate: () => {
              entry.ended = true;
              exit({ code: null, signal: 'SIGTERM' });
              return Promise.resolve();
            },
          },
        };
        launched.push(Object.assign(entry, { worker, exit }));
        return Promise.resolve(worker);
      },
      adopt: (_spec, record) => ({
        ...liveWorker(record.startCount),
        record,
        adapter: quietAdapter({ health: () => Promise.resolve(health) }),
      }),
      release: () => Promise.resolve(),
    },
    stateFiles: {
      readAll: () => Promise.resolve({ records: [], unreadable: [] }),
      write: () => Promise.resolve(),
      remove: () => Promise.resolve(),
      readStartCount: (id) => Promise.resolve(counts.get(id) ?? 0),
      takeStartCount: (id, atLeast) => {
        counts.set(id, Math.max((counts.get(id) ?? 0) + 1, atLeast));
        return Promise.resolve(counts.get(id) ?? 0);
      },
      directory: (id) => `/data/${id}`,
    },
    selfTest: () => Promise.resolve({ engineVersion: 'b1', slotsTotal: 1, ctxTokens: 8192 }),
    readGauges: () =>
      Promise.resolve({ slotsFree: 1, vramUsedBytes: null, gpuUtilizationRatio: null, kvCacheUsageRatio: null, tokensTotal: null }),
    policy: { initialMs: 500, maxMs: 60_000, factor: 2, jitterRatio: 0, breakerFailures: 3, breakerWindowMs: 300_000 },
    logBytes: 1_000,
    nowMs: () => nowMs,
    random: () => 0.5,
    // Probes and waits go on at once, one turn of the loop each; a test holds the clock by `held`.
    sleep: (ms, signal) => {
      sleeps.push(ms);
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        held.push(() => {
          nowMs += ms;
          resolve();
        });
      });
    },
    log: createLogger({ service: 'test', level: 'silent' }),
    onChange: () => changes.push(toWireState(pool.view().state)),
    onRestart: (_spec, engineVersion, reason) => restarts.push(`${engineVersion} ${reason}`),
    onPreload: (_spec, _engineVersion, outcome) => preloads.push(outcome),
    ...overrides,
  };
  const pool = createPool(poolSpec(), { seat: 0, startCountBefore: 4 }, deps);
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    pool,
    launched,
    restarts,
    preloads,
    counts,
    sleeps,
    changes,
    setHealth: (next: WorkerHealth) => (health = next),
    /** The newest worker writes this and exits with 1. */
    die: (words: string): void => {
      lastWords = words;
      launched.at(-1)?.exit({ code: 1, signal: null });
    },
    settle,
    /** Every pending sleep ends, and what follows from it goes on. */
    turn: async (): Promise<void> => {
      for (const release of held.splice(0)) release();
      await settle();
    },
    /** Let the pool go on until the state holds; every pending sleep ends. */
    until: async (kind: string): Promise<void> => {
      for (let turn = 0; turn < 500; turn += 1) {
        if (pool.view().state.kind === kind) return;
        await settle();
        if (pool.view().state.kind === kind) return;
        for (const release of held.splice(0)) release();
      }
      throw new Error(`the pool is ${pool.view().state.kind}, not ${kind}`);
    },
  };
};

test('[ORCH-3002] becomes Ready only through load and self-test, with the next start count', async () => {
  const { pool, until, changes, counts, preloads } = harness();
  pool.start(poolSpec());
  await until('ready');
  expect(changes).toEqual(['starting', 'starting', 'starting', 'starting', 'ready']);
  expect(pool.view()).toMatchObject({ startCount: 5, preload: { outcome: 'ok' }, lastError: null, restarts: 0 });
  expect(counts.get('llama-a')).toBe(5);
  expect(preloads).toEqual(['ok']);
  await pool.stop(0);
});

test('[ORCH-3053] a worker that dies is explained, waited for and started anew', async () => {
  const { pool, until, launched, restarts, sleeps } = harness();
  pool.start(poolSpec());
  await until('ready');
  launched[0]?.exit({ code: null, signal: 'SIGSEGV' });
  await until('waiting');
  expect(pool.view().lastError).toMatchObject({ failure: { kind: 'crashed' } });
  expect(launched[0]?.ended).toBe(true);
  await until('ready');
  expect(sleeps).toContain(500);
  expect(pool.view()).toMatchObject({ startCount: 6, restarts: 1 });
  expect(restarts).toEqual(['b1 crashed']);
  await pool.stop(0);
});

test('[ORCH-3053] a worker that never becomes Ready opens the breaker', async () => {
  const { pool, until, sleeps, launched, preloads } = harness({
    selfTest: () => Promise.reject(new PoolFailure('self-test-failed', 'no tokens')),
  });
  pool.start(poolSpec());
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await until('testing');
    await until('waiting');
  }
  const state = pool.view().state;
  expect(state.kind === 'waiting' && state.failure.message).toBe('no tokens');
  expect(launched).toHaveLength(3);
  expect(launched.every(({ ended }) => ended)).toBe(true);
  expect(preloads).toEqual(['failed', 'failed', 'failed']);
  // 300 ms each: the wait for an exit that would say more than the self-test.
  expect(sleeps).toEqual([300, 500, 300, 1_000, 300, 300_000]);
  await until('testing');
  await pool.stop(0);
});

test('[ORCH-3053] [ORCH-3301] a worker that was seen to serve and is killed again and again is started anew, with waits that grow', async () => {
  let tokens = 0;
  const readGauges = () => {
    tokens += 10;
    return Promise.resolve({ slotsFree: 1, vramUsedBytes: null, gpuUtilizationRatio: null, kvCacheUsageRatio: null, tokensTotal: tokens });
  };
  const policy = { initialMs: 500, maxMs: 60_000, factor: 20, jitterRatio: 0, breakerFailures: 1, breakerWindowMs: 300_000 };
  const { pool, until, launched, sleeps, settle, turn } = harness({ readGauges, policy });
  pool.start(poolSpec());
  for (let killed = 1; killed <= 4; killed += 1) {
    await until('ready');
    const before = tokens;
    // Figures are read every five seconds; the second reading shows what the first did not.
    for (let turns = 0; tokens < before + 20 && turns < 50; turns += 1) await turn();
    launched.at(-1)?.exit({ code: null, signal: 'SIGSEGV' });
    await settle();
    await until('waiting');
  }
  await until('ready');
  expect(sleeps.filter((ms) => ms >= 10_000)).toEqual([10_000, 60_000, 60_000]);
  expect(launched).toHaveLength(5);
  await pool.stop(0);
});

test('[ORCH-3003] a lack of memory leaves the pool Unready with its cause and tries again', async () => {
  let tries = 0;
  const { pool, until, launched } = harness({
    check: () => {
      tries += 1;
      if (tries < 8) throw new PoolFailure('device-memory-short', 'too small');
      return Promise.resolve({ devices: [], onCpu: true, plan: emptyPlan });
    },
  });
  pool.start(poolSpec());
  await until('waiting');
  expect(toWireState(pool.view().state)).toBe('unready');
  expect(pool.view().lastError).toMatchObject({ failure: { kind: 'device-memory-short' } });
  expect(launched).toHaveLength(0);
  await until('ready');
  expect(tries).toBe(8);
  await pool.stop(0);
});

test('[ORCH-3037] a refused pool starts nothing until its checks pass again', async () => {
  let isTrusted = false;
  const { pool, until, launched, settle } = harness({
    check: () => {
      if (!isTrusted) throw new PoolFailure('untrusted-artifact', 'wrong digest');
      return Promise.resolve({ devices: [], onCpu: true, plan: emptyPlan });
    },
  });
  pool.start(poolSpec());
  await until('refused');
  await settle();
  expect(launched).toHaveLength(0);
  isTrusted = true;
  await until('ready');
  await pool.stop(0);
});

test('[ORCH-3010] Unready after three missed probes, Ready at the next answer, restarted after six misses', async () => {
  const { pool, until, launched, setHealth, changes } = harness();
  pool.start(poolSpec());
  await until('ready');
  setHealth({ kind: 'unreachable', message: 'no answer' });
  await until('unready');
  setHealth({ kind: 'ready' });
  await until('ready');
  expect(launched).toHaveLength(1);
  setHealth({ kind: 'unhealthy', message: 'half dead' });
  await until('waiting');
  expect(pool.view().lastError).toMatchObject({ failure: { kind: 'unresponsive' } });
  expect(launched[0]?.ended).toBe(true);
  expect(changes.slice(4)).toEqual(['ready', 'unready', 'ready', 'unready', 'unready', 'unready']);
  await pool.stop(0);
});

test('a load that takes too long is given up', async () => {
  const { pool, until, setHealth } = harness();
  setHealth({ kind: 'loading', message: 'Loading model' });
  pool.start(poolSpec());
  await until('waiting');
  expect(pool.view().lastError).toMatchObject({
    failure: { kind: 'start-timeout', message: expect.stringContaining('Loading model') as unknown },
  });
  await pool.stop(0);
});

test('[ORCH-3054] a stop during the spawn ends the worker after it', async () => {
  const { pool, launched, settle } = harness({ stateFiles: stateFilesThatWait() });
  pool.start(poolSpec());
  await settle();
  await settle();
  expect(pool.view().state.kind).toBe('launching');
  await pool.stop(0);
  expect(pool.view().state.kind).toBe('stopped');
  expect(launched.map(({ ended }) => ended)).toEqual([true]);
});

/** State files whose first write takes some turns of the loop, so that a test can act in between. */
const stateFilesThatWait = (): PoolDeps['stateFiles'] => ({
  readAll: () => Promise.resolve({ records: [], unreadable: [] }),
  write: () => Promise.resolve(),
  remove: () => Promise.resolve(),
  readStartCount: () => Promise.resolve(0),
  takeStartCount: async (_id, atLeast) => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return atLeast;
  },
  directory: () => '/data',
});

test('[ORCH-3017] a restart that the controller asks for is paced like any other fault', async () => {
  const { pool, until, launched, restarts } = harness();
  pool.start(poolSpec());
  await until('ready');
  pool.restart(poolSpec({ minStartCount: 9 }));
  await until('waiting');
  await until('ready');
  expect(pool.view().startCount).toBe(9);
  expect(launched).toHaveLength(2);
  expect(restarts).toEqual(['b1 restart-requested']);
  await pool.stop(0);
});

test('a worker started from something else is replaced at once', async () => {
  const { pool, until, launched, restarts } = harness();
  pool.start(poolSpec());
  await until('ready');
  pool.replace(poolSpec({ slots: 2 }));
  await until('ready');
  expect(launched.map(({ ended }) => ended)).toEqual([true, false]);
  expect(restarts).toEqual(['b1 spec-changed']);
  await pool.stop(0);
});

test('an adopted worker that was tested is Ready at its first answer, without another start', async () => {
  const { pool, until, launched } = harness();
  const { record } = liveWorker(7);
  pool.adopt({ ...record, tested: { engineVersion: 'b1', slotsTotal: 1, ctxTokens: 8192, loadMs: 5 } });
  await until('ready');
  expect(launched).toHaveLength(0);
  expect(pool.view()).toMatchObject({ startCount: 7, preload: { outcome: 'ok', loadMs: 5 } });
  await pool.stop(0);
});

test('[ORCH-3053] an adopted worker that was started later than now, by a clock that was set back, took no negative time to load', async () => {
  const { pool, until } = harness();
  const { record } = liveWorker(7);
  pool.adopt({ ...record, tested: null, startedAtMs: 3_600_000 });
  await until('ready');
  expect(pool.view().preload).toEqual({ outcome: 'ok', loadMs: 0 });
  await pool.stop(0);
});

test('[ORCH-3039] counts OOM and driver events apart', async () => {
  const kinds = ['device-oom', 'host-oom', 'driver-error'] as const;
  let next = 0;
  const { pool, until } = harness({
    selfTest: () => {
      const kind = kinds[next];
      next += 1;
      if (kind !== undefined) throw new PoolFailure(kind, kind);
      return Promise.resolve({ engineVersion: 'b1', slotsTotal: 1, ctxTokens: 8192 });
    },
  });
  pool.start(poolSpec());
  await until('ready');
  expect(pool.view()).toMatchObject({ oomEvents: { device: 1, host: 1 }, driverResetEvents: 1 });
  await pool.stop(0);
});

test('[ORCH-3039] a device OOM lowers the slots of the next worker, other ends do not, and a changed pool starts anew', async () => {
  const slots: number[] = [];
  const tested: number[] = [];
  const { pool, until, die, settle } = harness({
    check: (spec) => {
      slots.push(spec.slots);
      return Promise.resolve({ devices: [], onCpu: true, plan: emptyPlan });
    },
    selfTest: (_worker, spec) => {
      tested.push(spec.slots);
      return Promise.resolve({ engineVersion: 'b1', slotsTotal: spec.slots, ctxTokens: 8192 });
    },
  });
  const spec = poolSpec({ slots: 8, determinism: 'none' });
  pool.start(spec);
  await until('ready');
  die('CUDA error: out of memory');
  await settle();
  await settle();
  await until('ready');
  expect(pool.view()).toMatchObject({ capacitySlots: 6, oomEvents: { device: 1, host: 0 }, spec: { slots: 8 } });
  die('segfault');
  await settle();
  await settle();
  await until('ready');
  expect(pool.view().capacitySlots).toBe(6);
  expect(slots).toEqual([8, 6, 6]);
  expect(tested).toEqual([8, 6, 6]);

  pool.replace({ ...spec, ctx: 4096 });
  await settle();
  await until('ready');
  expect(pool.view().capacitySlots).toBe(8);
  await pool.stop(0);
});

test('[ORCH-3038] an ECC error is counted apart from resets of the driver', async () => {
  const { pool, until, die, settle } = harness();
  pool.start(poolSpec());
  await until('ready');
  die('CUDA error: uncorrectable ECC error encountered');
  await settle();
  await settle();
  await until('ready');
  expect(pool.view()).toMatchObject({ eccEvents: 1, driverResetEvents: 0, lastError: { failure: { kind: 'ecc-error' } } });
  await pool.stop(0);
});

test('[ORCH-3039] an adopted worker keeps the slots it was started with', async () => {
  const { pool } = harness();
  const { record } = liveWorker(9);
  pool.update(poolSpec({ slots: 8 }));
  pool.adopt({ ...record, slots: 6, tested: { engineVersion: 'b1', slotsTotal: 6, ctxTokens: 8192, loadMs: 5 } });
  expect(pool.view()).toMatchObject({ capacitySlots: 6 });
  await pool.stop(0);
});
