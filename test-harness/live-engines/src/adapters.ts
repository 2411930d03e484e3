/** The adapter of each engine by its name, as controller and agent make it. It owns that table alone. */
import type { CreateAdapter } from '@llama-orch/adapter-api';
import { createLlamaCppAdapter } from '@llama-orch/llamacpp-http';
import { createTgiAdapter } from '@llama-orch/tgi-http';
import { createTritonAdapter } from '@llama-orch/triton';
import { createVllmAdapter } from '@llama-orch/vllm-http';

export const adapters: Readonly<Record<'llama-server' | 'vllm' | 'tgi' | 'triton', CreateAdapter>> = {
  'llama-server': createLlamaCppAdapter,
  vllm: createVllmAdapter,
  tgi: createTgiAdapter,
  triton: createTritonAdapter,
};
