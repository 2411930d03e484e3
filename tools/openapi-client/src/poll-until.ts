/** Looks at something until it is as wanted. It knows not what it looks at. */
import { defaultBackoff, pause } from './backoff.ts';
import { retrying, type WaitOptions } from './call.ts';

/**
 * What the first look found that is as wanted. A look that fails for a passing reason (a lost connection, a 503) is made again.
 *
 * @throws The failure of the `maxAttempts`-th look in a row or of one that will not pass, or the signal's reason.
 */
export async function pollUntil<Seen>(
  look: () => Promise<Seen>,
  isWanted: (seen: Seen) => boolean,
  { signal, pollMs = 250, maxAttempts = 10 }: WaitOptions,
): Promise<Seen> {
  for (;;) {
    const seen = await retrying(look, { signal, maxAttempts, backoff: defaultBackoff });
    if (isWanted(seen)) {
      return seen;
    }
    await pause(pollMs, signal);
  }
}
