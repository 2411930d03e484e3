/**
 * The journal's scale of time: milliseconds near the Unix epoch that never jump and go on over restarts, so that a deadline or an age
 * means the same to every run of the controller. Wall clocks are set; within one boot nobody needs them.
 */
import { readFileSync } from 'node:fs';
import type { RunRecord } from './journal.ts';

/** Where a run begins, as the machine tells it. */
export type StartOfRun = {
  /** Names this boot of the machine; `null` where the system names none. */
  readonly bootId: string | null;
  /** Monotonic since boot, over all processes. */
  readonly uptimeMs: number;
  readonly epochMs: number;
};

export const startOfRun = (): StartOfRun => ({
  bootId: readBootId(),
  uptimeMs: Number(process.hrtime.bigint() / 1_000n) / 1_000,
  epochMs: Date.now(),
});

/**
 * When a run begins on the journal's scale.
 *
 * 1. The first run: at the wall clock's time.
 * 2. In the same boot as the one before: as long after it as the machine ran since.
 * 3. After a reboot: at the wall clock's time, but never before the last record. A clock that was set back meanwhile makes the time
 *    between seem nothing; one that was set forward, longer than it was.
 *
 * @param lastAtMs - Time of the newest record.
 */
export const beginRun = (before: RunRecord | null, lastAtMs: number, here: StartOfRun): RunRecord => {
  const { bootId, uptimeMs, epochMs } = here;
  const run = (atMs: number): RunRecord => ({ kind: 'run', atMs: Math.max(atMs, lastAtMs), bootId, uptimeMs });
  if (before === null) return run(epochMs); // 1
  if (bootId !== null && before.bootId === bootId && uptimeMs >= before.uptimeMs) return run(before.atMs + uptimeMs - before.uptimeMs); // 2
  return run(epochMs); // 3
};

/** The scale against the clock of this run. */
export class JournalTime {
  readonly #offsetMs: number;

  constructor(run: RunRecord, nowMs: number) {
    this.#offsetMs = run.atMs - nowMs;
  }

  /** A time of this run's clock on the journal's scale. */
  at(nowMs: number): number {
    return nowMs + this.#offsetMs;
  }

  /** The other way; below the clock's origin for what earlier runs wrote. */
  toNowMs(atMs: number): number {
    return atMs - this.#offsetMs;
  }
}

const readBootId = (): string | null => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return null; // Only Linux names its boots there.
  }
};
