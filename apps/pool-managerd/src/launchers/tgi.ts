/**
 * The built-in template of `text-generation-launcher`, and the variables that would quietly change it. Pure.
 */
import type { LaunchTemplate } from '../launch-template.ts';
import type { PoolSpec } from '../pool-spec.ts';

/**
 * Every flag has a twin in the environment, some with names that hosts and containers use for themselves (`PORT`,
 * `HOSTNAME`): none of them is handed down.
 */
export const tgiVariables =
  /^(?:MODEL_ID|REVISION|VALIDATION_WORKERS|SHARDED|NUM_SHARD|QUANTIZE|SPECULATE|DTYPE|KV_CACHE_DTYPE|TRUST_REMOTE_CODE|MAX_\w+|WAITING_SERVED_RATIO|HOSTNAME|PORT|PROMETHEUS_PORT|SHARD_UDS_PATH|MASTER_ADDR|MASTER_PORT|WEIGHTS_CACHE_OVERRIDE|DISABLE_CUSTOM_KERNELS|CUDA_MEMORY_FRACTION|ROPE_SCALING|ROPE_FACTOR|JSON_OUTPUT|OTLP_\w+|CORS_ALLOW_ORIGIN|API_KEY|WATERMARK_\w+|TOKENIZER_CONFIG_PATH|DISABLE_GRAMMAR_SUPPORT|LORA_ADAPTERS|USAGE_STATS|PAYLOAD_LIMIT|ENABLE_PREFILL_LOGPROBS|GRACEFUL_TERMINATION_TIMEOUT|PREFIX_CACHING|ATTENTION|CUDA_GRAPHS)$/;

/**
 * - Two launchers of a host need unlike ports, a socket path and a rendezvous port of their own; a socket's path must stay
 *   short, so it lies in `/tmp`, named by the main port.
 * - `--max-concurrent-requests` is where it refuses, not how many it decodes: a request that its client left counts until its next token, so
 *   there is room for as many of these as there are slots, which bound the dispatch anyway.
 * - `--max-batch-total-tokens` bounds its KV cache to what the plan counted.
 *
 * @param prefixTokens - Tokens that the prefix cache holds beside the slots.
 * @req ORCH-3011, ORCH-3020, ORCH-3061
 */
export const tgiTemplate = (spec: PoolSpec, prefixTokens: number): LaunchTemplate => ({
  argv: [
    'text-generation-launcher',
    '--model-id',
    '{model}',
    '--hostname',
    '{host}',
    '--port',
    '{port}',
    '--prometheus-port',
    '{metrics_port}',
    '--master-port',
    '{master_port}',
    '--shard-uds-path',
    '/tmp/llama-orch-tgi-{port}',
    '--num-shard',
    '{device_count}',
    '--max-concurrent-requests',
    String(2 * spec.slots),
    '--max-input-tokens',
    String(spec.ctx - 1),
    '--max-total-tokens',
    '{ctx}',
    '--max-batch-prefill-tokens',
    '{ctx}',
    '--max-batch-total-tokens',
    String(spec.ctx * spec.slots + prefixTokens),
    '--cuda-memory-fraction',
    '{memory_fraction}',
    ...(spec.kvType === null ? [] : ['--kv-cache-dtype', '{kv_type}']),
    ...(spec.speculative === null ? [] : ['--speculate', '{draft_tokens}']),
    '--usage-stats',
    'off',
    '--json-output',
    '--graceful-termination-timeout',
    '{stop_grace_s}',
  ],
  env: { HF_HUB_OFFLINE: '1', PREFIX_CACHING: spec.prefixCacheBytes > 0 ? '1' : '0' },
  files: [],
});
