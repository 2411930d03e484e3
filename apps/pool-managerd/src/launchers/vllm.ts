/**
 * The built-in template of `vllm serve`. Pure.
 */
import type { LaunchTemplate } from '../launch-template.ts';
import type { PoolSpec } from '../pool-spec.ts';

/**
 * - `--max-num-seqs` is always given: its default depends on the hardware, and the controller counts on it.
 * - `--kv-cache-memory-bytes` (each device) makes it take what the plan counted and no more; where nobody knows the size of a
 *   token it gets its share of the device by `--gpu-memory-utilization`, which the other flag would override.
 * - `--shutdown-timeout`: without it SIGTERM aborts what runs.
 *
 * @param kvKnown - The plan knows the KV cache of a token.
 * @req ORCH-3011, ORCH-3012, ORCH-3020, ORCH-3061
 */
export const vllmTemplate = (spec: PoolSpec, kvKnown: boolean): LaunchTemplate => ({
  argv: [
    'vllm',
    'serve',
    '{model}',
    '--served-model-name',
    '{model_name}',
    '--host',
    '{host}',
    '--port',
    '{port}',
    '--runner',
    spec.workloads.includes('completion') ? 'generate' : 'pooling',
    '--max-model-len',
    '{ctx}',
    '--max-num-seqs',
    '{slots}',
    '--tensor-parallel-size',
    '{device_count}',
    ...(kvKnown ? ['--kv-cache-memory-bytes', '{kv_bytes}'] : ['--gpu-memory-utilization', '{memory_fraction}']),
    ...(spec.kvType === null ? [] : ['--kv-cache-dtype', '{kv_type}']),
    spec.prefixCacheBytes > 0 ? '--enable-prefix-caching' : '--no-enable-prefix-caching',
    ...(spec.speculative === null
      ? []
      : ['--speculative-config', '{"method":"draft_model","model":"{draft_model}","num_speculative_tokens":{draft_tokens}}']),
    '--shutdown-timeout',
    '{stop_grace_s}',
    '--disable-access-log-for-endpoints',
    '/health,/metrics',
  ],
  env: { HF_HUB_OFFLINE: '1', VLLM_NO_USAGE_STATS: '1' },
  files: [],
});
