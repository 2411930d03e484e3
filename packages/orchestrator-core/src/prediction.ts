/**
 * What the scheduler expects, learnt only from events: how long a task holds a slot, how long it waits for one, and how
 * likely it is in time. It knows service times of a lane and class, never those of one engine by name.
 */

import type { TokenCosts } from './fairness.ts';

/**
 * Milliseconds per prompt token and per output token before anything was measured: a mid-range GPU with a model of
 * some billion parameters. Used for costs and waits; never shown as a prediction.
 */
export const PRIOR_PREFILL_MS = 0.5;
export const PRIOR_DECODE_MS = 20;

/** Weight of the newest observation once many are known; sums of 64 tasks follow a changed load within seconds. */
const LEARNING_RATE = 1 / 64;
/** Spread (standard deviation of the log of actual over predicted) before anything was measured. */
const PRIOR_SPREAD = 0.7;
const LEAST_SPREAD = 0.05;

/** One ended attempt, as far as it teaches anything. Times in milliseconds. */
export type ServiceObservation = {
  readonly promptTokens: number;
  /** Of those, found in the KV cache: they cost no prefill. */
  readonly cachedTokens: number;
  readonly tokensOut: number;
  /** What the task had been expected to write at most. */
  readonly outBudget: number;
  /** From dispatch to the first token; the whole time where the workload has none. */
  readonly prefillMs: number;
  readonly decodeMs: number;
};

/**
 * Measured service of one lane and class: ratios of decayed sums, so that the sum over many queued tasks is unbiased
 * even where single tasks vary a lot.
 */
export class ServiceModel {
  /** Slot-milliseconds per token to read, and per token that may be written (fewer are, on average). */
  costs: TokenCosts = { promptMs: PRIOR_PREFILL_MS, outMs: PRIOR_DECODE_MS };
  #decodeTokenMs = PRIOR_DECODE_MS;
  #prefillMs = 0;
  #prefillTokens = 0;
  #decodeMs = 0;
  #decodeTokens = 0;
  #outTokens = 0;
  #outBudget = 0;
  #serviceMs = 0;
  #services = 0;
  #squaredError = 0;
  #errors = 0;
  #waitBias = 0;

  get measured(): boolean {
    return this.#services > 0;
  }

