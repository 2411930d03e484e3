/** Tests of the figures on lines as Triton's metrics port prints them. */
import { expect, test } from 'vitest';
import { toFigures } from './figures.ts';

test('[ORCH-3019] reads TensorRT-LLM’s gauges under the core model’s name', () => {
  const text = [
    'nv_inference_pending_request_count{model="ensemble",version="1"} 9',
    'nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="active",version="1"} 3',
    'nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="waiting",version="1"} 1',
    'nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="max",version="1"} 64',
    'nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="max",model="tensorrt_llm",version="1"} 200',
    'nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="used",model="tensorrt_llm",version="1"} 50',
  ].join('\n');
  expect(toFigures(text)).toEqual({
    promptTokensTotal: null,
    generatedTokensTotal: null,
    requestsRunning: 3,
    requestsWaiting: 1,
    kvUsageRatio: 0.25,
    requestsMax: 64,
  });
});

test('reads vLLM’s figures, which the backend exports only when asked to', () => {
  const text =
    'vllm:prompt_tokens_total{model="m",version="1"} 10\nvllm:generation_tokens_total{model="m",version="1"} 20\nvllm:num_requests_running{model="m",version="1"} 0\nvllm:gpu_cache_usage_perc{model="m",version="1"} 0.5\n';
  expect(toFigures(text)).toMatchObject({
    promptTokensTotal: 10,
    generatedTokensTotal: 20,
    requestsRunning: 0,
    kvUsageRatio: 0.5,
    requestsMax: null,
  });
});

test('has no figure where none is exported', () => {
  expect(toFigures('nv_gpu_utilization{gpu_uuid="x"} 0.5\n')).toMatchObject({ requestsRunning: null, kvUsageRatio: null });
});
