import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyPlan } from './headroom.ts';
import { createHostChecks, type HostCheckDeps } from './host-checks.ts';
import { createModelDigests } from './model-digest.ts';
import type { PoolSpec } from './pool-spec.ts';
import { gib, gpuDevice, poolSpec } from './testing/pool-specs.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'checks-'));
  await writeFile(join(dir, 'model.gguf'), 'weights');
});
afterEach(() => rm(dir, { recursive: true }));

const digest = `sha256:${createHash('sha256').update('weights').digest('hex')}`;
const specOf = (overrides: Partial<PoolSpec['model']> = {}): PoolSpec =>
  poolSpec({ model: { ...poolSpec().model, path: join(dir, 'model.gguf'), digest, ...overrides } });
const check = (spec: PoolSpec, overrides: Partial<HostCheckDeps> = {}) =>
  createHostChecks({
    gpuProbe: {
      inventory: () => Promise.resolve({ kind: 'devices', devices: [gpuDevice(0)], lost: null }),
      processMemory: () => Promise.resolve([]),
    },
    modelDigests: createModelDigests(),
    cpuAllowedHere: false,
    reserve: { vramRatio: 0.05, ramBytes: 0 },
    pools: () => [spec],
    hasAdapter: () => true,
    ...overrides,
  })(spec, new AbortController().signal);

test('[ORCH-3037] admits a model whose digest is right, and gives the devices of its mask', async () => {
  expect(await check(specOf())).toEqual({
    devices: [gpuDevice(0)],
    onCpu: false,
    plan: { ...emptyPlan, memoryFraction: 0.95, kvFraction: 0.9 },
  });
});

test('[ORCH-3037] a wrong digest is an untrusted artifact', async () => {
  await expect(check(specOf({ digest: `sha256:${'0'.repeat(64)}` }))).rejects.toMatchObject({ failure: { kind: 'untrusted-artifact' } });
});

test('a model that is not there is named with its path', async () => {
  await expect(check(specOf({ path: join(dir, 'none.gguf') }))).rejects.toMatchObject({
    failure: { kind: 'model-missing', message: expect.stringContaining('none.gguf') as unknown },
  });
});

test('[ORCH-3003] a lack of memory shows before the checksum is computed', async () => {
  const modelDigests = { ...createModelDigests(), digest: () => Promise.reject(new Error('the model was read')) };
  const gpuProbe: HostCheckDeps['gpuProbe'] = {
    inventory: () => Promise.resolve({ kind: 'devices', devices: [gpuDevice(0, { memoryUsedBytes: 24 * gib })], lost: null }),
    processMemory: () => Promise.resolve([]),
  };
  await expect(check(specOf(), { modelDigests, gpuProbe })).rejects.toMatchObject({ failure: { kind: 'device-memory-short' } });
});

test('an external engine is admitted without looking for its model', async () => {
  const spec = {
    ...specOf({ path: '/nowhere' }),
    devices: [],
    runtime: { kind: 'external', url: 'http://gpu:1', digest, server: null, apiKeyFile: null } as const,
  };
  expect(await check(spec)).toMatchObject({ devices: [], onCpu: false });
});

test('[ORCH-3020] [ORCH-3037] a draft model is looked for, counted and verified like the model itself', async () => {
  await writeFile(join(dir, 'draft.gguf'), 'guesses');
  const draftOf = (overrides: Partial<PoolSpec['model']> = {}): PoolSpec => ({
    ...specOf(),
    speculative: {
      draftTokens: 4,
      draftModel: {
        ...poolSpec().model,
        name: 'draft',
        path: join(dir, 'draft.gguf'),
        digest: `sha256:${createHash('sha256').update('guesses').digest('hex')}`,
        ...overrides,
      },
    },
  });
  expect(await check(draftOf())).toMatchObject({ devices: [gpuDevice(0)] });
  await expect(check(draftOf({ digest }))).rejects.toMatchObject({
    failure: { kind: 'untrusted-artifact', message: expect.stringContaining('`draft`') as unknown },
  });
  await expect(check(draftOf({ path: join(dir, 'none') }))).rejects.toMatchObject({ failure: { kind: 'model-missing' } });
});

test('[ORCH-3003] a directory of weights is counted before any of it is read', async () => {
  await writeFile(join(dir, 'config.json'), JSON.stringify({ num_hidden_layers: 1, num_attention_heads: 1, hidden_size: 1_048_576 }));
  const modelDigests = { ...createModelDigests(), digest: () => Promise.reject(new Error('the model was read')) };
  // 4 MiB of KV for each token.
  await expect(check({ ...specOf({ path: dir }), engine: 'vllm', ctx: 8_192 }, { modelDigests })).rejects.toMatchObject({
    failure: { kind: 'device-memory-short' },
  });
});
