/**
 * Which engine the haiku protocol runs on: the workers of this machine's CPU, or one that somebody else runs, named by URL. It
 * starts nothing.
 */
import type { StackOptions } from './stack-config.ts';
import { modelDigest } from './workspace.ts';

export type HaikuTarget = {
  readonly stack: StackOptions;
  readonly modelRef: string;
  /** The pools that answer, with the sampler profile of each. */
  readonly pools: readonly { readonly id: string; readonly samplerProfileVersion: string }[];
  /** The worker's URL where the agent has no process of its own. */
  readonly workerUrl: string | null;
};

/** Two workers of the development carve-out: one that samples, one that does not. */
const cpuTarget: HaikuTarget = {
  stack: { pools: [{ id: 'haiku-a' }, { id: 'haiku-greedy', sampler_profile_version: 'v1-greedy' }] },
  modelRef: 'haiku-tiny',
  pools: [
    { id: 'haiku-a', samplerProfileVersion: 'v1' },
    { id: 'haiku-greedy', samplerProfileVersion: 'v1-greedy' },
  ],
  workerUrl: null,
};

/**
 * - `HAIKU_WORKER_URL`: a running `llama-server` (with `--metrics`); without it the CPU answers.
 * - `HAIKU_WORKER_MODEL`: its model's name, default `haiku-tiny`. `HAIKU_WORKER_DIGEST`: what its operator declares, default that of
 *   the model in the repository. `HAIKU_WORKER_CTX`: context of one slot, default 1024.
 */
export function haikuTarget(env: Readonly<Record<string, string | undefined>>): HaikuTarget {
  const url = env['HAIKU_WORKER_URL'];
  if (url === undefined || url === '') return cpuTarget;
  const modelRef = env['HAIKU_WORKER_MODEL'] ?? 'haiku-tiny';
  const digest = env['HAIKU_WORKER_DIGEST'] ?? modelDigest;
  const ctx = Number(env['HAIKU_WORKER_CTX'] ?? 1_024);
  const pool = {
    id: 'haiku-gpu',
    model: modelRef,
    runtime: { kind: 'external', url, digest },
    allow_cpu: false,
    sampler_profile_version: 'v1',
  };
  return {
    stack: { pools: [pool], models: { [modelRef]: { path: modelRef, digest, quant: 'external', ctx_limit: ctx } } },
    modelRef,
    pools: [{ id: pool.id, samplerProfileVersion: 'v1' }],
    workerUrl: url.replace(/\/+$/, ''),
  };
}
