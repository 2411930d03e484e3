/**
 * The built-in templates of a triton pool: `tritonserver` over a model repository, and `trtllm-serve` over one model. Pure.
 */
import type { LaunchTemplate } from '../launch-template.ts';
import type { PoolSpec } from '../pool-spec.ts';

/**
 * Sizes (context, slots, tensor parallel, KV cache) stand in the repository's own files, which the agent does not write: the
 * pool's figures must be theirs. Its default addresses are all interfaces, so each is given. Two servers of a host need
 * regions of shared memory of their own for Python backends.
 *
 * @req ORCH-3011, ORCH-3061
 */
export const tritonserverTemplate = (): LaunchTemplate => ({
  argv: [
    'tritonserver',
    '--model-repository={model}',
    '--model-control-mode=none',
    '--http-address={host}',
    '--http-port={port}',
    '--grpc-address={host}',
    '--grpc-port={grpc_port}',
    '--metrics-address={host}',
    '--metrics-port={metrics_port}',
    '--exit-on-error=true',
    '--strict-readiness=true',
    '--exit-timeout-secs={stop_grace_s}',
    '--log-verbose=0',
    '--backend-config=python,shm-region-prefix-name=llama-orch-{port}',
  ],
  env: {},
  files: [],
});

/**
 * What no flag says stands in a file that is written beside the worker: metrics on, and the KV cache with or without reuse.
 * The cache's size is in the same place, for the file's `kv_cache_config` takes the place of the flag's.
 *
 * @req ORCH-3011, ORCH-3020, ORCH-3061
 */
export const trtllmServeTemplate = (spec: PoolSpec): LaunchTemplate => ({
  argv: [
    'trtllm-serve',
    '{model}',
    '--host',
    '{host}',
    '--port',
    '{port}',
    '--backend',
    'pytorch',
    '--tp_size',
    '{device_count}',
    '--max_batch_size',
    '{slots}',
    '--max_seq_len',
    '{ctx}',
    '--config',
    '{state_dir}/trtllm-serve.yml',
  ],
  env: { HF_HUB_OFFLINE: '1' },
  files: [
    {
      name: 'trtllm-serve.yml',
      text: `enable_iter_perf_stats: true
return_perf_metrics: true
kv_cache_config:
  enable_block_reuse: ${spec.prefixCacheBytes > 0}
  free_gpu_memory_fraction: {kv_fraction}
`,
    },
  ],
});
