import { expect, test } from 'vitest';
import { workerDigest } from './pool-spec.ts';
import { type FoundWorker, type ManagedPool, reconcile } from './reconcile.ts';
import { liveWorker, poolSpec } from './testing/pool-specs.ts';

const spec = poolSpec();
const managed = (overrides: Partial<ManagedPool> = {}) => new Map([[spec.id, { spec, liveStartCount: 3, wanted: true, ...overrides }]]);
const found = (overrides: Partial<FoundWorker['record']> = {}, condition: FoundWorker['condition'] = 'adoptable') => {
  const record = { ...liveWorker(3).record, digest: workerDigest(spec), ...overrides };
  return new Map([[record.poolId, { record, condition }]]);
};
const plan = (input: Partial<Parameters<typeof reconcile>[0]>) =>
  reconcile({ desired: [spec], managed: new Map(), found: new Map(), hasAdapter: () => true, ...input }).map((action) =>
    action.kind === 'end' ? `end ${action.reason}` : action.kind,
  );

test('starts what is wanted and unknown, and leaves alone what is as wanted', () => {
  expect(plan({})).toEqual(['start']);
  expect(plan({ managed: managed() })).toEqual([]);
});

test('[ORCH-3002] a pool without preload stays stopped', () => {
  const idle = poolSpec({ preload: false });
  expect(plan({ desired: [idle] })).toEqual(['stop']);
  expect(plan({ desired: [idle], managed: managed() })).toEqual(['stop']);
  expect(plan({ desired: [idle], managed: managed({ spec: idle, wanted: false, liveStartCount: null }) })).toEqual([]);
  expect(plan({ managed: managed({ spec: idle, wanted: false, liveStartCount: null }) })).toEqual(['start']);
});

test('[ORCH-2109] removes what is not desired any more', () => {
  expect(plan({ desired: [], managed: managed() })).toEqual(['remove']);
});

test('adopts a found worker that is the recorded one and was started from what is wanted', () => {
  expect(plan({ found: found() })).toEqual(['adopt']);
});

test.each([
  ['dead', found({}, 'dead'), {}],
  ['foreign-nonce', found({}, 'foreign'), {}],
  ['spec-changed', found({ digest: 'sha256:other' }), {}],
  ['requested', found(), { desired: [poolSpec({ minStartCount: 4 })] }],
  ['adapter-missing', found(), { hasAdapter: () => false }],
] as const)('ends a found worker (%s) before it starts another', (reason, workers, input) => {
  expect(plan({ found: workers, ...input })).toEqual([`end ${reason}`, 'start']);
});

test('ends a found worker that nobody wants', () => {
  expect(plan({ desired: [], found: found() })).toEqual(['end not-desired']);
  expect(plan({ desired: [poolSpec({ preload: false })], found: found() })).toEqual(['end not-desired', 'stop']);
});

test('replaces a worker only when what it was started from changed', () => {
  expect(plan({ desired: [poolSpec({ slots: 2 })], managed: managed() })).toEqual(['replace']);
  expect(plan({ desired: [poolSpec({ model: { ...spec.model, digest: `sha256:${'c'.repeat(64)}` } })], managed: managed() })).toEqual([
    'replace',
  ]);
});

test('[ORCH-3031] another sampler profile or promise is another worker, as the controller has it', () => {
  for (const desired of [poolSpec({ samplerProfileVersion: 'v1-greedy' }), poolSpec({ determinism: 'none' })]) {
    expect(plan({ desired: [desired], managed: managed() })).toEqual(['replace']);
  }
});

test('applies clocks and a moved model file to the living worker', () => {
  for (const desired of [
    poolSpec({ timeouts: { ...spec.timeouts, stopGraceMs: 1 } }),
    poolSpec({ model: { ...spec.model, path: '/elsewhere.gguf' } }),
  ]) {
    expect(plan({ desired: [desired], managed: managed() })).toEqual(['update']);
  }
});

test('[ORCH-3017] restarts a worker whose start count is too low, once', () => {
  const desired = [poolSpec({ minStartCount: 4 })];
  expect(plan({ desired, managed: managed({ liveStartCount: 3 }) })).toEqual(['restart']);
  expect(plan({ desired, managed: managed({ liveStartCount: 4, spec: desired[0] ?? spec }) })).toEqual([]);
  expect(plan({ desired, managed: managed({ liveStartCount: null }) })).toEqual(['update']);
});

test('ends and stops come before starts, so that devices are free', () => {
  const other = poolSpec({ id: 'llama-b' });
  const actions = plan({ desired: [other, poolSpec({ slots: 2 })], managed: managed() });
  expect(actions).toEqual(['replace', 'start']);
});
