import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PoolSpec } from './pool-spec.ts';
import { preflight, type PreflightInput } from './preflight.ts';
import { gib, gpuDevice, poolSpec } from './testing/pool-specs.ts';

const devices = [gpuDevice(0), gpuDevice(1), gpuDevice(2, { name: 'NVIDIA GeForce RTX 3060', memoryTotalBytes: 12 * gib })];
const noDevices = { kind: 'none', code: 'not-found', message: 'nvidia-smi was not found.' } as const;
const judge = (spec: PoolSpec, overrides: Partial<PreflightInput> = {}) =>
  preflight({
    spec,
    inventory: { kind: 'devices', devices, lost: null },
    cpuAllowedHere: false,
    pools: [spec],
    hasAdapter: true,
    ...overrides,
  });
const kindOf = (spec: PoolSpec, overrides: Partial<PreflightInput> = {}) => {
  const verdict = judge(spec, overrides);
  return verdict.kind === 'failed' ? verdict.failure.kind : verdict.kind;
};

test('[ORCH-3011] finds the devices of a mask by index and by UUID, in the order of the mask', () => {
  const verdict = judge(poolSpec({ devices: [devices[1]?.uuid.toUpperCase() ?? '', '0'] }));
  expect(verdict).toMatchObject({ kind: 'admitted', onCpu: false, devices: [{ index: 1 }, { index: 0 }] });
});

test('[ORCH-1101] refuses a worker on a host without NVIDIA devices', () => {
  expect(kindOf(poolSpec(), { inventory: noDevices })).toBe('no-nvidia-device');
  expect(kindOf(poolSpec({ devices: [] }), { inventory: noDevices })).toBe('no-nvidia-device');
});

test('[ORCH-3038] a driver that does not answer is no reason to refuse for good', () => {
  for (const code of ['timeout', 'driver-error', 'unparsable'] as const) {
    expect(kindOf(poolSpec(), { inventory: { kind: 'none', code, message: 'x' } })).toBe('driver-unreachable');
  }
});

test('[ORCH-1102] runs on the CPU only with both switches', () => {
  const embedded = poolSpec({ devices: [], runtime: { kind: 'embedded' }, allowCpu: true });
  expect(kindOf(embedded, { cpuAllowedHere: false })).toBe('cpu-not-allowed');
  expect(kindOf({ ...embedded, allowCpu: false }, { cpuAllowedHere: true })).toBe('cpu-not-allowed');
  expect(judge(embedded, { cpuAllowedHere: true, inventory: noDevices })).toEqual({ kind: 'admitted', devices: [], onCpu: true });
});

test('[ORCH-1102] names the switches that are missing', () => {
  const verdict = judge(poolSpec({ devices: [], allowCpu: false }));
  expect(verdict.kind === 'failed' && verdict.failure.message).toMatch(/allow_cpu: true.*ORCH_ALLOW_CPU=1/);
});

test('[ORCH-1102] a pool that names devices never falls back to the CPU, whatever is allowed', () => {
  expect(kindOf(poolSpec({ allowCpu: true }), { cpuAllowedHere: true, inventory: noDevices })).toBe('no-nvidia-device');
});

test('refuses a mask with a device that is not there, or there twice', () => {
  expect(kindOf(poolSpec({ devices: ['7'] }))).toBe('unknown-device');
  expect(kindOf(poolSpec({ devices: ['0', devices[0]?.uuid ?? ''] }))).toBe('invalid-pool');
});

test('[ORCH-3012] splits over unlike devices only with ratios', () => {
  expect(kindOf(poolSpec({ devices: ['0', '1'] }))).toBe('admitted');
  expect(kindOf(poolSpec({ devices: ['0', '2'] }))).toBe('split-needs-ratios');
  expect(kindOf(poolSpec({ devices: ['0', '2'], tensorSplit: [0.67, 0.33] }))).toBe('admitted');
});

test('[ORCH-3011] two pools share a device only when both say so, however they name it', () => {
  const one = poolSpec({ devices: ['0'] });
  const other = poolSpec({ id: 'llama-b', devices: [devices[0]?.uuid ?? ''] });
  expect(kindOf(one, { pools: [one, other] })).toBe('device-conflict');
  expect(kindOf({ ...one, shareDevices: true }, { pools: [one, other] })).toBe('device-conflict');
  expect(kindOf({ ...one, shareDevices: true }, { pools: [one, { ...other, shareDevices: true }] })).toBe('admitted');
});

