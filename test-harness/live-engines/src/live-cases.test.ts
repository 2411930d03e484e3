/** The live cases against the simulators by URL: that each holds for every adapter, and so means something where an engine fails it. */
import { startMockEngine, type WireName } from '@llama-orch/adapter-mock';
import { afterAll, beforeAll, describe } from 'vitest';
import { adapters } from './adapters.ts';
import { declareLiveCases, type LiveEngineUnderTest } from './live-cases.ts';

const slots = 2;
const ctxTokens = 1_024;
const engines = [
  ['llama-server', 'llamacpp'],
  ['vllm', 'vllm'],
  ['tgi', 'tgi'],
  ['triton', 'triton'],
] as const satisfies readonly (readonly [keyof typeof adapters, WireName])[];

describe.each(engines)('[ORCH-3057] %s, simulated, keeps the live cases', (name, wire) => {
  let engine: LiveEngineUnderTest;
  let stop = (): Promise<void> => Promise.resolve();
  beforeAll(async () => {
    const sim = await startMockEngine({ wire, slots, ctxTokens, modelName: 'haiku-tiny', script: { tokensPerSecond: 400 } });
    const { grpc: grpcPort = null, metrics: metricsPort = null } = sim.ports;
    const adapter = adapters[name]({
      baseUrl: sim.url,
      declared: { modelName: 'haiku-tiny', ctxTokens },
      access: { protocol: 'grpc', grpcPort, metricsPort },
      maxConnections: 8,
      callTimeoutMs: 10_000,
      nowMs: () => performance.now(),
    });
    engine = { adapter, slots, ctxTokens };
    stop = async () => {
      await adapter.close();
      await sim.stop();
    };
  });
  afterAll(() => stop());
  declareLiveCases(() => engine);
});
