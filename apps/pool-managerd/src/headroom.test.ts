import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HeadroomInput, judgeHeadroom, kvBytesPerToken, kvTokensCap, type ModelSize } from './headroom.ts';
import { gib, gpuDevice } from './testing/pool-specs.ts';

// Llama 3.1 8B: 32 layers, 8 KV heads of 128.
const llama8b = { architecture: 'llama', layerCount: 32, ctxTrain: 131_072, kvElementsPerToken: 32 * 8 * 256, namesPooling: false };
const sized = (weightsBytes: number): ModelSize => ({ weightsBytes, facts: llama8b, kvBytesPerToken: null });
const input = (overrides: Partial<HeadroomInput> = {}): HeadroomInput => ({
  engine: 'llamacpp',
  model: sized(5 * gib),
  draft: null,
  kvType: null,
  ctx: 8_192,
  slots: 1,
  prefixCacheBytes: 0,
  devices: [gpuDevice(0)],
  tensorSplit: null,
  shareDevices: false,
  hostMemory: { totalBytes: 64 * gib, availableBytes: 32 * gib },
  reserve: { vramRatio: 0.05, ramBytes: gib },
  ...overrides,
});
const kindOf = (overrides: Partial<HeadroomInput>) => {
  const verdict = judgeHeadroom(input(overrides));
  return verdict.kind === 'short' ? verdict.failure.kind : 'fits';
};

test('counts the KV cache of a token by its type', () => {
  expect(kvBytesPerToken(sized(0), null)).toBe(131_072);
  expect(kvBytesPerToken(sized(0), 'q8_0')).toBe((65_536 * 34) / 32);
  expect(kvBytesPerToken(sized(0), 'fp8_e4m3')).toBe(65_536);
  expect(kvBytesPerToken({ ...sized(0), facts: null }, null)).toBeNull();
  expect(kvBytesPerToken({ ...sized(0), facts: null, kvBytesPerToken: 7 }, 'q8_0')).toBe(7);
});

test('[ORCH-3003] fits while weights and the KV cache of all slots leave the reserve free', () => {
  expect(judgeHeadroom(input())).toEqual({
    kind: 'fits',
    plan: { kvBytesPerToken: 131_072, kvBytes: gib, kvBytesPerDevice: gib, memoryFraction: 0.95, kvFraction: 0.9, namesPooling: false },
  });
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
  const hopeless = judgeHeadroom(input({ model: sized(80 * gib) }));
  expect(hopeless.kind === 'short' && hopeless.failure.message).toContain('Without any KV it does not fit');
});

test('[ORCH-3052] a plan at the cap fits, also where the cap is a whole number of tokens', () => {
  const devices = [37, 21, 59, 43, 27].map((total, index) => gpuDevice(index, { memoryTotalBytes: total * gib }));
  const tensorSplit = [6, 3, 10, 7, 4].map((weight) => weight / 30);
  const plan = input({ devices, tensorSplit, model: sized(gib) });
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
      const plan = input({ devices, tensorSplit, model: sized(weightsGib * gib) });
      const cap = kvTokensCap(plan) ?? 0;
      if (cap < 1) return judgeHeadroom({ ...plan, ctx: 1 }).kind === 'short' || cap === 0;
      for (const [index, { memoryTotalBytes, memoryUsedBytes }] of devices.entries()) {
        const resident = (tensorSplit[index] ?? 0) * (plan.model.weightsBytes + cap * 131_072);
        if (resident > memoryTotalBytes - memoryUsedBytes) return false;
      }
      return judgeHeadroom({ ...plan, ctx: cap }).kind === 'fits';
    }),
  );
});

test('[ORCH-3020] counts a draft model with the KV cache of its own', () => {
  // 24 GiB less 5 % leave 22.8: 5 of weights and 17 of KV fit; a draft of 2 GiB with its KV does not fit beside them.
  const draft: ModelSize = { weightsBytes: 2 * gib, facts: null, kvBytesPerToken: 32_768 };
  expect(kindOf({ slots: 17 })).toBe('fits');
  expect(kindOf({ slots: 17, draft })).toBe('device-memory-short');
  expect(kindOf({ slots: 12, draft })).toBe('fits');
  expect(kindOf({ slots: 13, draft })).toBe('device-memory-short');
  const verdict = judgeHeadroom(input({ draft }));
  expect(verdict.kind === 'fits' && verdict.plan.kvBytesPerToken).toBe(131_072 + 32_768);
});

