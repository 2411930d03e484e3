/**
 * The five server programs of the four engines, and what their command lines can take. It holds facts of engines; the commands
 * themselves are the agent's.
 */
import type { EngineName } from './pool.ts';
import type { RuntimeConfig } from './runtime.ts';

/** What serves a pool; an external engine and the embedded one count as the program they speak like. */
export const launcherNames = ['llama-server', 'vllm serve', 'text-generation-launcher', 'tritonserver', 'trtllm-serve'] as const;
export type LauncherName = (typeof launcherNames)[number];

export type LauncherFacts = {
  /** Variable that carries the API key; `null` = the program knows no keys. */
  readonly apiKeyVariable: string | null;
  /** Values of `kv_type` that a flag takes; empty = it has no such flag. */
  readonly kvTypes: readonly string[];
  /** `required`: it guesses with a draft model. `none`: it guesses from the prompt. `null` = no flag turns guessing on. */
  readonly draftModel: 'required' | 'none' | null;
  /** A flag (or a file that the agent writes) turns its prefix cache on and off. */
  readonly prefixCacheFlag: boolean;
};

export const launchers: Readonly<Record<LauncherName, LauncherFacts>> = {
  'llama-server': {
    apiKeyVariable: 'LLAMA_API_KEY',
    kvTypes: ['f32', 'f16', 'bf16', 'q8_0', 'q5_1', 'q5_0', 'q4_1', 'q4_0', 'iq4_nl'],
    draftModel: 'required',
    prefixCacheFlag: true,
  },
  'vllm serve': {
    apiKeyVariable: 'VLLM_API_KEY',
    kvTypes: ['auto', 'fp8', 'fp8_e4m3', 'fp8_e5m2'],
    draftModel: 'required',
    prefixCacheFlag: true,
  },
  'text-generation-launcher': {
    apiKeyVariable: 'API_KEY',
    kvTypes: ['fp8_e4m3fn', 'fp8_e5m2'],
    draftModel: 'none',
    prefixCacheFlag: true,
  },
  tritonserver: { apiKeyVariable: null, kvTypes: [], draftModel: null, prefixCacheFlag: false },
  'trtllm-serve': { apiKeyVariable: null, kvTypes: [], draftModel: null, prefixCacheFlag: true },
};

/** The program of a pool. */
export const launcherOf = (pool: {
  readonly engine: EngineName;
  readonly runtime: Pick<RuntimeConfig, 'kind'> & { readonly server?: LauncherName | undefined };
}): LauncherName => {
  switch (pool.engine) {
    case 'llamacpp':
      return 'llama-server';
    case 'vllm':
      return 'vllm serve';
    case 'tgi':
      return 'text-generation-launcher';
    case 'triton':
      return pool.runtime.server ?? 'tritonserver';
  }
};
