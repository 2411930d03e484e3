/** The conformance suite on the mock's own adapter and wire: it must not depend on any one protocol. */
import { describeConformance, engineSlots } from '@llama-orch/adapter-api/conformance';
import { createMockAdapter } from './adapter.ts';
import { startMockEngine } from './engine-process.ts';

describeConformance({
  name: 'mock',
  createAdapter: createMockAdapter,
  start: async () => {
    const { url, control, stop } = await startMockEngine({ wire: 'plain', slots: engineSlots });
    return { baseUrl: url, engine: control, stop };
  },
});
