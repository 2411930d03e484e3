/**
 * One schedule for all who want to know how busy an engine is: at most one poll in each interval, shared by everybody who
 * waits. It owns the pace; what a poll says is the adapter's.
 */
import { abortedError } from './transport-error.ts';
import type { CancelOptions, SlotState } from './worker-adapter.ts';
import { WorkerError } from './worker-error.ts';

/** @typeParam T - What one poll says: slots, or a load. */
export type SlotPollerOptions<T> = {
  readonly poll: (signal: AbortSignal) => Promise<T>;
  readonly busyOf: (polled: T) => number;
  /** What `busyOf` counts: slots that are taken, or requests inside the engine whether a slot took them or not. */
  readonly counts: 'slots' | 'requests';
  /** Least time between the starts of two polls, ms. */
  readonly intervalMs: number;
  /** How long after an abort the engine has usually noticed it, ms; a sooner poll would only use up the interval. */
  readonly settleMs: number;
  readonly nowMs: () => number;
  /**
   * For an engine whose figures may stand still though it is idle: makes it look again. Called before a poll once the figure has
   * been too high for `afterMs`, and again after as long.
   */
  readonly whenStuck?: { readonly afterMs: number; readonly nudge: (signal: AbortSignal) => Promise<void> };
};

/**
 * States: idle → scheduled (a timer runs, or a poll that must end first) → polling → idle.
 *
 * Who asks gets a poll that starts after the question: an older one could not know of an abort that was just made.
 */
export class SlotPoller<T> {
  readonly #options: SlotPollerOptions<T>;
  readonly #closing = new AbortController();
  #waiting: Waiter<T>[] = [];
  #timer: NodeJS.Timeout | null = null;
  #polling = false;
  #lastStartMs = Number.NEGATIVE_INFINITY;

  constructor(options: SlotPollerOptions<T>) {
    this.#options = options;
  }

  /** What a poll says that has not started yet. */
  next(signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(abortedError(signal.reason));
    if (this.#closing.signal.aborted) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        if (this.#waiting.length === 0) this.#stopTimer();
        waiter.reject(abortedError(signal.reason));
      };
      const waiter: Waiter<T> = {
        resolve: (polled) => {
          signal.removeEventListener('abort', onAbort);
          resolve(polled);
        },
        reject: (error) => {
          signal.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      signal.addEventListener('abort', onAbort);
      this.#waiting.push(waiter);
      this.#schedule();
    });
  }

  /**
   * Wait until the engine is no busier than the caller's other requests make it.
   *
   * The expectation is read before and after each poll and the smaller one counts, so that a request which started
   * meanwhile cannot pass for the canceled one's absence. A poll that fails because the engine does not answer is
   * repeated: whether the worker is dead is for others to say.
   */
  async confirmReleased(options: CancelOptions): Promise<void> {
    const { signal } = options;
    const { busyOf, counts, nowMs } = this.#options;
    const expected = counts === 'slots' ? options.expectedBusy : options.expectedInFlight;
    await this.#settle(signal);
    let nudgedMs = nowMs();
    for (;;) {
      const expectedBefore = expected();
      let polled: T;
      try {
        nudgedMs = await this.#nudgeAfter(nudgedMs, signal);
        polled = await this.next(signal);
      } catch (thrown) {
        if (thrown instanceof WorkerError && thrown.mayRunAgain) continue;
        throw thrown;
      }
      if (busyOf(polled) <= Math.min(expectedBefore, expected())) return;
    }
  }

  close(): void {
    this.#closing.abort();
    this.#stopTimer();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(closedError());
  }

  #schedule(): void {
    if (this.#timer !== null || this.#polling || this.#waiting.length === 0) return;
    const waitMs = Math.max(0, this.#lastStartMs + this.#options.intervalMs - this.#options.nowMs());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#poll();
    }, waitMs);
  }

  async #poll(): Promise<void> {
    const waiters = this.#waiting.splice(0);
    this.#polling = true;
    this.#lastStartMs = this.#options.nowMs();
    try {
      const polled = await this.#options.poll(this.#closing.signal);
      for (const waiter of waiters) waiter.resolve(polled);
    } catch (thrown) {
      for (const waiter of waiters) waiter.reject(thrown);
    } finally {
      this.#polling = false;
      this.#schedule();
    }
  }

  /** @returns when the engine was nudged last, ms. */
  async #nudgeAfter(nudgedMs: number, signal: AbortSignal): Promise<number> {
    const { whenStuck, nowMs } = this.#options;
    if (whenStuck === undefined || nowMs() - nudgedMs < whenStuck.afterMs) return nudgedMs;
    await whenStuck.nudge(AbortSignal.any([signal, this.#closing.signal]));
    return nowMs();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #settle(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortedError(signal.reason));
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#closing.signal.removeEventListener('abort', end);
        if (signal.aborted) reject(abortedError(signal.reason));
        else resolve();
      };
      const timer = setTimeout(end, this.#options.settleMs);
      signal.addEventListener('abort', end);
      this.#closing.signal.addEventListener('abort', end);
    });
  }
}

type Waiter<T> = {
  readonly resolve: (polled: T) => void;
  readonly reject: (error: unknown) => void;
};

/** `busyOf` for an engine that lists its slots. */
export const busySlots = (slots: readonly SlotState[]): number => slots.filter((slot) => slot.busy).length;

const closedError = (): WorkerError => new WorkerError('aborted', 'The adapter was closed.', { mayRunAgain: false });
