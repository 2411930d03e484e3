/**
 * Waiting for a condition instead of for time. It owns the deadline and the message of a wait that failed; it knows nothing of
 * what is waited for.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** Between two looks. */
const lookEveryMs = 20;

export type WaitOptions = {
  /** Default 20,000. */
  readonly withinMs?: number;
  /** What is told besides the name when the wait fails, for example the last log lines. */
  readonly describe?: () => string;
};

/**
 * Look until `look` gives something other than `undefined` or `false`.
 *
 * @param what - A sentence's end: "expected WHAT".
 * @param look - May reject while the thing waited for is not there yet; the last reason is told when time is up.
 * @throws Error naming what was expected, when it is not there in time.
 */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value | undefined | false> | Value | undefined | false,
  { withinMs = 20_000, describe }: WaitOptions = {},
): Promise<Value> {
  const deadlineMs = performance.now() + withinMs;
  let reason: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== false) return value;
      reason = undefined;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > deadlineMs) {
      const details = describe === undefined ? '' : `\n${describe()}`;
      throw new Error(`expected ${what} within ${withinMs} ms${details}`, { cause: reason });
    }
    await delay(lookEveryMs);
  }
}
