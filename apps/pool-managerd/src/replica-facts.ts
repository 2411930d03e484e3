/**
 * What is known of a worker from how it was launched: facts that a later agent cannot ask the process for. It holds data
 * and no behaviour.
 */
import type { MaskTopology } from './mask-topology.ts';

export type ReplicaFacts = {
  /** Digest of all that can change logits (ORCH-3007). */
  readonly numerics: string;
  /** It runs on the CPU (ORCH-1102). */
  readonly cpuCarveOut: boolean;
  /** Devices of its mask, by UUID. */
  readonly deviceUuids: readonly string[];
  /** KV cache of one token, bytes; `null` = unknown. */
  readonly kvBytesPerToken: number | null;
  /** How its devices lie to each other; absent in the records of agents that did not look. */
  readonly topology?: MaskTopology;
};
