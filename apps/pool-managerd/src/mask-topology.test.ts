import { expect, test } from 'vitest';
import { maskTopology } from './mask-topology.ts';
import { gpuDevice } from './testing/pool-specs.ts';

const linked = (index: number, links: Readonly<Record<number, string>>, numaNode: number | null = 0) =>
  gpuDevice(index, { numaNode, links: Object.entries(links).map(([peer, kind]) => ({ uuid: gpuDevice(Number(peer)).uuid, kind })) });

test('[ORCH-3013] a mask is as slow as its slowest link, and links that leave it do not count', () => {
  const devices = [linked(0, { 1: 'NV18', 2: 'SYS' }), linked(1, { 0: 'NV18', 2: 'PHB' }), linked(2, { 0: 'SYS', 1: 'PHB' }, 1)];
  expect(maskTopology(devices.slice(0, 2))).toEqual({ worstLink: 'NV18', numaNodes: [0] });
  expect(maskTopology(devices)).toEqual({ worstLink: 'SYS', numaNodes: [0, 1] });
  expect(maskTopology([linked(0, { 1: 'NV12' }), linked(1, { 0: 'NV4' })])).toMatchObject({ worstLink: 'NV4' });
  expect(maskTopology([linked(0, { 1: 'NEW' }), linked(1, { 0: 'PIX' })])).toMatchObject({ worstLink: 'NEW' });
});

test('[ORCH-3013] says nothing of one device, or where nobody tells', () => {
  expect(maskTopology([linked(0, { 1: 'NV18' })])).toEqual({ worstLink: null, numaNodes: [0] });
  expect(maskTopology([gpuDevice(0), gpuDevice(1)])).toEqual({ worstLink: null, numaNodes: [] });
  expect(maskTopology([])).toEqual({ worstLink: null, numaNodes: [] });
});
