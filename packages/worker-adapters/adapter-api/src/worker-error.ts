/**
 * The one error an adapter throws. It owns the mapping of a failure to our kinds' carrier; it renders nothing.
 */
import type { WorkerErrorKind } from './worker-adapter.ts';

export type WorkerErrorDetails = {
  /** True where another replica may well succeed: the worker died, stalled or broke the stream. */
  readonly mayRunAgain: boolean;
  readonly cause?: unknown;
};

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
