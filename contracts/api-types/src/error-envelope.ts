/** Turns an error kind and its facts into the envelope on the wire. It owns the envelope's form; who sends it is not its business. */
import { type ErrorKind, errorKinds } from './error-kind.ts';
import type { components } from './generated/data.ts';

type Schemas = components['schemas'];

/** What is known of one error beside its kind; a `message` absent or empty means the table's own text. */
export type ErrorFacts = {
  readonly correlationId: string;
  readonly message?: string | undefined;
  readonly engine?: Schemas['Engine'] | undefined;
  readonly poolId?: string | undefined;
  /** Milliseconds, ≥ 0; rounded up to whole ones. */
  readonly retryAfterMs?: number | undefined;
  readonly policyLabel?: Schemas['FullPolicy'] | undefined;
  readonly details?: Schemas['ErrorDetails'] | undefined;
  /** Default what the table says of the kind. */
  readonly retriable?: boolean | undefined;
};

/**
 * The envelope of one error: pure, no absent field is written.
 *
 * @req ORCH-2006, ORCH-3025
 */
export function toErrorEnvelope(kind: ErrorKind, facts: ErrorFacts): Schemas['ErrorEnvelope'] {
  const { code, meaning, retriable } = errorKinds[kind];
  return {
    code,
    message: facts.message || meaning,
    retriable: facts.retriable ?? retriable,
    correlation_id: facts.correlationId,
    ...(facts.engine !== undefined && { engine: facts.engine }),
    ...(facts.poolId !== undefined && { pool_id: facts.poolId }),
    ...(facts.retryAfterMs !== undefined && { retry_after_ms: Math.max(0, Math.ceil(facts.retryAfterMs)) }),
    ...(facts.policyLabel !== undefined && { policy_label: facts.policyLabel }),
    ...(facts.details !== undefined && { details: facts.details }),
  };
}