  observe(seen: ServiceObservation): void {
    const keep = 1 - LEARNING_RATE;
    this.#prefillMs = this.#prefillMs * keep + seen.prefillMs;
    this.#prefillTokens = this.#prefillTokens * keep + Math.max(1, seen.promptTokens - seen.cachedTokens);
    this.#decodeMs = this.#decodeMs * keep + seen.decodeMs;
    this.#decodeTokens = this.#decodeTokens * keep + seen.tokensOut;
    this.#outTokens = this.#outTokens * keep + seen.tokensOut;
    this.#outBudget = this.#outBudget * keep + seen.outBudget;
    this.#serviceMs = this.#serviceMs * keep + seen.prefillMs + seen.decodeMs;
    this.#services = this.#services * keep + 1;

    if (this.#decodeTokens > 0) this.#decodeTokenMs = this.#decodeMs / this.#decodeTokens;
    const fill = this.#outBudget > 0 ? this.#outTokens / this.#outBudget : 1;
    this.costs = { promptMs: this.#prefillMs / this.#prefillTokens, outMs: fill * this.#decodeTokenMs };
  }

  /** How far the time from admission to end was off; both in milliseconds. */
  observeError(predictedMs: number, actualMs: number): void {
    const error = Math.log((actualMs + 1) / (predictedMs + 1));
    this.#squaredError = this.#squaredError * (1 - LEARNING_RATE) + error * error;
    this.#errors = this.#errors * (1 - LEARNING_RATE) + 1;
  }

  /**
   * How far a forecast was off before its correction (a corrected one would be fed back with the delay of a whole queue,
   * and swing). What is off on average is corrected in the next promises.
   */
  observeWait(forecastMs: number, actualMs: number): void {
    const error = Math.log((actualMs + 10) / (forecastMs + 10));
    this.#waitBias = clamp(this.#waitBias + LEARNING_RATE * (error - this.#waitBias), -1.5, 1.5);
  }

  /** Factor on a predicted wait that takes out what was off on average lately. */
  get waitCorrection(): number {
    return Math.exp(this.#waitBias);
  }

  /** Standard deviation of the log of actual over predicted time. */
  get spread(): number {
    return this.#errors === 0 ? PRIOR_SPREAD : Math.max(LEAST_SPREAD, Math.sqrt(this.#squaredError / this.#errors));
  }

  /** Slot-milliseconds of `promptTokens` read and at most `outBudget` tokens written; of one task or of many. */
  workMs(promptTokens: number, outBudget: number): number {
    return promptTokens * this.costs.promptMs + outBudget * this.costs.outMs;
  }

  /** Slot-milliseconds of one task that read and wrote exactly so many tokens. */
  serviceMs(promptTokens: number, tokensOut: number): number {
    return promptTokens * this.costs.promptMs + tokensOut * this.#decodeTokenMs;
  }

  /** Slot-milliseconds of one task of average size; `null` before anything was measured. */
  get meanServiceMs(): number | null {
    return this.#services > 0 ? this.#serviceMs / this.#services : null;
  }
}

/** Work in front of a task, in slot-milliseconds, and what shares the slots with it. */
export type WaitSnapshot = {
  /** Slots of Ready replicas; > 0. */
  readonly slots: number;
  /** Work of its own class that goes first (own tenant's earlier tasks and other tenants' shares). */
  readonly aheadMs: number;
  /** Queued work of the other class. */
  readonly otherMs: number;
  /** Arriving work of the other class, slot-milliseconds per millisecond. */
  readonly otherArrival: number;
  readonly weight: number;
  readonly otherWeight: number;
  /** Mean slot time of a task: full slots free one after the other, `residualMs / slots` apart. */
  readonly residualMs: number;
};

/**
 * Milliseconds until a task starts, all slots being full now, under weighted sharing by two classes.
 *
 * 1. The class gets at least its weighted share of the slots while the other one is backlogged.
 * 2. The other one cannot use more than what it has queued and what arrives meanwhile.
 * 3. So the wait is the shorter of the two, plus the time until the first slot frees.
 *
 * @req ORCH-2013, ORCH-3075
 */
export function predictWaitMs(snapshot: WaitSnapshot): number {
  const { slots, aheadMs, otherMs, otherArrival, weight, otherWeight, residualMs } = snapshot;
  const work = aheadMs + residualMs;
  // 1
  const sharedMs = (work * (1 + otherWeight / weight)) / slots;
  // 2
  const rest = slots - otherArrival;
  const drainedMs = rest > 0 ? (work + otherMs) / rest : Infinity;
  // 3
  return Math.min(sharedMs, drainedMs);
}

/**
 * Probability that something predicted to take `predictedMs`, and that has taken `elapsedMs` already, takes at most
 * `allowedMs`, all from the same start: log-normal with the measured spread.
 *
 * @returns 0..1
 * @req ORCH-3081
 */
export function onTimeProbability(predictedMs: number, spread: number, elapsedMs: number, allowedMs: number): number {
  if (elapsedMs >= allowedMs) return 0;
  const before = (ms: number): number => logistic((1.702 * Math.log((ms + 1) / (predictedMs + 1))) / spread);
  const gone = elapsedMs > 0 ? before(elapsedMs) : 0;
  const stillOpen = 1 - gone;
  // Far beyond its prediction: nothing more can be learnt from the distribution.
  if (stillOpen < 1e-9) return 0.5;
  return clamp((before(allowedMs) - gone) / stillOpen, 0, 1);
}

/** Close to the normal distribution's (within 0.01) and exact in both tails' order. */
function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
