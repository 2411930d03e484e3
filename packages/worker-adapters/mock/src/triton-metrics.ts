/** Triton's metrics port over the scripted engine: Prometheus text, with the gauges of whatever backend stands behind it. */
import type { ScriptedEngine } from './engine.ts';
import type { EngineScript } from './script.ts';
import type { TritonModel } from './triton-models.ts';
import { type HandleExchange, replyJson, replyText, type WireContext } from './wire.ts';

export const serveTritonMetrics =
  (model: (context: WireContext) => TritonModel) =>
  (context: WireContext): HandleExchange =>
  ({ request, response, script }) => {
    if (`${request.method} ${request.path}` !== 'GET /metrics') replyJson(response, 404, { error: 'Not Found' });
    else replyText(response, 200, 'text/plain; charset=utf-8', textOf(model(context), context, script));
  };

const textOf = (model: TritonModel, { engine, limits }: WireContext, script: EngineScript): string => {
  const labels = `model="${limits.modelName}",version="1"`;
  const running = runningOf(engine, script);
  const lines = [
    `nv_inference_pending_request_count{${labels}} ${engine.queued}`,
    'nv_gpu_memory_used_bytes{gpu_uuid="GPU-0"} 1',
    ...(model.kind === 'vllm'
      ? [
          `vllm:prompt_tokens_total{${labels}} ${engine.promptTokensTotal + engine.cachedTokensTotal}`,
          `vllm:generation_tokens_total{${labels}} ${engine.tokensPredictedTotal}`,
          `vllm:num_requests_running{${labels}} ${running}`,
          `vllm:num_requests_waiting{${labels}} ${engine.queued}`,
          `vllm:gpu_cache_usage_perc{${labels}} ${engine.kvTokensUsed / engine.kv.tokens}`,
        ]
      : model.kind === 'llmapi'
        ? []
        : tensorRtLlm(engine, running)),
  ];
  return `# HELP nv_inference_pending_request_count Instantaneous number of pending requests\n# TYPE nv_inference_pending_request_count gauge\n${lines.join('\n')}\n`;
};

/** Under the name of the core model, not of the one in front of it. */
const tensorRtLlm = (engine: ScriptedEngine, running: number): readonly string[] => {
  const figure = (metric: string, label: string, value: string, figureOf: number): string =>
    `${metric}{${label}="${value}",model="tensorrt_llm",version="1"} ${figureOf}`;
  return [
    figure('nv_trt_llm_request_metrics', 'request_type', 'active', running),
    figure('nv_trt_llm_request_metrics', 'request_type', 'scheduled', running),
    figure('nv_trt_llm_request_metrics', 'request_type', 'waiting', engine.queued),
    figure('nv_trt_llm_request_metrics', 'request_type', 'max', engine.slots.length),
    figure('nv_trt_llm_kv_cache_block_metrics', 'kv_cache_block_type', 'max', engine.kv.tokens),
    figure('nv_trt_llm_kv_cache_block_metrics', 'kv_cache_block_type', 'used', engine.kvTokensUsed),
    figure('nv_trt_llm_kv_cache_block_metrics', 'kv_cache_block_type', 'free', engine.kv.tokens - engine.kvTokensUsed),
  ];
};

const runningOf = (engine: ScriptedEngine, script: EngineScript): number => {
  if (script.slotsLie === null) return engine.busy;
  return script.slotsLie === 'all-busy' ? engine.slots.length : 0;
};