test('refuses engines without an adapter, and llama.cpp workers of two uses', () => {
  expect(kindOf(poolSpec({ engine: 'vllm' }), { hasAdapter: false })).toBe('adapter-missing');
  expect(kindOf(poolSpec({ workloads: ['completion', 'embedding'] }))).toBe('invalid-pool');
});

test('an external engine’s devices are its owner’s business', () => {
  const external = poolSpec({
    devices: [],
    runtime: { kind: 'external', url: 'http://gpu:8080', digest: `sha256:${'a'.repeat(64)}`, server: null, apiKeyFile: null },
  });
  expect(judge(external, { inventory: noDevices })).toEqual({ kind: 'admitted', devices: [], onCpu: false });
});

test('[ORCH-3011] a GPU in MIG mode gives its slices, by UUID, and not itself', () => {
  const gpu = gpuDevice(0, { migEnabled: true });
  const slice = gpuDevice(0, { uuid: 'MIG-feb88891-0321-5fef-9c87-d4af3b54259e', parentUuid: gpu.uuid, name: 'A100 MIG 1g.10gb' });
  const inventory = { kind: 'devices', devices: [gpu, slice, gpuDevice(1)], lost: null } as const;
  expect(judge(poolSpec({ devices: [slice.uuid] }), { inventory })).toMatchObject({ kind: 'admitted', devices: [{ uuid: slice.uuid }] });
  const refused = judge(poolSpec({ devices: ['0'] }), { inventory });
  expect(refused).toMatchObject({ failure: { kind: 'device-partitioned', message: expect.stringContaining(slice.uuid) as unknown } });
  expect(kindOf(poolSpec({ devices: [slice.uuid, '1'], tensorSplit: [0.5, 0.5] }), { inventory })).toBe('invalid-pool');
});

test('[ORCH-3038] a faulty device holds up its own pools only, and is tried again', () => {
  const inventory = {
    kind: 'devices',
    devices: [gpuDevice(0, { fault: 'nvidia-smi says [GPU requires reset]' }), gpuDevice(1)],
    lost: null,
  } as const;
  expect(judge(poolSpec(), { inventory })).toMatchObject({
    failure: { kind: 'device-fault', message: expect.stringContaining('[GPU requires reset]') as unknown },
  });
  expect(kindOf(poolSpec({ devices: ['1'] }), { inventory })).toBe('admitted');
});

test('[ORCH-3061] batch invariance is refused on a device older than its engine documents', () => {
  const vllm = poolSpec({ engine: 'vllm', determinism: 'batch_invariant', slots: 4 });
  const on = (computeCapability: string | null) =>
    kindOf(vllm, { inventory: { kind: 'devices', devices: [gpuDevice(0, { computeCapability })], lost: null } });
  expect(on('7.5')).toBe('invalid-pool');
  expect(on('8.0')).toBe('admitted');
  expect(on('10.0')).toBe('admitted');
  expect(on(null)).toBe('admitted');
});

test('[ORCH-3011] over random fleets no device is in two admitted masks unless both pools say so', () => {
  const pool = fc.record({
    devices: fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 4 }),
    byUuid: fc.boolean(),
    shareDevices: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(pool, { minLength: 1, maxLength: 8 }), (drawn) => {
      const fleet = Array.from({ length: 8 }, (_, index) => gpuDevice(index));
      const pools = drawn.map(({ devices: mask, byUuid, shareDevices }, index) =>
        poolSpec({ id: `p${index}`, shareDevices, devices: mask.map((at) => (byUuid ? (fleet[at]?.uuid ?? '') : String(at))) }),
      );
      const owners = new Map<string, PoolSpec[]>();
      for (const spec of pools) {
        const verdict = judge(spec, { pools, inventory: { kind: 'devices', devices: fleet, lost: null } });
        if (verdict.kind === 'admitted') for (const { uuid } of verdict.devices) owners.set(uuid, [...(owners.get(uuid) ?? []), spec]);
      }
      for (const specs of owners.values()) expect(specs.length === 1 || specs.every(({ shareDevices }) => shareDevices)).toBe(true);
    }),
  );
});
