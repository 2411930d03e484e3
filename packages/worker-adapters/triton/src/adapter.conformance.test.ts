/**
 * The conformance suite on each way to a Triton engine, against the scripted engine's wires: KServe over HTTP with a vLLM
 * model and with the LLM API's, over gRPC with a TensorRT-LLM ensemble, and `trtllm-serve`.
 */
import type { WorkerAccess } from '@llama-orch/adapter-api';
import { type ConformanceOptions, describeConformance, engineSlots } from '@llama-orch/adapter-api/conformance';
import { type MockEngine, type MockEngineOptions, startMockEngine } from '@llama-orch/adapter-mock';
import { createTritonAdapter } from './adapter.ts';

/** The ports of an engine belong to its URL; the suite hands out no more than that. */
const portsOf = new Map<string, MockEngine['ports']>();

type Way = Pick<MockEngineOptions, 'wire' | 'wireOptions'> &
  Pick<ConformanceOptions, 'name' | 'skips' | 'countsAre'> & { readonly protocol: WorkerAccess['protocol'] };

const describeWay = ({ protocol, wire, wireOptions, ...suite }: Way): void => {
  describeConformance({
    ...suite,
    createAdapter: (options) => {
      const { grpc = null, metrics = null } = portsOf.get(options.baseUrl) ?? {};
      return createTritonAdapter({
        ...options,
        declared: { modelName: 'mock', ctxTokens: 4_096 },
        access: { protocol, grpcPort: grpc, metricsPort: metrics },
      });
    },
    start: async () => {
      const options = { ...(wire === undefined ? {} : { wire }), ...(wireOptions === undefined ? {} : { wireOptions }) };
      const { url, ports, control, stop } = await startMockEngine({ ...options, slots: engineSlots });
      portsOf.set(url, ports);
      return { baseUrl: url, engine: control, stop };
    },
    // HTTP and gRPC open once the models are loaded.
    loadingIs: 'unreachable',
  });
};

const always = {
  'shows busy slots': 'the engine has no list of slots',
  'counts the tokens that a submit then counts': 'the engine offers no tokenizer; a bound is used (ORCH-3015)',
} as const;

const noPooling = 'Triton’s language models give neither embeddings nor scores';

const kserve = {
  ...always,
  'tells a started task before its first token': 'Triton sends the head with the first response',
  'aborts embeddings on the way': noPooling,
  'maps refusals of embeddings and scores too': noPooling,
  'gives one vector for each input, in the order of the inputs': noPooling,
  'gives one score for each document, in the order of the documents': noPooling,
  'gives vectors of one length and of finite numbers, for one input as for many': noPooling,
  'gives a score for a single document, and finite ones for many': noPooling,
  'frees the engine of embeddings and of scores that were aborted while they ran': noPooling,
  'aborts scores that are never answered': noPooling,
  'types what breaks embeddings and scores': noPooling,
} as const;

const httpCancel = 'over HTTP Triton only sees that a client left once responses are on their way';

describeWay({
  name: 'triton over HTTP',
  protocol: 'http',
  wire: 'triton',
  wireOptions: { kind: 'vllm' },
  skips: {
    ...kserve,
    'frees the slot of a task aborted in prefill, and confirms it': httpCancel,
    'takes a task aborted in the engine’s queue out of it, and leaves the others alone': httpCancel,
  },
});

const stopRequest = 'a canceled request is gone when its stop request was answered; no gauge shows it';

describeWay({
  name: 'triton’s LLM API over HTTP',
  protocol: 'http',
  wire: 'triton',
  wireOptions: { kind: 'llmapi' },
  countsAre: 'at-least-events',
  skips: {
    ...kserve,
    'reads figures that rise with the work': 'the LLM API backend exports no figures',
    'does not confirm before the engine shows the slot free': stopRequest,
    'gives up confirming when its own signal fires': stopRequest,
    'ends what is in flight when it is closed': stopRequest,
  },
});

describeWay({
  name: 'triton over gRPC',
  protocol: 'grpc',
  wire: 'triton',
  wireOptions: { kind: 'ensemble' },
  skips: {
    ...kserve,
    'reads figures that rise with the work': 'TensorRT-LLM exports no token counters',
    'opens no more connections than it may, and forgets an aborted task that waits for one': 'all calls share one HTTP/2 connection',
    'reads line ends of CR and LF, also where a read ends between the two': 'gRPC has no lines',
    'skips comment lines and fields that mean nothing': 'gRPC has no comments',
    'skips keep-alive comments': 'gRPC has no comments',
  },
});

const noRerank = 'it does not rerank';

describeWay({
  name: 'trtllm-serve',
  protocol: 'trtllm-serve',
  wire: 'trtllm-serve',
  countsAre: 'at-least-events',
  skips: {
    ...always,
    'tells a started task before its first token': 'its head says nothing of a slot, so the first token does',
    'reads figures that rise with the work': 'it exports no token counters',
    'shows how full the KV cache is, if at all, and that it empties': 'its figures are the last iteration’s, and an idle server has none',
    'maps refusals of embeddings and scores too': `${noRerank}; refusals of its embeddings are those of completions`,
    'gives one score for each document, in the order of the documents': noRerank,
    'gives a score for a single document, and finite ones for many': noRerank,
    'frees the engine of embeddings and of scores that were aborted while they ran': noRerank,
    'aborts scores that are never answered': noRerank,
    'types what breaks embeddings and scores': noRerank,
  },
});
