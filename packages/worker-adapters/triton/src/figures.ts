/**
 * What the metrics port shows of a model's engine: TensorRT-LLM's gauges or vLLM's, whichever are there. Pure; it owns
 * their names.
 */
import { parsePrometheus, prometheusSamples, type WorkerMetrics } from '@llama-orch/adapter-api';

export type Figures = WorkerMetrics & {
  /** Requests that TensorRT-LLM takes at a time. */
  readonly requestsMax: number | null;
};

/**
 * Triton itself counts no tokens and shows no running requests; the backends may. TensorRT-LLM's gauges carry the name of
 * the core model and not of the ensemble in front of it, so they are read over all models.
 */
export const toFigures = (text: string): Figures => {
  const sums = parsePrometheus(text);
  const read = (name: string): number | null => sums.get(name) ?? null;
  const requests = labelled(text, 'nv_trt_llm_request_metrics', 'request_type');
  const blocks = labelled(text, 'nv_trt_llm_kv_cache_block_metrics', 'kv_cache_block_type');
  const [used, max] = [blocks('used'), blocks('max')];
  return {
    promptTokensTotal: read('vllm:prompt_tokens_total'),
    generatedTokensTotal: read('vllm:generation_tokens_total'),
    requestsRunning: requests('active') ?? read('vllm:num_requests_running'),
    requestsWaiting: requests('waiting') ?? read('vllm:num_requests_waiting') ?? read('nv_inference_pending_request_count'),
    kvUsageRatio:
      used !== null && max !== null && max > 0 ? used / max : (read('vllm:kv_cache_usage_perc') ?? read('vllm:gpu_cache_usage_perc')),
    requestsMax: requests('max'),
  };
};

/** Sum of the samples of one metric that have a value of one label. */
const labelled = (text: string, metric: string, label: string): ((value: string) => number | null) => {
  const samples = prometheusSamples(text, metric);
  return (value) => {
    const found = samples.filter(({ labels }) => labels.get(label) === value);
    return found.length === 0 ? null : found.reduce((sum, sample) => sum + sample.value, 0);
  };
};
