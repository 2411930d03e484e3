/**
 * The one error an adapter throws. It owns the mapping of a failure to our kinds' carrier; it renders nothing.
 */
import type { WorkerErrorKind } from './worker-adapter.ts';

export type WorkerErrorDetails = {
  /** True where another replica may well succeed: the worker died, stalled or broke the stream. */
  readonly mayRunAgain: boolean;
  readonly cause?: unknown;
};

const longestQuote = 200;

/** An engine's own words inside a message of ours: quoted, and no more of them than a log line bears. */
export const quoteShortly = (words: string): string =>
  JSON.stringify(words.length > longestQuote ? `${words.slice(0, longestQuote)}…` : words);

/** A typed failure of a worker call. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
  readonly kind: WorkerErrorKind;
  readonly mayRunAgain: boolean;

  constructor(kind: WorkerErrorKind, message: string, details: WorkerErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.mayRunAgain = details.mayRunAgain;
  }
}