test('[ORCH-3020] counts a prefix cache where its engine keeps it: llama.cpp on the host, the others on the devices', () => {
  const cache = { prefixCacheBytes: 18 * gib };
  expect(kindOf({ ...cache })).toBe('fits');
  expect(kindOf({ ...cache, hostMemory: { totalBytes: 64 * gib, availableBytes: 18.9 * gib } })).toBe('host-memory-short');
  expect(kindOf({ ...cache, hostMemory: { totalBytes: 64 * gib, availableBytes: 19 * gib } })).toBe('fits');
  expect(kindOf({ ...cache, engine: 'vllm' })).toBe('device-memory-short');
  expect(kindOf({ prefixCacheBytes: 16 * gib, engine: 'vllm' })).toBe('fits');
  const verdict = judgeHeadroom(input({ ...cache, engine: 'vllm' }));
  expect(verdict.kind === 'short' && verdict.failure.message).toContain('prefix cache 18.00 GiB');
});

test('[ORCH-3020] tells an engine that would take all there is what it may take', () => {
  const limits = (overrides: Partial<HeadroomInput>) => {
    const verdict = judgeHeadroom(input(overrides));
    return verdict.kind === 'fits' ? verdict.plan : null;
  };
  // Blocks of 16 tokens, one more for each slot and one for vLLM itself.
  expect(limits({ engine: 'vllm', slots: 2 })?.kvBytesPerDevice).toBe((2 * (8_192 + 16) + 16) * 131_072);
  const two = { engine: 'vllm', devices: [gpuDevice(0), gpuDevice(1)] } as const;
  expect(limits(two)?.kvBytesPerDevice).toBe(((8_192 + 32) * 131_072) / 2);
  expect(limits({ engine: 'tgi', shareDevices: true })).toMatchObject({ memoryFraction: 0.3 });
  // 1 of the 17.8 GiB that the weights leave, and a quarter more for what only the engine sees.
  expect(limits({ engine: 'triton', shareDevices: true })).toMatchObject({ kvFraction: 0.08 });
  expect(limits({ engine: 'tgi', model: { ...sized(5 * gib), facts: null } })).toMatchObject({
    memoryFraction: 0.95,
    kvFraction: 0.9,
    kvBytesPerDevice: null,
  });
});

test('[ORCH-3003] [ORCH-3012] over random fleets no accepted plan exceeds a device, whatever the engine', () => {
  const device = fc.record({ totalGib: fc.integer({ min: 4, max: 144 }), usedRatio: fc.double({ min: 0, max: 0.95, noNaN: true }) });
  const pool = fc.record({
    engine: fc.constantFrom('llamacpp', 'vllm', 'tgi', 'triton'),
    weightsGib: fc.integer({ min: 0, max: 200 }),
    draftGib: fc.option(fc.integer({ min: 1, max: 16 })),
    prefixGib: fc.integer({ min: 0, max: 64 }),
    ctx: fc.integer({ min: 1, max: 131_072 }),
    slots: fc.integer({ min: 1, max: 256 }),
    weights: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 8, maxLength: 8 }),
  });
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(device, { minLength: 1, maxLength: 8 }), pool, (drawn, wish) => {
      const devices = drawn.map(({ totalGib, usedRatio }, index) =>
        gpuDevice(index, { memoryTotalBytes: totalGib * gib, memoryUsedBytes: Math.floor(totalGib * gib * usedRatio) }),
      );
      const sum = wish.weights.slice(0, devices.length).reduce((total, weight) => total + weight, 0);
      const tensorSplit = wish.engine === 'llamacpp' ? wish.weights.slice(0, devices.length).map((weight) => weight / sum) : null;
      const draft = wish.draftGib === null ? null : sized(wish.draftGib * gib);
      const plan = input({
        engine: wish.engine,
        model: sized(wish.weightsGib * gib),
        draft,
        prefixCacheBytes: wish.prefixGib * gib,
        ctx: wish.ctx,
        slots: wish.slots,
        devices,
        tensorSplit,
        hostMemory: { totalBytes: 1_024 * gib, availableBytes: 512 * gib },
      });
      const verdict = judgeHeadroom(plan);
      if (verdict.kind === 'short') return;
      accepted += 1;
      // Counted here from the wish alone, by other code than the plan's.
      const perToken = 131_072 * (draft === null ? 1 : 2);
      const cache = wish.engine === 'llamacpp' ? 0 : wish.prefixGib * gib;
      const all = wish.weightsGib * gib + (wish.draftGib ?? 0) * gib + cache + perToken * wish.ctx * wish.slots;
      devices.forEach(({ memoryTotalBytes, memoryUsedBytes }, index) => {
        const resident = (tensorSplit?.[index] ?? 1 / devices.length) * all;
        expect(resident).toBeLessThanOrEqual(memoryTotalBytes * 0.95 - memoryUsedBytes + 1);
      });
    }),
    { numRuns: 400 },
  );
  expect(accepted).toBeGreaterThan(10);
});
