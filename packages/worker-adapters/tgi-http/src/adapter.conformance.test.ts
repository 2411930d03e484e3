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
  loadingIs: 'unreachable',
  skips: {
    'tells a started task before its first token':
      'the head comes before the request waits in the engine’s queue, so nothing but a token shows that it started',
    'shows busy slots': 'the engine does not list its slots',
    'takes a refusal of an engine that is not ready yet for that':
      'the engine takes no connection until it has loaded, and has no words for it',
    'maps refusals of embeddings and scores too': 'TGI serves completions only',
    'aborts embeddings on the way': 'TGI serves completions only',
    'gives one vector for each input, in the order of the inputs': 'TGI serves completions only',
    'gives one score for each document, in the order of the documents': 'TGI serves completions only',
    'gives vectors of one length and of finite numbers, for one input as for many': 'TGI serves completions only',
    'gives a score for a single document, and finite ones for many': 'TGI serves completions only',
    'frees the engine of embeddings and of scores that were aborted while they ran': 'TGI serves completions only',
    'aborts scores that are never answered': 'TGI serves completions only',
    'types what breaks embeddings and scores': 'TGI serves completions only',
  },
});
