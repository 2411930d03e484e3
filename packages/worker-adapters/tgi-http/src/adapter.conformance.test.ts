/** The conformance suite on the TGI adapter, against the simulator of its wire. */
import { describeConformance, engineSlots } from '@llama-orch/adapter-api/conformance';
import { startMockEngine } from '@llama-orch/adapter-mock';
import { createTgiAdapter } from './adapter.ts';

describeConformance({
  name: 'tgi-http',
  createAdapter: createTgiAdapter,
  start: async () => {
    const { url, control, stop } = await startMockEngine({ wire: 'tgi', slots: engineSlots });
    return { baseUrl: url, engine: control, stop };
  },
  skips: {
    'tells a started task before its first token':
      'the head comes before the request waits in the engine’s queue, so nothing but a token shows that it started',
    'shows busy slots': 'the engine does not list its slots',
    'tells a loading engine from one that is gone': 'the engine takes no connection until it has loaded',
    'takes a refusal of an engine that is not ready yet for that':
      'the engine takes no connection until it has loaded, and has no words for it',
    'maps refusals of embeddings and scores too': 'TGI serves completions only',
    'aborts embeddings on the way': 'TGI serves completions only',
    'gives one vector for each input, in the order of the inputs': 'TGI serves completions only',
    'gives one score for each document, in the order of the documents': 'TGI serves completions only',
  },
});
