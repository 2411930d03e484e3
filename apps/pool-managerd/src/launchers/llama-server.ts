/**
 * The built-in template of `llama-server`, and the flags it shares with the embedded engine. Pure.
 */
import type { LaunchTemplate } from '../launch-template.ts';
import type { PoolSpec } from '../pool-spec.ts';

/** KV types that llama.cpp computes only with flash attention. */
const quantisedKv = /^(q|iq)\d/;

const mib = 1_048_576;

/**
 * The arguments that `llama-server` and the embedded engine share.
 *
 * - An explicit `-np` splits the KV cache, so that one long request cannot kill the others (`--kv-unified` is never given).
 * - Embeddings and rerank take an input in one physical batch, which must then hold a whole context.
 */
export const sharedLlamaFlags = (spec: PoolSpec): readonly string[] => [
  '-m',
  '{model}',
  '-a',
  '{model_name}',
  '--host',
  '{host}',
  '--port',
  '{port}',
  '-c',
  '{ctx_total}',
  '-np',
  '{slots}',
  '--metrics',
  ...(spec.workloads.includes('embedding') ? ['--embedding'] : []),
  ...(spec.workloads.includes('rerank') ? ['--rerank'] : []),
];

/**
 * No key stands on it: command lines can be read by every user of the host.
 *
 * - `-fit off`: llama.cpp must not lower ctx or layers by itself; the plan was checked before (ORCH-3003).
 * - `--cache-ram`: its prompt cache would take 8 GiB of host RAM; it gets what the plan counted, rounded down, or nothing.
 * - `--offline`: nothing is downloaded behind the checksum's back.
 * - `--spec-…`: the draft model goes onto the same devices, whole.
 *
 * - `--pooling last`: a model that names no pooling would give a vector for each token, which the OpenAI routes refuse; the
 *   embedded engine takes the last token's too.
 *
 * @param onCpu - True under the CPU carve-out.
 * @param namesPooling - See the plan.
 * @req ORCH-3011, ORCH-3012, ORCH-3020
 */
export const llamaServerTemplate = (spec: PoolSpec, onCpu: boolean, namesPooling: boolean | null): LaunchTemplate => ({
  argv: [
    'llama-server',
    ...sharedLlamaFlags(spec),
    '-fit',
    'off',
    '--cache-ram',
    String(Math.floor(spec.prefixCacheBytes / mib)),
    '--offline',
    ...(spec.workloads.includes('embedding') && namesPooling === false ? ['--pooling', 'last'] : []),
    ...(spec.workloads.includes('completion') ? [] : ['-b', '{ctx}', '-ub', '{ctx}']),
    ...(onCpu ? ['-ngl', '0', '-dev', 'none'] : ['-ngl', 'all']),
    ...(spec.devices.length > 1 ? ['-sm', 'layer'] : []),
    ...(spec.tensorSplit === null ? [] : ['-ts', '{tensor_split}']),
    ...(spec.kvType === null ? [] : ['-ctk', '{kv_type}', '-ctv', '{kv_type}']),
    ...(spec.kvType !== null && quantisedKv.test(spec.kvType) ? ['-fa', 'on'] : []),
    ...(spec.speculative === null
      ? []
      : [
          '--spec-type',
          'draft-simple',
          '--spec-draft-model',
          '{draft_model}',
          '--spec-draft-n-max',
          '{draft_tokens}',
          '--spec-draft-ngl',
          onCpu ? '0' : 'all',
        ]),
  ],
  env: {},
  files: [],
});
