import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { numericsDigest } from './numerics.ts';
import { workerDigest } from './pool-spec.ts';
import { commandRuntime, poolSpec } from './testing/pool-specs.ts';

const facts = {
  devices: ['NVIDIA H200/9.0'],
  tensorSplit: null,
  slots: 1,
  kvType: null,
  launchFlags: ['-c', '8192'],
  env: { A: '1', B: '2' },
  unlikeAll: null,
};

test('[ORCH-3007] equal facts give the equal digest, whatever their order in memory', () => {
  expect(numericsDigest({ ...facts, env: { B: '2', A: '1' } })).toBe(numericsDigest(facts));
  expect(numericsDigest(facts)).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test.each([
  ['device model', { devices: ['NVIDIA H100/9.0'] }],
  ['device count', { devices: ['NVIDIA H200/9.0', 'NVIDIA H200/9.0'] }],
  ['ratios', { tensorSplit: [1] }],
  ['slots', { slots: 2 }],
  ['KV type', { kvType: 'q8_0' }],
  ['launch flags', { launchFlags: ['-c', '4096'] }],
  ['environment', { env: { A: '1' } }],
  ['external engine', { unlikeAll: 'http://gpu:1' }],
] as const)('[ORCH-3007] another %s gives another digest', (_what, change) => {
  expect(numericsDigest({ ...facts, ...change })).not.toBe(numericsDigest(facts));
});

test('canonical JSON sorts keys at every depth and keeps lists', () => {
  expect(canonicalJson({ b: [2, { z: null, a: true }], a: 'ü' })).toBe('{"a":"ü","b":[2,{"a":true,"z":null}]}');
});

test('the digest of a worker follows what it was started from, not clocks or the place of the model', () => {
  const spec = poolSpec();
  expect(workerDigest(poolSpec({ preload: false, minStartCount: 4 }))).toBe(workerDigest(spec));
  expect(workerDigest(poolSpec({ samplerProfileVersion: 'v1-greedy' }))).not.toBe(workerDigest(spec));
  expect(workerDigest(poolSpec({ model: { ...spec.model, path: '/other' } }))).toBe(workerDigest(spec));
  expect(workerDigest(poolSpec({ ctx: 4096 }))).not.toBe(workerDigest(spec));
  expect(workerDigest(poolSpec({ runtime: commandRuntime({ command: ['x'] }) }))).not.toBe(workerDigest(spec));
});
