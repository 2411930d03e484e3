/**
 * What `determinism` of a pool means for each engine: the flags its launcher sets, what the engine's own documentation
 * promises, and which combinations are refused. The one home of these facts: launchers, config checks and
 * docs/determinism.md read them here.
 */
import type { LauncherName } from './launcher.ts';
import type { PoolDeterminism } from './pool.ts';

export type DeterminismRow =
  | {
      readonly kind: 'supported';
      /** Words that the mode adds to the command line. */
      readonly flags: readonly string[];
      /** Variables that the mode adds to the environment; a pool cannot override them. */
      readonly env: Readonly<Record<string, string>>;
      /**
       * `free`: reuse of a prompt's KV is switched by request, so a cache may be there. `verified`: the engine reuses KV
       * without being asked, so the cache is off unless `kv_reuse_verified` says that it was measured.
       */
      readonly prefixCache: 'free' | 'verified';
      /** False = guessing changes batches in a way that the mode's promise does not cover. */
      readonly speculative: boolean;
      /** Lowest compute capability that the engine documents for the mode; `null` = any. */
      readonly minComputeCapability: string | null;
      readonly promise: string;
      readonly source: string;
    }
  | { readonly kind: 'refused'; readonly reason: string };

const nothing: DeterminismRow = {
  kind: 'supported',
  flags: [],
  env: {},
  prefixCache: 'free',
  speculative: true,
  minComputeCapability: null,
  promise: 'nothing is asked for: the pool takes no `strict` task',
  source: 'ORCH-3061',
};

const oneAtATime = (
  facts: Pick<Extract<DeterminismRow, { kind: 'supported' }>, 'flags' | 'env' | 'prefixCache' | 'promise' | 'source'>,
): DeterminismRow => ({ kind: 'supported', speculative: true, minComputeCapability: null, ...facts });

/** Without these vLLM samples by the model’s own defaults, and seeds what no request seeds at random. */
const vllmSampling = ['--generation-config', 'vllm', '--seed', '0'];

const llamacppSource = 'tools/server/README.md, `cache_prompt`';
const vllmSource = 'docs/usage/reproducibility.md, docs/features/batch_invariance.md';
const tgiSource = 'docs/source/reference (no statement)';
const tritonSource = 'tensorrtllm_backend README and docs (no statement)';

/** @req ORCH-3061, ORCH-3045 */
export const determinismTable: Readonly<Record<LauncherName, Readonly<Record<PoolDeterminism, DeterminismRow>>>> = {
  'llama-server': {
    single_slot: oneAtATime({
      flags: [],
      env: {},
      prefixCache: 'free',
      promise:
        'logits are not promised to be equal over batch sizes, so one slot (`-np 1`) decodes one request; `cache_prompt: false` is sent with every strict task',
      source: llamacppSource,
    }),
    batch_invariant: { kind: 'refused', reason: 'llama.cpp documents no batch-invariant mode; use `single_slot`, or `none`' },
    none: nothing,
  },
  'vllm serve': {
    single_slot: oneAtATime({
      flags: vllmSampling,
      env: {},
      prefixCache: 'verified',
      promise: 'no reproducibility is promised online; one request at a time (`--max-num-seqs 1`) always makes the same batches',
      source: vllmSource,
    }),
    batch_invariant: {
      kind: 'supported',
      flags: vllmSampling,
      env: { VLLM_BATCH_INVARIANT: '1' },
      prefixCache: 'verified',
      speculative: false,
      minComputeCapability: '8.0',
      promise: 'outputs are independent of batch size and order (beta), for the same version on the same hardware',
      source: vllmSource,
    },
    none: { ...nothing, flags: vllmSampling },
  },
  'text-generation-launcher': {
    single_slot: oneAtATime({
      flags: ['--max-batch-size', '1'],
      env: {},
      prefixCache: 'verified',
      promise: 'no guarantee is documented; a batch of one is always the same batch',
      source: tgiSource,
    }),
    batch_invariant: { kind: 'refused', reason: 'TGI documents no batch-invariant mode; use `single_slot`, or `none`' },
    none: nothing,
  },
  tritonserver: {
    single_slot: oneAtATime({
      flags: [],
      env: {},
      prefixCache: 'verified',
      promise:
        'nothing is promised; one request at a time, and KV reuse must be off in the model’s own configuration (`enable_kv_cache_reuse`), which the agent cannot see',
      source: tritonSource,
    }),
    batch_invariant: {
      kind: 'refused',
      reason: 'in-flight batching of TensorRT-LLM promises no equal numerics; use `single_slot`, or `none`',
    },
    none: nothing,
  },
  'trtllm-serve': {
    single_slot: oneAtATime({
      flags: [],
      env: {},
      prefixCache: 'verified',
      promise: 'nothing is promised; one request at a time (`--max_batch_size 1`) without block reuse',
      source: tritonSource,
    }),
    batch_invariant: {
      kind: 'refused',
      reason: 'in-flight batching of TensorRT-LLM promises no equal numerics; use `single_slot`, or `none`',
    },
    none: nothing,
  },
};
