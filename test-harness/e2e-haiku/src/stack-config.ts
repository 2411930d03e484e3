/**
 * The config of a stack under test, from the few things that tests vary. It writes no file; what a field means is the schema's
 * business.
 */
import { modelDigest, modelPath } from './workspace.ts';

/** Fields of one pool that a test sets; the others are those of an embedded worker of the model in the repository. */
export type PoolSpec = { readonly id: string } & Readonly<Record<string, unknown>>;

export type StackOptions = {
  /** Default `haiku-a` and `haiku-b`, alike. */
  readonly pools?: readonly PoolSpec[];
  /** Waiting tasks that each pool adds to its lane; default 64. */
  readonly queueCapacity?: number;
  readonly fullPolicy?: 'reject' | 'drop-lru' | 'shed-low-priority';
  /** Context of the model; above the 1,024 it was trained with its answers mean nothing, but prompts may be long. */
  readonly ctxLimit?: number;
  /** Sections of the config as they are written, merged over the stack's own. */
  readonly controller?: Readonly<Record<string, unknown>>;
  readonly agent?: Readonly<Record<string, unknown>>;
  readonly models?: Readonly<Record<string, unknown>>;
  readonly slos?: Readonly<Record<string, unknown>>;
  readonly tenants?: readonly unknown[];
  readonly keys?: readonly unknown[];
  /** Added to the environment of both services. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the harness itself shows the controller, where it has keys. */
  readonly apiKey?: string;
  /** Pools to wait for at the start; default all. */
  readonly awaitPools?: readonly string[];
  /** False starts the controller alone. */
  readonly hasAgent?: boolean;
};

export const agentName = 'e2e';

/** How often the agent reports. Shorter than the default of a second, so that tests wait less. */
const reportEveryMs = 250;

export function poolIds({ pools = twoAlike }: StackOptions): readonly string[] {
  return pools.map(({ id }) => id);
}

/** The config as an object, before YAML. */
export function stackConfig(options: StackOptions, modelsDir: string): Readonly<Record<string, unknown>> {
  const { pools = twoAlike, queueCapacity = 64, fullPolicy = 'reject', ctxLimit = 1_024 } = options;
  return {
    models: { 'haiku-tiny': { path: modelPath, digest: modelDigest, quant: 'Q8_0', ctx_limit: ctxLimit }, ...options.models },
    pools: pools.map((pool) => ({
      host: agentName,
      engine: 'llamacpp',
      model: 'haiku-tiny',
      runtime: { kind: 'embedded' },
      allow_cpu: true,
      queue: { capacity: queueCapacity, full_policy: fullPolicy },
      timeouts: { start_ms: 60_000, cancel_grace_ms: 5_000, stop_grace_ms: 5_000, probe_interval_ms: 250 },
      ...pool,
    })),
    ...(options.slos !== undefined && { slos: options.slos }),
    ...(options.tenants !== undefined && { tenants: options.tenants }),
    ...(options.keys !== undefined && { keys: options.keys }),
    controller: { agent_lease: { interval_ms: reportEveryMs }, shutdown_deadline_ms: 20_000, ...options.controller },
    agent: {
      name: agentName,
      models_dir: modelsDir,
      // Short waits that grow slowly: workers are killed here before they could serve, and those that die at the longest wait count
      // towards the breaker.
      restart: { initial_ms: 100, factor: 1.2, max_ms: 1_000 },
      stop_deadline_ms: 10_000,
      ...options.agent,
    },
  };
}

const twoAlike: readonly PoolSpec[] = [{ id: 'haiku-a' }, { id: 'haiku-b' }];
