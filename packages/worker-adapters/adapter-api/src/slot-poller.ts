/**
 * One schedule for all who want an engine's slots: at most one poll in each interval, shared by everybody who waits. It
 * owns the pace; what a poll says is the adapter's.
 */
import { abortedError } from './transport-error.ts';
import type { CancelOptions, SlotState } from './worker-adapter.ts';
import { WorkerError } from './worker-error.ts';

export type SlotPollerOptions = {
  readonly poll: (signal: AbortSignal) => Promise<readonly SlotState[]>;
  /** Least time between the starts of two polls, ms. */
  readonly intervalMs: number;
  /** How long after an abort the engine has usually noticed it, ms; a sooner poll would only use up the interval. */
  readonly settleMs: number;
  readonly nowMs: () => number;
};

/**
 * States: idle → scheduled (a timer runs, or a poll that must end first) → polling → idle.
 *
 * Who asks gets a poll that starts after the question: an older one could not know of an abort that was just made.
 */
export class SlotPoller {
  readonly #options: SlotPollerOptions;
  readonly #closing = new AbortController();
  #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;
  #polling = false;
  #lastStartMs = Number.NEGATIVE_INFINITY;

  constructor(options: SlotPollerOptions) {
    this.#options = options;
  }

  /** The slots as of a poll that has not started yet. */
  next(signal: AbortSignal): Promise<readonly SlotState[]> {
    if (signal.aborted) return Promise.reject(abortedError(signal.reason));
    if (this.#closing.signal.aborted) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        if (this.#waiting.length === 0) this.#stopTimer();
        waiter.reject(abortedError(signal.reason));
      };
      const waiter: Waiter = {
        resolve: (slots) => {
          signal.removeEventListener('abort', onAbort);
          resolve(slots);
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
   * Wait until no more slots are busy than the caller's other requests hold.
   *
   * The expectation is read before and after each poll and the smaller one counts, so that a request which started
   * meanwhile cannot pass for the canceled one's absence. A poll that fails because the engine does not answer is
   * repeated: whether the worker is dead is for others to say.
   */
  async confirmReleased({ signal, expectedBusy }: CancelOptions): Promise<void> {
    await this.#settle(signal);
    for (;;) {
      const expectedBefore = expectedBusy();
      let slots: readonly SlotState[];
      try {
        slots = await this.next(signal);
      } catch (thrown) {
        if (thrown instanceof WorkerError && thrown.mayRunAgain) continue;
        throw thrown;
      }
      const busy = slots.filter((slot) => slot.busy).length;
      if (busy <= Math.min(expectedBefore, expectedBusy())) return;
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
      const slots = await this.#options.poll(this.#closing.signal);
      for (const waiter of waiters) waiter.resolve(slots);
    } catch (thrown) {
      for (const waiter of waiters) waiter.reject(thrown);
    } finally {
      this.#polling = false;
      this.#schedule();
    }
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

type Waiter = {
  readonly resolve: (slots: readonly SlotState[]) => void;
  readonly reject: (error: unknown) => void;
};

const closedError = (): WorkerError => new WorkerError('aborted', 'The adapter was closed.', { mayRunAgain: false });
