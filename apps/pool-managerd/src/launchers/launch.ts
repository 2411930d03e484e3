/**
 * What every launcher gets and gives. It holds the environment rule that they share, and starts nothing.
 */
import type { HeadroomPlan } from '../headroom.ts';
import type { LaunchPlace } from '../launch-template.ts';
import type { ContainerSpec, PoolSpec } from '../pool-spec.ts';

export type LaunchInput = {
  readonly spec: PoolSpec;
  readonly place: LaunchPlace;
  readonly plan: HeadroomPlan;
  /** True under the CPU carve-out. */
  readonly onCpu: boolean;
  /** Key that the engine asks its callers for; `null` = none. */
  readonly apiKey: string | null;
  /** The agent's own environment. */
  readonly agentEnv: Readonly<Record<string, string | undefined>>;
};

/** A container by which its worker can be ended from outside. */
export type ContainerRef = Pick<ContainerSpec, 'program'> & { readonly name: string };

export type ProcessLaunch = {
  readonly kind: 'process';
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** See `toLaunchFlags`. */
  readonly launchFlags: readonly string[];
  /** Written before the start. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly container: ContainerRef | null;
};

export type Launch = ProcessLaunch | { readonly kind: 'external'; readonly url: string };

/**
 * Variables never handed down: our own hold keys, the engines' would change their flags and logits behind the config's back,
 * keys of hubs are of no use offline, and the device mask is the pool's.
 */
const withheld =
  /^(?:ORCH_\w*|LLAMA_\w*|GGML_\w*|VLLM_\w*|HF_TOKEN|HUGGING_FACE_HUB_TOKEN|CUDA_VISIBLE_DEVICES|CUDA_DEVICE_ORDER|NVIDIA_VISIBLE_DEVICES)$/;

/**
 * Environment of a worker: the agent's without what is withheld, what the pool adds, and last the device mask, which a
 * pool cannot override. On the CPU the mask is empty, so that no device is seen.
 *
 * @param alsoWithheld - Further variables that this engine reads.
 * @req ORCH-3011, ORCH-3043
 */
export const workerEnvironment = (
  input: LaunchInput,
  added: Readonly<Record<string, string>>,
  alsoWithheld: RegExp | null,
): Readonly<Record<string, string>> => {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(input.agentEnv))
    if (value !== undefined && !withheld.test(name) && alsoWithheld?.test(name) !== true) env[name] = value;
  return { ...env, ...added, CUDA_VISIBLE_DEVICES: input.place.deviceUuids.join(',') };
};
