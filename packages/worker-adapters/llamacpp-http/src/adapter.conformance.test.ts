/** The conformance suite on the llama.cpp adapter, against the scripted engine's llama.cpp wire. */
import { describeConformance, engineSlots } from '@llama-orch/adapter-api/conformance';
import { startMockEngine } from '@llama-orch/adapter-mock';
import { createLlamaCppAdapter } from './adapter.ts';

describeConformance({
  name: 'llamacpp-http',
  createAdapter: createLlamaCppAdapter,
  start: async () => {
    const { url, control, stop } = await startMockEngine({ wire: 'llamacpp', slots: engineSlots });
    return { baseUrl: url, engine: control, stop };
  },
});
