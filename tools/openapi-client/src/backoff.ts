/** How long to wait before the next attempt, and the waiting. It knows nothing of what is attempted. */
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds: the first wait, and the longest one. An advised wait may be longer than that. */
export type Backoff = { readonly baseMs: number; readonly maxMs: number };

export const defaultBackoff: Backoff = { baseMs: 100, maxMs: 10_000 };

/** A timer takes no longer delay; a longer one would fire at once. */
const maxTimerMs = 2_147_483_647;

/**
 * Wait before the `failures`-th retry (1 for the first). An advised wait is kept, plus up to a tenth, so that clients refused together do
 * not come back together; without one the delay doubles each time, and between half and all of it is waited.
 *
 * @throws The signal's reason once it aborts.
 */
export async function waitBeforeRetry(
  failures: number,
  options: { readonly backoff: Backoff; readonly advisedMs: number | null; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const { backoff, advisedMs, signal } = options;
  const doubled = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30));
  const ownMs = doubled * (0.5 + Math.random() / 2);
  // Advice of 0 is no leave to spin.
  await pause(advisedMs === null ? ownMs : Math.max(advisedMs * (1 + Math.random() / 10), backoff.baseMs / 2), signal);
}

/**
 * Wait that long.
 *
 * @throws The signal's reason once it aborts.
 */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  try {
    await delay(Math.min(Math.ceil(ms), maxTimerMs), undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
