/**
 * The one place where an error becomes an answer. It knows no framework and no route.
 */
import { type ErrorEnvelope, errorKinds, OrchError, toErrorEnvelope } from '@llama-orch/api-types';
import type { Logger } from './log.ts';

export type RenderedError = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorEnvelope;
};

/**
 * Status, headers and envelope of whatever was thrown. What is not an {@link OrchError} is our fault: it becomes `internal` with the
 * table's text, and its cause goes to the log only.
 *
 * @param log - Already carries what is known of the request.
 * @req ORCH-2006, ORCH-2007, ORCH-2012
 */
export const renderError = (
  error: unknown,
  { correlationId, log }: { readonly correlationId: string; readonly log: Logger },
): RenderedError => {
  const known = OrchError.from(error, 'internal');
  const { kind, retryAfterMs } = known;
  if (errorKinds[kind].code === 'INTERNAL')
    log.error({ event: 'request_failed', correlation_id: correlationId, error_kind: kind, err: known.cause ?? known }, 'request failed');

  const { engine, poolId, policyLabel, details, retriable } = known;
  return {
    status: errorKinds[kind].status,
    headers: {
      'content-type': 'application/json',
      'x-correlation-id': correlationId,
      ...(retryAfterMs !== undefined && waitHeaders(retryAfterMs)),
      ...(typeof details?.['queue_position'] === 'number' && { 'x-queue-position': String(details['queue_position']) }),
      ...(errorKinds[kind].status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    body: toErrorEnvelope(kind, { correlationId, message: known.message, engine, poolId, retryAfterMs, policyLabel, details, retriable }),
  };
};

/** `Retry-After` has whole seconds only, so the exact wait stands beside it; neither is ever shorter than the wait. */
const waitHeaders = (retryAfterMs: number): Record<string, string> => {
  const waitMs = Math.max(0, Math.ceil(retryAfterMs));
  return { 'retry-after': String(Math.ceil(waitMs / 1000)), 'x-backoff-ms': String(waitMs) };
};
