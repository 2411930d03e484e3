/** The conformance suite on the vLLM adapter, against the simulator of its wire. */
import { describeConformance, engineSlots } from '@llama-orch/adapter-api/conformance';
import { startMockEngine } from '@llama-orch/adapter-mock';
import { createVllmAdapter } from './adapter.ts';

describeConformance({
  name: 'vllm-http',
  createAdapter: createVllmAdapter,
  start: async () => {
    const { url, control, stop } = await startMockEngine({ wire: 'vllm', slots: engineSlots });
    return { baseUrl: url, engine: control, stop };
  },
  loadingIs: 'unreachable',
  skips: {
    'tells a started task before its first token':
      'the head comes before the request waits in the engine’s queue, so nothing but a token shows that it started',
    'shows busy slots': 'the engine does not list its slots',
  },
});
