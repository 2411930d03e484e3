/**
 * Slots of attempts that stopped, until their engine shows them free (ORCH-3017). It owns the looking and each worker's
 * count of releasing slots; what a slot that stays busy means is the core's decision.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@llama-orch/service-kit';
import type { Attempt } from './attempt.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Worker } from './fleet/worker.ts';

export type SlotReleasesOptions = {
  readonly fleet: Fleet;
  readonly log: Logger;
  readonly onFreed: (attempt: Attempt) => void;
};

/** Pause before a failed look is repeated. */
const retryMs = 1_000;

export class SlotReleases {
  readonly #options: SlotReleasesOptions;
  /**
   * The newest watch of each worker; each waits for the one before. The engine shows how many slots are busy, not whose: two
   * watches at a time would both take the same freed slot for theirs.
   */
  readonly #last = new WeakMap<Worker, Promise<void>>();

  constructor(options: SlotReleasesOptions) {
    this.#options = options;
  }

  /** The attempt has settled, and its engine may still hold its slot. Ends with `onFreed`, or with the worker. */
  watch(attempt: Attempt): void {
    const { worker } = attempt;
    worker.releasing += 1;
    const before = this.#last.get(worker) ?? Promise.resolve();
    this.#last.set(
      worker,
      before.then(() => this.#untilFree(attempt)),
    );
  }

  /** What the engine has decoding by our own knowledge, and what else is releasing, may be busy; beyond that nothing. */
  async #untilFree(attempt: Attempt): Promise<void> {
    const { fleet, log, onFreed } = this.#options;
    const { worker } = attempt;
    const never = new AbortController();
    while (fleet.worker(worker.replicaId) === worker) {
      try {
        await worker.adapter.confirmReleased({
          signal: never.signal,
          expectedBusy: () => worker.decoding + worker.releasing - 1,
          expectedInFlight: () => worker.running + worker.releasing - 1,
        });
        worker.releasing -= 1;
        onFreed(attempt);
        return;
      } catch (cause) {
        log.debug({ event: 'release_unconfirmed', replica_id: worker.replicaId, err: cause }, 'slot not shown free yet');
        await pause(retryMs, undefined, { ref: false });
      }
    }
    worker.releasing -= 1;
  }
}
