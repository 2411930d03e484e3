/**
 * Which adapter speaks to which engine. The one place of the agent that names adapters.
 */
import type { CreateAdapter } from '@llama-orch/adapter-api';
import { createLlamaCppAdapter } from '@llama-orch/llamacpp-http';
import { createTgiAdapter } from '@llama-orch/tgi-http';
import { createTritonAdapter } from '@llama-orch/triton';
import { createVllmAdapter } from '@llama-orch/vllm-http';
import type { EngineName } from './pool-spec.ts';

/** Engines without an entry are refused with `adapter-missing`. */
export const engineAdapters: Partial<Record<EngineName, CreateAdapter>> = {
  llamacpp: createLlamaCppAdapter,
  vllm: createVllmAdapter,
  tgi: createTgiAdapter,
  triton: createTritonAdapter,
};
