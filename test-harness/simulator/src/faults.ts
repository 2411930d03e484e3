/** What goes wrong, and when: crashes, restarts, silent agents, drained pools, hung and broken requests. It decides times, it breaks nothing. */
import type { Options } from './options.ts';
import { Rng } from './rng.ts';

const HOUR_MS = 3_600_000;
const HANG_CHANCE = 0.00002;
/** Crashes for each worker that lives on and breaks all it gets. */
const ROT_RARITY = 4;
/** Operators drain pools more often than good workers crash. */
const LONGEST_MEAN_UNTIL_DRAIN_MS = 12 * HOUR_MS;
const BREAK_CHANCE = 0.0005;

export class Faults {
  readonly #rng: Rng;
  /** Of its own, so that every other draw stays what it was. */
  readonly #rots: Rng;
  readonly #drains: Rng;
  readonly #mtbfMs: number;

  constructor(options: Options) {
    this.#rng = new Rng(options.seed, 'faults');
    this.#rots = new Rng(options.seed, 'rot');
    this.#drains = new Rng(options.seed, 'drains');
    this.#mtbfMs = options.mtbfHours * HOUR_MS;
  }

  get any(): boolean {
    return this.#mtbfMs > 0;
  }

  /** From Ready to the next crash; Infinity where nothing fails. */
  untilCrashMs(): number {
    return this.any ? this.#rng.exponential(this.#mtbfMs) : Infinity;
  }

  /** From Ready to the next silence of its agent: as often as crashes. */
  untilSilenceMs(): number {
    return this.any ? this.#rng.exponential(this.#mtbfMs) : Infinity;
  }

  /** From Ready until it breaks whatever it gets, while its agent finds nothing wrong; rarer than crashes. */
  untilRotMs(): number {
    return this.any ? this.#rots.exponential(ROT_RARITY * this.#mtbfMs) : Infinity;
  }

  /** How fast a rotten worker breaks what it gets. */
  rotMs(): number {
    return this.#rots.between(5, 50);
  }

  /** From the start, or from the last resume, until its operators drain the pool: as often as crashes, and twice a day at least. */
  untilDrainMs(): number {
    return this.any ? this.#drains.exponential(Math.min(this.#mtbfMs, LONGEST_MEAN_UNTIL_DRAIN_MS)) : Infinity;
  }

  /** What still runs there may go on for `graceMs`; the pool is resumed after `lengthMs`, before that or later. */
  drain(): { readonly graceMs: number; readonly lengthMs: number } {
    return { graceMs: Math.round(this.#drains.between(0, 30_000)), lengthMs: this.#drains.between(5000, 60_000) };
  }

  silenceMs(): number {
    return this.#rng.between(3000, 60_000);
  }

  /** From the crash until the agent has told the controller. */
  noticeMs(): number {
    return this.#rng.between(0, 1000);
  }

  /** From the crash until a new worker is Ready; one in ten needs a repair. */
  recovery(): { readonly kind: 'restart' | 'repair'; readonly afterMs: number } {
    return this.#rng.chance(0.1)
      ? { kind: 'repair', afterMs: this.#rng.between(120_000, 900_000) }
      : { kind: 'restart', afterMs: this.#rng.between(5000, 60_000) };
  }

  /** From an abort until the engine shows the slot free. */
  releaseMs(): number {
    return this.#rng.between(5, 400);
  }

  hangs(): boolean {
    return this.any && this.#rng.chance(HANG_CHANCE);
  }

  /** The connection breaks in the middle; the worker lives. */
  breaks(): boolean {
    return this.any && this.#rng.chance(BREAK_CHANCE);
  }

  /** Whether, and after how long, a client gives up on its task. */
  cancelAfterMs(): number | null {
    return this.#rng.chance(0.02) ? this.#rng.exponential(8000) : null;
  }

  /** How much later than advised a client comes back. */
  jitterMs(): number {
    return this.#rng.exponential(50);
  }
}
