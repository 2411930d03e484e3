/** Whole runs: the same seed gives the same bytes, no seed breaks a promise, and the figures are worth printing. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultOptions, type Options, parseOptions, toCommand } from './options.ts';
import { render } from './report.ts';
import { simulate } from './simulate.ts';

const small: Options = { ...defaultOptions, replicas: 12, tasks: 4000, slots: 2, tenants: 4, models: 2, capacity: 8, mtbfHours: 0.05 };

const anyOptions = fc
  .record({
    seed: fc.nat(),
    replicas: fc.integer({ min: 1, max: 20 }),
    slots: fc.integer({ min: 1, max: 4 }),
    tenants: fc.integer({ min: 1, max: 5 }),
    models: fc.integer({ min: 1, max: 3 }),
    utilization: fc.double({ min: 0.3, max: 3, noNaN: true }),
    policy: fc.constantFrom<Options['policy']>('reject', 'drop-lru', 'shed-low-priority'),
    mtbfHours: fc.constantFrom(0, 0.02, 0.2, 2),
    capacity: fc.integer({ min: 0, max: 12 }),
  })
  .map((drawn): Options => ({ ...small, ...drawn, models: Math.min(drawn.models, drawn.replicas), tasks: 600 }));

test('[ORCH-3004] [ORCH-3075] [ORCH-3301] no seed breaks a promise', () => {
  fc.assert(
    fc.property(anyOptions, (options) => {
      try {
        const { tasks } = simulate(options);
        const ended = Object.values(tasks.ended).reduce((sum, count) => sum + count, 0);
        expect(ended).toBe(tasks.admitted);
      } catch (error) {
        throw new Error(`replay: ${toCommand(options)}`, { cause: error });
      }
    }),
    { numRuns: Number(process.env['FC_RUNS'] ?? 40) },
  );
}, 120_000);

test('the same seed gives the same bytes, another one others', () => {
  const bytes = (options: Options): string => render(simulate(options));
  expect(bytes(small)).toBe(bytes(small));
  expect(JSON.stringify(simulate(small))).toBe(JSON.stringify(simulate(small)));
  expect(JSON.stringify(simulate(small).waits)).not.toBe(JSON.stringify(simulate({ ...small, seed: 2 }).waits));
});

test('a run has faults, failovers, drops and ends of every usual kind', () => {
  const report = simulate({ ...small, utilization: 1.3 });
  expect(report.crashes).toBeGreaterThan(0);
  expect(report.failovers).toBeGreaterThan(0);
  expect(report.tasks.ended['succeeded']).toBeGreaterThan(1000);
  expect(report.tasks.ended['dropped']).toBeGreaterThan(0);
  expect(report.tasks.ended['canceled']).toBeGreaterThan(0);
  // A third of the workers breaks all it gets for a while, and each dies about twice.
  expect(report.utilization).toBeGreaterThan(0.55);
  expect(report.utilization).toBeLessThanOrEqual(1);
});

test('[ORCH-3040] workers that break whatever they get, and that their agents find well, get little and are restarted', () => {
  const report = simulate({ ...small, replicas: 40, slots: 8, tasks: 60_000, mtbfHours: 0.1, seed: 3 });
  expect(report.rots).toBeGreaterThan(10);
  expect(report.breakersOpened).toBeGreaterThanOrEqual(report.rots / 2);
  // Three incidents of eight slots each, and the probes; without breakers more than a hundred.
  expect(report.lostToRot / report.rots).toBeLessThan(32);
  expect(report.restartsAsked).toBeGreaterThan(report.rots / 2);
});

test('[ORCH-2101] pools are drained and resumed under load: what runs there when its time is up is placed again, and all of it ends', () => {
  const { drains, movedByDrains, tasks } = simulate({ ...small, replicas: 20, slots: 4, tasks: 20_000, seed: 5 });
  expect(drains).toBeGreaterThan(10);
  expect(movedByDrains).toBeGreaterThan(0);
  expect(Object.values(tasks.ended).reduce((sum, count) => sum + count, 0)).toBe(tasks.admitted);
  expect(simulate({ ...small, mtbfHours: 0 }).drains).toBe(0);
});

test('[ORCH-2013] predictions learnt from events alone come close on a fleet without faults', () => {
  const { predictedStart } = simulate({ ...small, replicas: 40, slots: 4, tasks: 30_000, mtbfHours: 0, utilization: 0.95 });
  const { queued } = predictedStart;
  expect(queued.tasks).toBeGreaterThan(3000);
  expect(queued.medianAbsMs).toBeLessThan(0.3 * queued.meanWaitMs);
  expect(Math.abs(queued.biasMs)).toBeLessThan(0.4 * queued.meanWaitMs);
});

test('[ORCH-3075] under overload no tenant is starved and interactive work waits less than batch', () => {
  for (const seed of [1, 2, 3]) {
    // Nothing is dropped: where the batch tasks that waited longest are, those that start did not wait long.
    const overload: Options = {
      ...small,
      seed,
      replicas: 20,
      tasks: 10_000,
      mtbfHours: 0,
      utilization: 1.5,
      capacity: 20,
      policy: 'reject',
    };
    const { waits, fairness } = simulate(overload);
    expect(waits['interactive']?.p50Ms).toBeLessThan(0.5 * (waits['batch']?.p50Ms ?? 0));
    expect(fairness.jainServed).toBeGreaterThan(0.8);
    for (let tenant = 0; tenant < 4; tenant++) expect(waits[`batch tenant-${tenant}`]?.tasks).toBeGreaterThan(0);
  }
});

test('hours are simulated whole, and tasks bound a run only when they are given', () => {
  const bounds = (...args: string[]) => {
    const parsed = parseOptions(args);
    return parsed.kind === 'run' ? [parsed.options.hours, parsed.options.tasks] : parsed.kind;
  };
  expect(bounds()).toEqual([null, 1_000_000]);
  expect(bounds('--hours', '24')).toEqual([24, null]);
  expect(bounds('--tasks', '5')).toEqual([null, 5]);
  expect(bounds('--hours', '24', '--tasks', '5')).toEqual([24, 5]);

  const hours: number[] = [];
  const whole = simulate({ ...small, replicas: 4, models: 1, hours: 3, tasks: null }, ({ simulatedHours }) => hours.push(simulatedHours));
  expect(whole.simulatedHours).toBeGreaterThan(2.99);
  expect(whole.simulatedHours).toBeLessThanOrEqual(3);
  expect(hours).toEqual([1, 2]);
  const cut = simulate({ ...small, replicas: 4, models: 1, hours: 3, tasks: 500 });
  expect(cut.tasks.offered).toBe(500);
  expect(cut.simulatedHours).toBeLessThan(3);
});

test('flags are parsed, and bad ones are named', () => {
  expect(parseOptions(['--seed', '7', '--replicas', '3', '--models', '9', '--json'])).toMatchObject({
    kind: 'run',
    json: true,
    options: { seed: 7, replicas: 3, models: 3 },
  });
  expect(parseOptions(['--mtbf-hours', '0'])).toMatchObject({ kind: 'run', options: { mtbfHours: 0 } });
  expect(parseOptions(['--help'])).toEqual({ kind: 'help' });
  for (const args of [
    ['--seed', 'x'],
    ['--replicas', '0'],
    ['--utilization', '-1'],
    ['--policy', 'lifo'],
    ['--nonsense'],
    ['stray'],
    ['--tasks', '0'],
    ['--hours', '0'],
  ]) {
    expect(parseOptions(args).kind, args.join(' ')).toBe('bad');
  }
  for (const options of [small, { ...small, hours: 0.5 }, { ...small, hours: 24, tasks: null }]) {
    expect(parseOptions(toCommand(options).split(' ').slice(3))).toMatchObject({ kind: 'run', options });
  }
});

test('the command prints the report on stdout alone and refuses bad usage with status 2', () => {
  const program = fileURLToPath(new URL('main.ts', import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  const args = ['--replicas', '4', '--tasks', '300', '--models', '1', '--json'];
  const [first, second] = [run(...args), run(...args)];
  expect(first.status).toBe(0);
  expect(first.stdout).toBe(second.stdout);
  expect(JSON.parse(first.stdout)).toMatchObject({ tasks: { offered: 300 } });
  expect(first.stderr).toMatch(/300 tasks in .* tasks a second/);
  expect(run('--replicas', 'many').status).toBe(2);
});
