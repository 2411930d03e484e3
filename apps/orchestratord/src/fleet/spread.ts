/**
 * How far apart the devices of a worker lie, as one number for the scheduler's ties. Pure; what links there are is the agent's
 * to say.
 */
import type { ReplicaReport } from '@llama-orch/api-types';

/** From the quickest to the slowest, as `nvidia-smi topo -m` names them; NVLinks stand before all of them. */
const pcieLinks = ['PIX', 'PXB', 'PHB', 'NODE', 'SYS'];

/** Two sockets cost more than the next slower link on one. */
const socketStep = 1.5;

/**
 * 0 for one device, and where nobody tells. Below 1 for NVLinks, the more of them the lower; then the PCIe links in their
 * order; a word nobody knows counts as the slowest.
 *
 * @req ORCH-3013
 */
export const spreadOf = (topology: ReplicaReport['topology']): number => {
  if (topology === undefined) return 0;
  const sockets = topology.numa_nodes.length > 1 ? socketStep : 0;
  if (topology.worst_link === null) return sockets;
  const nvlinks = /^NV(\d+)$/.exec(topology.worst_link)?.[1];
  if (nvlinks !== undefined) return sockets + 1 / (1 + Number(nvlinks));
  const place = pcieLinks.indexOf(topology.worst_link);
  return sockets + 1 + (place < 0 ? pcieLinks.length - 1 : place);
};
