/** The clients: who sends what, and when. They know tenants and models, nothing of replicas. */
import type { TaskSpec } from '@llama-orch/orchestrator-core';
import type { Options } from './options.ts';
import { Rng } from './rng.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Load swings over the day by this share of its mean; the first task comes at the mean, rising. */
const DIURNAL_SWING = 0.25;
const BURST_EVERY_MS = 600_000;
const BURST_FOR_MS = 20_000;
const BURST_FACTOR = 1.6;
/** Sessions of a tenant that are alive for their clients at a time. */
const OPEN_SESSIONS = 64;

/** One task as its client means it, with what only the true model knows: how much it will write. */
export type Arrival = {
  /** 1 for the first; its task key is `task-NUMBER`. */
  readonly number: number;
  readonly spec: TaskSpec;
  readonly outTokens: number;
  readonly tenant: number;
  /** 0 `interactive`, 1 `batch`. */
  readonly klass: number;
  readonly model: number;
};

/** Number of the task with this key; -1 for one that no client made. */
export function numberOf(taskKey: string): number {
  let number = 0;
  for (let index = 'task-'.length; index < taskKey.length; index++) number = 10 * number + taskKey.charCodeAt(index) - 48;
  return number > 0 ? number : -1;
}

export class Arrivals {
  readonly #rng: Rng;
  readonly #options: Options;
  readonly #tenantShares: readonly number[];
  readonly #sessions: string[][];
  readonly #models: readonly string[];
  readonly #tenants: readonly string[];
  readonly #meanRatePerMs: number;
  #made = 0;
  #sessionsMade = 0;
  #burstUntilMs = 0;
  #nextBurstMs: number;
  #swing = 1;
  #swingUntilMs = 0;

  /** @param meanServiceMs - True mean slot time of a task, for the load that `utilization` asks for. */
  constructor(options: Options, meanServiceMs: number) {
    this.#rng = new Rng(options.seed, 'arrivals');
    this.#options = options;
    this.#meanRatePerMs = (options.utilization * options.replicas * options.slots) / meanServiceMs;
    // Zipf: a few tenants send most.
    const weights = Array.from({ length: options.tenants }, (_, rank) => 1 / (rank + 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let upTo = 0;
    this.#tenantShares = weights.map((weight) => (upTo += weight / total));
    this.#sessions = Array.from({ length: options.tenants }, () => []);
    this.#models = Array.from({ length: options.models }, (_, index) => `model-${index}`);
    this.#tenants = Array.from({ length: options.tenants }, (_, index) => `tenant-${index}`);
    this.#nextBurstMs = this.#rng.exponential(BURST_EVERY_MS);
  }

  /** Milliseconds from `nowMs` to the next task: Poisson with a rate that swings over the day and has bursts. */
  gapMs(nowMs: number): number {
    if (nowMs >= this.#nextBurstMs) {
      this.#burstUntilMs = nowMs + this.#rng.exponential(BURST_FOR_MS);
      this.#nextBurstMs = this.#burstUntilMs + this.#rng.exponential(BURST_EVERY_MS);
    }
    // A sine each simulated second: it moves less than one in ten thousand in between.
    if (nowMs >= this.#swingUntilMs) {
      this.#swing = 1 + DIURNAL_SWING * Math.sin((2 * Math.PI * nowMs) / DAY_MS);
      this.#swingUntilMs = nowMs + 1000;
    }
    const burst = nowMs < this.#burstUntilMs ? BURST_FACTOR : 1;
    return this.#rng.exponential(1 / (this.#meanRatePerMs * this.#swing * burst));
  }

  next(): Arrival {
    const rng = this.#rng;
    this.#made += 1;
    const draw = rng.next();
    let tenant = 0;
    while (tenant < this.#tenantShares.length - 1 && draw >= (this.#tenantShares[tenant] ?? 1)) tenant += 1;
    const interactive = rng.chance(0.7);
    const { promptTokens, outTokens, maxTokens } = drawLengths(rng);
    const model = rng.below(this.#options.models);
    const spec: TaskSpec = {
      taskKey: `task-${this.#made}`,
      tenantId: this.#tenants[tenant] ?? '',
      sessionKey: this.#session(tenant),
      priority: interactive ? 'interactive' : 'batch',
      workload: 'completion',
      modelDigest: this.#models[model] ?? '',
      engine: null,
      ctxTokens: null,
      promptTokens,
      maxTokens,
      deadlineMs: rng.chance(0.2) ? Math.round(interactive ? rng.between(15_000, 90_000) : rng.between(60_000, 900_000)) : null,
      determinism: rng.chance(0.8) ? 'strict' : 'best_effort',
      samplerProfileVersion: null,
      pinPoolId: rng.chance(0.002) ? `pool-${rng.below(this.#options.replicas)}` : null,
      expectedTokens: rng.chance(0.1) ? outTokens : null,
      kvHint: rng.chance(0.95) ? 'reuse' : 'cold',
      label: null,
    };
    return { number: this.#made, spec, outTokens, tenant, klass: interactive ? 0 : 1, model };
  }

  /** Half of the tasks continue a session that is open, the others begin one. */
  #session(tenant: number): string {
    const open = this.#sessions[tenant] ?? [];
    if (open.length > 0 && this.#rng.chance(0.5)) return open[this.#rng.below(open.length)] ?? '';
    this.#sessionsMade += 1;
    // Short, so that it is one string in memory and not a tree of its parts.
    const session = `s-${this.#sessionsMade}`;
    if (open.length < OPEN_SESSIONS) open.push(session);
    else open[this.#rng.below(OPEN_SESSIONS)] = session;
    return session;
  }
}

/** Tokens to read, to write, and the most that the client allows. */
export function drawLengths(rng: Rng): { promptTokens: number; outTokens: number; maxTokens: number | null } {
  const promptTokens = Math.min(3000, Math.max(4, Math.round(rng.logNormal(300, 1))));
  const wanted = Math.max(1, Math.round(rng.logNormal(120, 0.8)));
  const maxTokens = rng.chance(0.5) ? null : Math.min(1000, Math.max(16, Math.round(wanted * rng.between(1, 4))));
  return { promptTokens, outTokens: Math.min(wanted, maxTokens ?? 256), maxTokens };
}
