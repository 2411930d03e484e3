/** What every call takes, and the repetition of one that may be repeated. It knows no operation. */
import { OrchApiError } from './api-error.ts';
import { type Backoff, waitBeforeRetry } from './backoff.ts';

export type CallOptions = {
  /** Ends the call, which then rejects with its reason. `AbortSignal.timeout(ms)` bounds a call's time; without one none is bounded. */
  readonly signal?: AbortSignal | undefined;
};

export type WaitOptions = CallOptions & {
  /** Milliseconds between two looks; default 250. */
  readonly pollMs?: number | undefined;
  /** Failed looks in a row before giving up; default 10. */
  readonly maxAttempts?: number | undefined;
};

/** A field that is absent rather than `undefined`, as `fetch` wants it. */
export function given(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Path parameters of the operations that are about one thing. */
export const ofId = (id: string) => ({ params: { path: { id } } });

/** Repeats a call that may be repeated, until it succeeds, fails for good, or has been tried `maxAttempts` times. */
export async function retrying<Answer>(
  call: () => Promise<Answer>,
  { signal, maxAttempts, backoff }: { readonly signal: AbortSignal | undefined; readonly maxAttempts: number; readonly backoff: Backoff },
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      const refusal = error instanceof OrchApiError ? error : null;
      // `fetch` reports every failure of the network as a TypeError.
      const mayPass = refusal === null ? error instanceof TypeError : refusal.retriable;
      if (!mayPass || attempt >= maxAttempts) {
        throw error;
      }
      await waitBeforeRetry(attempt, { backoff, advisedMs: refusal?.retryAfterMs ?? null, signal });
    }
  }
}
