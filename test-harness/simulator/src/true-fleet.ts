/** The workers as they really are: how fast each one is, and what runs on it. The core never sees this. */
import type { CoreConfig, PoolSpec } from '@llama-orch/orchestrator-core';
import { drawLengths } from './arrivals.ts';
import type { Options } from './options.ts';
import { Rng } from './rng.ts';

const PREFILL_MS = 0.4;
const DECODE_MS = 18;
/** Each further request in the batch slows all decoding by this share. */
const BATCH_COST = 0.04;
const HOST_REPLICAS = 8;

/** One attempt on a worker. */
export type TrueAttempt = {
  /** It is its own plan: what happens to it next, at the time planned for it. */
  kind: 'firstToken' | 'end' | 'break' | 'released';
  readonly task: { running: TrueAttempt | null };
  readonly taskKey: string;
  readonly number: number;
  readonly worker: TrueWorker;
  readonly startedAtMs: number;
  readonly outTokens: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** A hung attempt neither ends nor frees its slot when aborted. */
  readonly hangs: boolean;
  decodeMs: number;
  state: 'running' | 'releasing' | 'over';
};

export class TrueWorker {
  readonly poolId: string;
  readonly numerics: string;
  /** Multiplies every time of this worker; drifts with its faults. */
  slowness: number;
  starts = 0;
  /** Its process lives. */
  alive = false;
  /** It lives, its agent finds nothing wrong, and it breaks whatever it gets. */
  rotten = false;
  /** Its agent says it is Ready, as far as the controller knows. */
  reported = false;
  /** Its pool is drained, and what runs there may do so until then; `null` = it is not. */
  drainedUntilMs: number | null = null;
  readonly attempts: TrueAttempt[] = [];

  constructor(poolId: string, numerics: string, slowness: number) {
    this.poolId = poolId;
    this.numerics = numerics;
    this.slowness = slowness;
  }

  get replicaId(): string {
    return `${this.poolId}/${this.starts}`;
  }

  /** Running and releasing. */
  get occupied(): number {
    return this.attempts.length;
  }

  /** The attempt has left its slot. */
  leave(attempt: TrueAttempt): void {
    const index = this.attempts.indexOf(attempt);
    const last = this.attempts.pop();
    if (last !== undefined && last !== attempt) this.attempts[index] = last;
  }
}

export class TrueFleet {
  readonly workers: readonly TrueWorker[];
  readonly byPool: ReadonlyMap<string, TrueWorker>;
  readonly #rng: Rng;

  constructor(options: Options) {
    this.#rng = new Rng(options.seed, 'service times');
    const speeds = new Rng(options.seed, 'speeds');
    this.workers = Array.from({ length: options.replicas }, (_, index) => {
      // One in fifty is a slow replica: half of the speed.
      const slowness = speeds.logNormal(1, 0.1) * (speeds.chance(0.02) ? 2 : 1);
      return new TrueWorker(`pool-${index}`, `gpu-${Math.floor(index / options.models) % 2}`, slowness);
    });
    this.byPool = new Map(this.workers.map((worker) => [worker.poolId, worker]));
  }

  /** True times of one attempt that starts now. */
  serve(worker: TrueWorker, promptTokens: number, outTokens: number): { readonly prefillMs: number; readonly decodeMs: number } {
    const batch = 1 + BATCH_COST * Math.max(0, worker.occupied - 1);
    const noise = this.#rng.logNormal(1, 0.08);
    return {
      prefillMs: 5 + promptTokens * PREFILL_MS * worker.slowness * noise,
      decodeMs: outTokens * DECODE_MS * worker.slowness * batch * noise,
    };
  }
}

/** True mean slot time of a task on a busy worker, milliseconds. */
export function meanServiceMs(options: Options): number {
  const rng = new Rng(options.seed, 'sample of lengths');
  const batch = 1 + BATCH_COST * Math.max(0, options.slots - 1) * Math.min(1, options.utilization);
  let sum = 0;
  for (let index = 0; index < 4000; index++) {
    const { promptTokens, outTokens } = drawLengths(rng);
    sum += promptTokens * PREFILL_MS + outTokens * DECODE_MS * batch;
  }
  return sum / 4000;
}

/** What the operators of this fleet would have written. */
export function toConfig(options: Options): CoreConfig {
  const pools = Array.from({ length: options.replicas }, (_, index): PoolSpec => {
    const model = index % options.models;
    return {
      poolId: `pool-${index}`,
      host: `host-${Math.floor(index / HOST_REPLICAS)}`,
      engine: model % 2 === 0 ? 'vllm' : 'llamacpp',
      modelDigest: `model-${model}`,
      quant: 'q4',
      ctxTokens: 4096,
      samplerProfileVersion: 'v1',
      workloads: ['completion'],
      determinism: options.slots === 1 ? 'single_slot' : 'batch_invariant',
      kvReuseVerified: model % 2 === 0,
      canary: null,
      slots: options.slots,
      kvBytesPerToken: 131_072,
      price: { perInputToken: 0, perOutputToken: 0, perSlotMs: 0 },
      queueCapacity: options.capacity,
      fullPolicy: options.policy,
      classCaps: {},
      defaultDeadlineMs: null,
      wallTimeoutMs: 600_000,
      idleTimeoutMs: 120_000,
      cancelGraceMs: 2000,
    };
  });
  const tenant = {
    weight: 1,
    rate: null,
    tokensPerMinute: null,
    maxConcurrentTasks: null,
    maxQueuedTasks: null,
    maxKvBytes: null,
    sessionBudgets: { tokens: null, slotMs: null, cost: null },
  };
  return {
    pools,
    canaries: [],
    tenants: [{ ...tenant, tenantId: 'tenant-1', weight: 2 }],
    defaultTenant: tenant,
    classes: { interactive: { weight: 8, rate: null }, batch: { weight: 1, rate: null } },
    sessions: { ttlMs: 600_000, maxTurns: 8, maxSessions: 20_000 },
    maxAttempts: 3,
    breaker: {
      replica: { failures: 3, windowMs: 60_000 },
      pool: { failures: 10, windowMs: 600_000 },
      failureRatio: 0.5,
      openMs: 5_000,
      maxOpenMs: 120_000,
      restartAfter: 3,
      slo: { firstTokenMs: 900, misses: 20, ratio: 0.5 },
    },
    unavailableGraceMs: 30_000,
  };
}
