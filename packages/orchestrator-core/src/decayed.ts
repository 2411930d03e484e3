/** Measured rates that forget: how much came per millisecond lately, and how fast a queue drains while it holds tasks. */

const DRAIN_MEMORY_MS = 60_000;

/** Amount per millisecond over about the last `memoryMs`, unbiased from the first observation on. */
export class DecayedRate {
  readonly #memoryMs: number;
  #amount = 0;
  #spanMs = 0;
  #lastMs = Number.NaN;

  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  add(amount: number, nowMs: number): void {
    this.#age(nowMs);
    this.#amount += amount;
  }

  /** 0 before anything was seen. */
  perMs(nowMs: number): number {
    this.#age(nowMs);
    // One second at least: two arrivals in one millisecond are no rate.
    return this.#amount / Math.max(this.#spanMs, 1000);
  }

  #age(nowMs: number): void {
    if (Number.isNaN(this.#lastMs)) this.#lastMs = nowMs;
    const elapsedMs = nowMs - this.#lastMs;
    if (elapsedMs <= 0) return;
    const kept = Math.exp(-elapsedMs / this.#memoryMs);
    this.#amount *= kept;
    this.#spanMs = this.#spanMs * kept + elapsedMs;
    if (this.#spanMs > this.#memoryMs) this.#spanMs = this.#memoryMs;
    this.#lastMs = nowMs;
  }
}

/**
 * Tasks that leave a queue per millisecond, counted only while it holds any: an idle hour says nothing about how fast a
 * full queue empties. A queue that stands still lowers its rate by standing.
 *
 * @req ORCH-2007
 */
export class DrainMeter {
  #left = 0;
  #busyMs = 0;
  /** Since when the queue holds tasks and time has not been counted yet; NaN = it is empty. */
  #sinceMs = Number.NaN;
  #measured = false;

  /** The queue went from empty to not empty. */
  onFilled(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  /** A task left for a replica; `remains` = tasks still queued. */
  onLeft(remains: number, nowMs: number): void {
    this.#count(nowMs);
    this.#left += 1;
    this.#measured = true;
    if (remains === 0) this.#sinceMs = Number.NaN;
  }

  /** The queue emptied without a dispatch (cancel, drop, deadline). */
  onEmptied(nowMs: number): void {
    this.#count(nowMs);
    this.#sinceMs = Number.NaN;
  }

  /** `null` before anything was measured. */
  perMs(nowMs: number): number | null {
    if (!this.#measured) return null;
    const pendingMs = Number.isNaN(this.#sinceMs) ? 0 : nowMs - this.#sinceMs;
    return this.#left / Math.max(this.#busyMs + pendingMs, 1);
  }

  #count(nowMs: number): void {
    if (Number.isNaN(this.#sinceMs)) return;
    const elapsedMs = nowMs - this.#sinceMs;
    const kept = Math.exp(-elapsedMs / DRAIN_MEMORY_MS);
    this.#left *= kept;
    this.#busyMs = this.#busyMs * kept + elapsedMs;
    this.#sinceMs = nowMs;
  }
}
