/**
 * The digest of all that can change logits: replicas mix only where it is equal. Pure; it gathers facts and launches
 * nothing.
 */
import { digestOf } from './canonical-json.ts';

export type NumericFacts = {
  /** Model name and compute capability of each device of the mask, in order; on the CPU the processor's name. */
  readonly devices: readonly string[];
  readonly tensorSplit: readonly number[] | null;
  readonly slots: number;
  readonly kvType: string | null;
  /** See `toLaunchFlags`. */
  readonly launchFlags: readonly string[];
  /** Variables that the pool adds to the worker's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Something nobody else has, where the engine's flags are not known (external engines); else `null`. */
  readonly unlikeAll: string | null;
};

/** @req ORCH-3007 */
export const numericsDigest = (facts: NumericFacts): string =>
  digestOf({
    format: 1,
    device_models: facts.devices,
    device_count: facts.devices.length,
    tensor_split: facts.tensorSplit,
    slots: facts.slots,
    kv_type: facts.kvType,
    launch_flags: facts.launchFlags,
    env: facts.env,
    unlike_all: facts.unlikeAll,
  });
