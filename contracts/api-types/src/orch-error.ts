/**
 * The one exception class of the services. It carries a kind of the table and what an envelope may tell; it knows nothing of HTTP or
 * of correlation ids.
 */
import type { ErrorFacts } from './error-envelope.ts';
import { type ErrorKind, errorKinds } from './error-kind.ts';

/** What an error may tell beside its kind; `cause` goes to the log only. */
export type OrchErrorFacts = Omit<ErrorFacts, 'correlationId'> & { readonly cause?: unknown };

/** An error with its kind; its message is the table's text unless another one is given. */
export class OrchError extends Error {
  override readonly name = 'OrchError';
  readonly kind: ErrorKind;
  readonly engine: OrchErrorFacts['engine'];
  readonly poolId: OrchErrorFacts['poolId'];
  /** Milliseconds. */
  readonly retryAfterMs: OrchErrorFacts['retryAfterMs'];
  readonly policyLabel: OrchErrorFacts['policyLabel'];
  readonly details: OrchErrorFacts['details'];
  readonly retriable: boolean;

  constructor(kind: ErrorKind, facts: OrchErrorFacts = {}) {
    super(facts.message || errorKinds[kind].meaning, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.engine = facts.engine;
    this.poolId = facts.poolId;
    this.retryAfterMs = facts.retryAfterMs;
    this.policyLabel = facts.policyLabel;
    this.details = facts.details;
    this.retriable = facts.retriable ?? errorKinds[kind].retriable;
  }

  /**
   * An `OrchError` of whatever was caught: itself if it is one, else one of `kind` with the table's text and `error` as its cause, so
   * that foreign text never reaches a client by accident.
   */
  static from(error: unknown, kind: ErrorKind, facts: Omit<OrchErrorFacts, 'cause'> = {}): OrchError {
    return isOrchError(error) ? error : new OrchError(kind, { ...facts, cause: error });
  }
}

/** Whether a caught value is an {@link OrchError}. */
export function isOrchError(error: unknown): error is OrchError {
  return error instanceof OrchError;
}
