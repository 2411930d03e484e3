/** Token buckets (ORCH-3006) for requests and for model tokens. They know time only as the `nowMs` they are given. */
import type { Rate } from './model.ts';

/**
 * One bucket: `burst` at most, refilled evenly. The level may fall below zero when more was used than was taken, and is
 * then worked off. `settle` must precede a read, `take` a decision to admit: a refusal takes nothing.
 *
 * @req ORCH-3006, ORCH-3036
 */
export class TokenBucket {
  #perMs: number;
  #burst: number;
  #level: number;
  #lastMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#perMs = rate.perSecond / 1000;
    this.#burst = rate.burst;
    this.#level = rate.burst;
    this.#lastMs = nowMs;
  }

  /** Change the rate at a reload; what was used stays used. */
  retune(rate: Rate, nowMs: number): void {
    this.#refill(nowMs);
    this.#perMs = rate.perSecond / 1000;
    this.#level += rate.burst - this.#burst;
    this.#burst = rate.burst;
  }

  /**
   * Milliseconds until `amount` may be taken; 0 = now, Infinity where the rate is 0. More than `burst` at once may be
   * taken from a full bucket: else such a request could never pass.
   */
  waitMs(amount: number, nowMs: number): number {
    this.#refill(nowMs);
    const missing = Math.min(amount, this.#burst) - this.#level;
    // A billionth of slack: refilling in steps must not keep a bucket a rounding error short of full.
    if (missing <= this.#burst * 1e-9) return 0;
    return this.#perMs > 0 ? missing / this.#perMs : Infinity;
  }

  take(amount: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#level -= amount;
  }

  /** Tokens in it now; `null` = it is full. */
  levelAt(nowMs: number): number | null {
    this.#refill(nowMs);
    return this.#level >= this.#burst ? null : this.#level;
  }

  /** Take over what an earlier run left at `atMs`. */
  restore(level: number, atMs: number): void {
    this.#level = Math.min(this.#burst, level);
    this.#lastMs = atMs;
  }

  /** As {@link take}, by an earlier run: after {@link restore} or from the full bucket of then, in order of time. */
  takeEarlier(amount: number, atMs: number): void {
    if (this.#level >= this.#burst) this.#lastMs = Math.min(this.#lastMs, atMs);
    this.take(amount, atMs);
  }

  /** Correct an estimate once the true amount is known; negative = more was used than was taken. */
  giveBack(amount: number): void {
    this.#level = Math.min(this.#burst, this.#level + amount);
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#lastMs) return;
    this.#level = Math.min(this.#burst, this.#level + (nowMs - this.#lastMs) * this.#perMs);
    this.#lastMs = nowMs;
  }
}
