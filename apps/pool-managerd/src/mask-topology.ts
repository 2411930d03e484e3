/**
 * How the devices of a mask lie to each other. Pure; it reads an inventory and ranks nothing.
 */
import type { GpuDevice } from './gpu-device.ts';

export type MaskTopology = {
  /** The slowest link within the mask, as `nvidia-smi topo -m` names it; `null` for one device, or where nobody tells. */
  readonly worstLink: string | null;
  /** NUMA nodes of its devices, each once, in order; empty where nobody tells. */
  readonly numaNodes: readonly number[];
};

/** From the quickest to the slowest; NVLinks stand before all of them, more of them before fewer. */
const pcieLinks = ['PIX', 'PXB', 'PHB', 'NODE', 'SYS'];

const slownessOf = (kind: string): number => {
  const nvlinks = /^NV(\d+)$/.exec(kind)?.[1];
  if (nvlinks !== undefined) return -Number(nvlinks);
  const place = pcieLinks.indexOf(kind);
  // A word nobody knows counts as the slowest known one, so that it wins nothing.
  return place < 0 ? pcieLinks.length : place;
};

/** @req ORCH-3013 */
export const maskTopology = (devices: readonly GpuDevice[]): MaskTopology => {
  const uuids = new Set(devices.map(({ uuid }) => uuid));
  const kinds = devices.flatMap(({ links }) => links.filter(({ uuid }) => uuids.has(uuid)).map(({ kind }) => kind));
  const nodes = devices.map(({ numaNode }) => numaNode).filter((node) => node !== null);
  return {
    worstLink: kinds.reduce<string | null>((worst, kind) => (worst === null || slownessOf(kind) > slownessOf(worst) ? kind : worst), null),
    numaNodes: [...new Set(nodes)].toSorted((a, b) => a - b),
  };
};
