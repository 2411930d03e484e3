/**
 * Which adapter speaks to which engine. The one place of the controller that names adapters.
 */
import { createLlamaCppAdapter } from '@llama-orch/llamacpp-http';
import { createTgiAdapter } from '@llama-orch/tgi-http';
import { createTritonAdapter } from '@llama-orch/triton';
import { createVllmAdapter } from '@llama-orch/vllm-http';
import type { AdapterTable } from './worker.ts';

export const engineAdapters: AdapterTable = {
  llamacpp: createLlamaCppAdapter,
  vllm: createVllmAdapter,
  tgi: createTgiAdapter,
  triton: createTritonAdapter,
};
