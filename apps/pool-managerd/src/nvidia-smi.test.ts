import { expect, test } from 'vitest';
import type { SmiOutput } from './gpu-device.ts';
import { linksOf, parseInventory, parseProcessMemory, parseSlices, parseTopology, requiredColumns, unknownColumn } from './nvidia-smi.ts';
import { smiOutput } from './testing/smi-fixtures.ts';

const mib = 1_048_576;
const ran = (stdout: string, exitCode = 0, stderr = ''): SmiOutput => ({ kind: 'ran', exitCode, stdout, stderr });

test('[ORCH-1104] reads eight H100: memory in bytes, load as a ratio, compute capability, driver, MIG mode, ECC', () => {
  const inventory = parseInventory(smiOutput('8x-h100.query.csv'));
  expect(inventory).toMatchObject({ kind: 'devices', lost: null });
  expect(inventory.kind === 'devices' && inventory.devices).toHaveLength(8);
  expect(inventory.kind === 'devices' && inventory.devices[0]).toEqual({
    index: 0,
    uuid: 'GPU-5a1c0f4b-9d77-6f0b-7a52-3e0a8f6d2c00',
    name: 'NVIDIA H100 80GB HBM3',
    memoryTotalBytes: 81_559 * mib,
    memoryUsedBytes: 61_240 * mib,
    utilizationRatio: 0.87,
    computeCapability: '9.0',
    migEnabled: false,
    driverVersion: '580.173.02',
    eccUncorrectedErrors: 0,
    fault: null,
    busId: '00000000:1B:00.0',
  });
});

test('[ORCH-1104] reads unlike devices, and what one does not tell as null', () => {
  expect(parseInventory(smiOutput('3090-3060.query.csv'))).toMatchObject({
    kind: 'devices',
    devices: [
      { name: 'NVIDIA GeForce RTX 3090', utilizationRatio: 0.41, migEnabled: null, eccUncorrectedErrors: null, fault: null },
      { name: 'NVIDIA GeForce RTX 3060', utilizationRatio: null, memoryTotalBytes: 12_288 * mib, fault: null },
    ],
  });
});

test('[ORCH-3038] an ECC fault costs the host that device, and a counted error is reported without a fault', () => {
  expect(parseInventory(smiOutput('ecc-fault.query.csv'))).toMatchObject({
    kind: 'devices',
    devices: [
      { index: 0, fault: 'nvidia-smi says [GPU requires reset]', eccUncorrectedErrors: 3 },
      { index: 1, fault: null, eccUncorrectedErrors: 1 },
    ],
  });
});

test('[ORCH-3038] a device off the bus is named in the driver’s words, and the others stay', () => {
  const inventory = parseInventory(smiOutput('gpu-lost.query.csv', 15));
  expect(inventory).toMatchObject({
    kind: 'devices',
    devices: [{ index: 0, fault: null }],
    lost: 'Unable to determine the device handle for GPU0000:43:00.0: Unknown Error',
  });
  expect(parseInventory(ran('Unable to determine the device handle for GPU0000:43:00.0: Unknown Error\n', 255))).toMatchObject({
    kind: 'none',
    code: 'driver-error',
  });
});

test.each([
  ['not-found', { kind: 'not-found' } as const],
  ['timeout', { kind: 'timeout' } as const],
  ['no-devices', ran('No devices were found\n', 6)],
  ['no-devices', ran('')],
  ['driver-error', smiOutput('no-driver.txt', 9)],
  ['driver-error', smiOutput('driver-mismatch.txt', 18)],
  ['unparsable', ran('<html>not csv</html>\n')],
  ['unparsable', ran('[Unknown Error], x, y, 1, 2, 3, 4\n')],
] as const)('[ORCH-1101] says %s with a sentence', (code, output) => {
  const inventory = parseInventory(output);
  expect(inventory).toMatchObject({ kind: 'none', code });
  expect(inventory.kind === 'none' && inventory.message.length > 20).toBe(true);
});

test('[ORCH-3038] a device whose memory cannot be read has a fault, and is not guessed at', () => {
  const row = '0, GPU-8f6d2c1e-6f0b-7a52-3e0a-5a1c0f4b9d77, NVIDIA H200, [Unknown Error], 4, 0, 00000000:19:00.0\n';
  expect(parseInventory(ran(row), requiredColumns)).toMatchObject({
    devices: [{ memoryTotalBytes: 0, fault: 'nvidia-smi says [Unknown Error] of its memory' }],
  });
});

test('names the column that a driver does not know', () => {
  expect(unknownColumn(ran('Field "compute_cap" is not a valid field to query.\n', 2))).toBe('compute_cap');
  expect(unknownColumn(ran('', 0))).toBeNull();
});

test('[ORCH-3013] reads the links of eight H100 and their NUMA nodes, underlined header and all', () => {
  const topology = parseTopology(smiOutput('8x-h100.topo.txt'));
  expect(topology.links.size).toBe(8);
  expect([...(topology.links.get(2) ?? [])]).toEqual([0, 1, 3, 4, 5, 6, 7].map((peer) => [peer, 'NV18']));
  expect([...topology.numaNodes.values()]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
});

test('[ORCH-3013] leaves network cards out of the matrix', () => {
  const topology = parseTopology(smiOutput('8x-rtx4090.topo.txt'));
  expect(topology.links.size).toBe(8);
  expect(topology.links.get(6)?.size).toBe(7);
  expect(topology.numaNodes.get(6)).toBe(1);
});

test('[ORCH-3013] names peers by UUID; a tool without a matrix gives no links', () => {
  const uuids = new Map([
    [0, 'GPU-a'],
    [1, 'GPU-b'],
  ]);
  expect(linksOf(parseTopology(smiOutput('3090-3060.topo.txt')), 0, uuids)).toEqual([{ uuid: 'GPU-b', kind: 'NODE' }]);
  expect(linksOf(parseTopology(ran('Topology is not supported\n', 3)), 0, uuids)).toEqual([]);
  expect(linksOf(parseTopology({ kind: 'timeout' }), 0, uuids)).toEqual([]);
});

test('[ORCH-3011] joins the UUIDs of MIG slices with their memory', () => {
  const parentUuid = 'GPU-7fdaf0a5-179b-f636-d15d-daf243e3ff16';
  const slices = parseSlices(smiOutput('a100-mig.list.txt'), smiOutput('a100-mig.details.xml'));
  expect(slices).toHaveLength(3);
  expect(slices[1]).toEqual({
    parentUuid,
    uuid: 'MIG-a25704ba-3a06-5299-a795-fd7cf4d13973',
    profile: '1g.10gb',
    memoryTotalBytes: 9_728 * mib,
    memoryUsedBytes: 4_000 * mib,
  });
  expect(parseInventory(smiOutput('a100-mig.query.csv'))).toMatchObject({ devices: [{ uuid: parentUuid, migEnabled: true, fault: null }] });
  expect(parseSlices(smiOutput('a100-mig.list.txt'), ran('', 1))).toEqual([]);
});

test('reads memory by process and leaves out lines without a figure', () => {
  const text = '1234, GPU-1, 8192\n77, GPU-1, [N/A]\n1234, GPU-2, 1\n';
  expect(parseProcessMemory(ran(text))).toEqual([
    { pid: 1234, uuid: 'GPU-1', usedBytes: 8192 * mib },
    { pid: 1234, uuid: 'GPU-2', usedBytes: mib },
  ]);
});
