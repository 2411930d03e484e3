/**
 * What is known of a worker from how it was launched: facts that a later agent cannot ask the process for. It holds data
 * and no behaviour.
 */
export type ReplicaFacts = {
  /** Digest of all that can change logits (ORCH-3007). */
  readonly numerics: string;
  /** It runs on the CPU (ORCH-1102). */
  readonly cpuCarveOut: boolean;
  /** Devices of its mask, by UUID. */
  readonly deviceUuids: readonly string[];
  /** KV cache of one token, bytes; `null` = unknown. */
  readonly kvBytesPerToken: number | null;
};
