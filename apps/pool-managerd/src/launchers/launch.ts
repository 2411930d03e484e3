/**
 * What every launcher gets and gives. It holds the port and the environment rule that they share, and starts nothing.
 */
import type { LaunchPlace } from '../launch-template.ts';
import type { PoolSpec } from '../pool-spec.ts';

export type LaunchInput = {
  readonly spec: PoolSpec;
  readonly place: LaunchPlace;
  /** True under the CPU carve-out. */
  readonly onCpu: boolean;
  /** The agent's own environment. */
  readonly agentEnv: Readonly<Record<string, string | undefined>>;
};

export type Launch =
  | {
      readonly kind: 'process';
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      /** See `toLaunchFlags`. */
      readonly launchFlags: readonly string[];
    }
  | { readonly kind: 'external'; readonly url: string };

/**
 * Variables never handed down: our own hold keys, the engine's would change its flags and logits behind the config's back,
 * and the device mask is the pool's.
 */
const withheld = /^(?:ORCH_|LLAMA_|GGML_|CUDA_VISIBLE_DEVICES$|NVIDIA_VISIBLE_DEVICES$)/;

/**
 * Environment of a worker: the agent's without what is withheld, what the pool adds, and last the device mask, which a
 * pool cannot override. On the CPU the mask is empty, so that no device is seen.
 *
 * @req ORCH-3011, ORCH-3043
 */
export const workerEnvironment = (input: LaunchInput, added: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(input.agentEnv)) if (value !== undefined && !withheld.test(name)) env[name] = value;
  return { ...env, ...added, CUDA_VISIBLE_DEVICES: input.place.deviceUuids.join(',') };
};
