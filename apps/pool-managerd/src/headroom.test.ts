import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HeadroomInput, judgeHeadroom, kvBytesPerToken, kvTokensCap } from './headroom.ts';
import { gib, gpuDevice } from './testing/pool-specs.ts';

// Llama 3.1 8B: 32 layers, 8 KV heads of 128.
const llama8b = { architecture: 'llama', layerCount: 32, ctxTrain: 131_072, kvElementsPerToken: 32 * 8 * 256 };
const input = (overrides: Partial<HeadroomInput> = {}): HeadroomInput => ({
  weightsBytes: 5 * gib,
  gguf: llama8b,
  kvType: null,
  ctx: 8_192,
  slots: 1,
  devices: [gpuDevice(0)],
  tensorSplit: null,
  hostMemory: { totalBytes: 64 * gib, availableBytes: 32 * gib },
  reserve: { vramRatio: 0.05, ramBytes: gib },
  ...overrides,
});
const kindOf = (overrides: Partial<HeadroomInput>) => {
  const verdict = judgeHeadroom(input(overrides));
  return verdict.kind === 'short' ? verdict.failure.kind : 'fits';
};

test('counts the KV cache of a token by its type', () => {
  expect(kvBytesPerToken(llama8b, null)).toBe(131_072);
  expect(kvBytesPerToken(llama8b, 'q8_0')).toBe((65_536 * 34) / 32);
  expect(kvBytesPerToken(null, null)).toBeNull();
});

test('[ORCH-3003] fits while weights and the KV cache of all slots leave the reserve free', () => {
  expect(judgeHeadroom(input())).toEqual({ kind: 'fits', plan: { kvBytesPerToken: 131_072, kvBytes: gib } });
  // 24 GiB less 5 % leave 22.8: 5 of weights and 17 of KV fit, 18 do not.
  expect(kindOf({ slots: 17 })).toBe('fits');
  expect(kindOf({ slots: 18 })).toBe('device-memory-short');
});

test('[ORCH-3003] counts what others use on the device', () => {
  expect(kindOf({ devices: [gpuDevice(0, { memoryUsedBytes: 20 * gib })] })).toBe('device-memory-short');
});

test('[ORCH-3003] keeps the host’s reserve free, and on the CPU the whole model fits besides', () => {
  expect(kindOf({ hostMemory: { totalBytes: 64 * gib, availableBytes: gib / 2 } })).toBe('host-memory-short');
  expect(kindOf({ devices: [], hostMemory: { totalBytes: 8 * gib, availableBytes: 6.9 * gib } })).toBe('host-memory-short');
  expect(kindOf({ devices: [], hostMemory: { totalBytes: 8 * gib, availableBytes: 7.1 * gib } })).toBe('fits');
});

test('[ORCH-3052] the smallest device bounds the KV cache of the whole worker', () => {
  const devices = [gpuDevice(0), gpuDevice(1, { memoryTotalBytes: 12 * gib })];
  const tensorSplit = [0.5, 0.5];
  const cap = kvTokensCap(input({ devices, tensorSplit })) ?? 0;
  expect(kindOf({ devices, tensorSplit, ctx: cap })).toBe('fits');
  expect(kindOf({ devices, tensorSplit, ctx: Math.ceil(cap * 1.01) })).toBe('device-memory-short');
  expect(kvTokensCap(input({ devices, tensorSplit: [0.67, 0.33] }))).toBeGreaterThan(cap);
});

test('[ORCH-3003] says how many tokens would fit', () => {
  const verdict = judgeHeadroom(input({ slots: 18 }));
  expect(verdict.kind === 'short' && verdict.failure.message).toMatch(/At most \d+ tokens of KV cache fit/);
  const hopeless = judgeHeadroom(input({ weightsBytes: 80 * gib }));
  expect(hopeless.kind === 'short' && hopeless.failure.message).toContain('weights alone do not fit');
});

test('[ORCH-3052] a plan at the cap fits, also where the cap is a whole number of tokens', () => {
  const devices = [37, 21, 59, 43, 27].map((total, index) => gpuDevice(index, { memoryTotalBytes: total * gib }));
  const tensorSplit = [6, 3, 10, 7, 4].map((weight) => weight / 30);
  const plan = input({ devices, tensorSplit, weightsBytes: gib });
  expect(judgeHeadroom({ ...plan, ctx: kvTokensCap(plan) ?? 0 }).kind).toBe('fits');
});

test('[ORCH-3052] a plan at the cap never passes what any device has left', () => {
  const device = fc.record({
    totalGib: fc.integer({ min: 4, max: 144 }),
    usedRatio: fc.double({ min: 0, max: 0.9, noNaN: true }),
    weight: fc.integer({ min: 1, max: 10 }),
  });
  fc.assert(
    fc.property(fc.array(device, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 60 }), (drawn, weightsGib) => {
      const total = drawn.reduce((sum, { weight }) => sum + weight, 0);
      const devices = drawn.map(({ totalGib, usedRatio }, index) =>
        gpuDevice(index, { memoryTotalBytes: totalGib * gib, memoryUsedBytes: Math.floor(totalGib * gib * usedRatio) }),
      );
      const tensorSplit = drawn.map(({ weight }) => weight / total);
      const plan = input({ devices, tensorSplit, weightsBytes: weightsGib * gib });
      const cap = kvTokensCap(plan) ?? 0;
      if (cap < 1) return judgeHeadroom({ ...plan, ctx: 1 }).kind === 'short' || cap === 0;
      for (const [index, { memoryTotalBytes, memoryUsedBytes }] of devices.entries()) {
        const resident = (tensorSplit[index] ?? 0) * (plan.weightsBytes + cap * 131_072);
        if (resident > memoryTotalBytes - memoryUsedBytes) return false;
      }
      return judgeHeadroom({ ...plan, ctx: cap }).kind === 'fits';
    }),
  );
});
