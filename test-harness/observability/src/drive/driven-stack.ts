/**
 * Both services as processes, with scripted engines of all four kinds behind them and a scripted `nvidia-smi` on their PATH. It
 * owns their start and end; what is done with them is `rounds.ts`.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMockServer, type MockServer, mockEngineMain } from '@llama-orch/adapter-mock';
import { modelDigest, type Stack, startStack } from '@llama-orch/e2e-haiku';
import { readContract, type ServiceName } from '../contract.ts';
import { parseExposition, type Family } from '../exposition.ts';
import { type SpanCollector, startSpanCollector } from './span-collector.ts';
import { createScriptedGpu, type ScriptedGpu } from './scripted-gpu.ts';

export type Scrape = ReadonlyMap<string, Family>;

/** Answers of so many tokens reach the 64th. */
export const answerTokens = 70;

/** What the config asks of each class, and the gauge of targets must say. */
export const slos = {
  interactive: { first_token_p95_ms: 900, tokens_64_p95_ms: 2_500, error_ratio: 0.005 },
  batch: { token_rate_ratio: 0.8, error_ratio: 0.01 },
} as const;

/** More than the other faults of two rounds make at any worker. */
export const breakerFailures = 8;

export interface DrivenStack {
  readonly stack: Stack;
  /** Two alike on one lane, one of vLLM, one of Triton. */
  readonly engines: Readonly<Record<'alpha' | 'beta' | 'vllm' | 'triton', MockServer>>;
  readonly gpu: ScriptedGpu;
  readonly collector: SpanCollector;
  /** The text of `/metrics` as a scraper gets it. */
  scrapeText(service: ServiceName): Promise<string>;
  scrape(service: ServiceName): Promise<Scrape>;
  /** One contracted metric, of whichever service has it. */
  family(metric: string): Promise<Family | undefined>;
  stop(): Promise<void>;
}

export async function startDrivenStack(): Promise<DrivenStack> {
  const contract = readContract();
  const dir = await mkdtemp(join(tmpdir(), 'llama-orch-drive-'));
  const bin = join(dir, 'bin');
  await mkdir(bin);
  const gpu = await createScriptedGpu(bin, { utilizationPercent: 12, memoryUsedMib: 1_024 });
  const script = { answerTokens };
  const one = { slots: 1, ctxTokens: 1_024, modelName: 'haiku-tiny' };
  const [alpha, beta, vllm, triton] = await Promise.all([
    createMockServer({ ...one, script: { ...script, engineVersion: 'b1' } }),
    createMockServer({ ...one, script: { ...script, engineVersion: 'b1' } }),
    createMockServer({ ...one, wire: 'vllm', script: { ...script, engineVersion: '0.9' } }),
    createMockServer({ ...one, wire: 'trtllm-serve', script: { ...script, engineVersion: '1.2' } }),
  ]);
  const engines = { alpha, beta, vllm, triton };
  const collector = await startSpanCollector();
  const stopEngines = async (): Promise<void> => {
    await Promise.all([collector, ...Object.values(engines)].map((each) => each.stop()));
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const stack = await startStack({
      pools: poolsOf(engines, join(dir, 'first-start')),
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      slos,
      controller: {
        // On a loaded machine an agent that reports more often looks silent now and then.
        agent_lease: { interval_ms: 1_000 },
        tracing: { endpoint: collector.url, interval_ms: 50 },
        breaker: {
          replica: { failures: breakerFailures, window_ms: 600_000 },
          pool: { failures: 1_000, window_ms: 600_000 },
          failure_ratio: 0.2,
          open_ms: 2_000,
          slo: { enabled: false },
        },
      },
    });
    const scrapeText = async (service: ServiceName): Promise<string> => {
      const response = await fetch(`${service === 'orchestratord' ? stack.url : stack.agent.url}/metrics`);
      if (!response.ok) throw new Error(`expected the metrics of ${service}, got ${response.status}`);
      return response.text();
    };
    const scrape = async (service: ServiceName): Promise<Scrape> => parseExposition(await scrapeText(service));
    return {
      stack,
      engines,
      gpu,
      collector,
      scrapeText,
      scrape,
      async family(metric) {
        const isOfAgent = contract['pool-managerd'].some(({ name }) => name === metric);
        return (await scrape(isOfAgent ? 'pool-managerd' : 'orchestratord')).get(metric);
      },
      async stop() {
        try {
          await stack.stop();
        } finally {
          await stopEngines();
        }
      },
    };
  } catch (error) {
    await stopEngines();
    throw error;
  }
}

/** The first start of `gpu` fails, and each later one succeeds: `firstStart` is made by the one that fails. */
function poolsOf({ alpha, beta, vllm, triton }: DrivenStack['engines'], firstStart: string) {
  const failsOnce = ['/bin/sh', '-c', 'mkdir "$0" 2>/dev/null && exit 7; exec "$@"', firstStart];
  const engine = [
    '--wire',
    'tgi',
    '--host',
    '{host}',
    '--port',
    '{port}',
    '--slots',
    '{slots}',
    '--ctx',
    '{ctx}',
    '--model',
    '{model_name}',
  ];
  const external = (id: string, url: string, queue: object, rest: object = {}) => ({
    id,
    runtime: { kind: 'external', url, digest: modelDigest },
    allow_cpu: false,
    queue,
    ...rest,
  });
  const dropping = { capacity: 1, full_policy: 'drop-lru' };
  const refusing = { capacity: 1, full_policy: 'reject' };
  return [
    external('alpha', alpha.url, dropping),
    external('beta', beta.url, dropping),
    external('vllm', vllm.url, refusing, { engine: 'vllm', determinism: 'none' }),
    external('triton', triton.url, refusing, {
      engine: 'triton',
      determinism: 'none',
      runtime: { kind: 'external', url: triton.url, digest: modelDigest, server: 'trtllm-serve' },
    }),
    {
      id: 'gpu',
      engine: 'tgi',
      determinism: 'none',
      devices: ['0'],
      allow_cpu: false,
      runtime: { kind: 'command', command: [...failsOnce, process.execPath, mockEngineMain(), ...engine] },
    },
  ];
}
