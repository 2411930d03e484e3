/** What every refusal must look like, whatever was wrong. It holds answers to the contract; it sends nothing. */
import { type ErrorEnvelope, type ErrorKind, errorKinds, validate } from '@llama-orch/api-types';
import { expect } from 'vitest';

/** An answer as far as a refusal is concerned. */
export type Refusal = {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly body: string;
};

/**
 * Expect the envelope of this kind: status, code, retriable, the contract's schema, and one correlation id in header and body.
 *
 * @param correlationId - The caller's, where it sent one that could be read.
 * @returns The envelope, for what is special about the kind.
 */
export function expectRefusal({ status, header, body }: Refusal, kind: ErrorKind, correlationId?: string): ErrorEnvelope {
  const { code, retriable, status: expectedStatus } = errorKinds[kind];
  expect({ status, body }).toMatchObject({ status: expectedStatus });
  expect(header('content-type')).toMatch(/^application\/json/);
  const parsed = validate('ErrorEnvelope', JSON.parse(body));
  expect(parsed).toMatchObject({ ok: true, value: { code, retriable } });
  const envelope = JSON.parse(body) as ErrorEnvelope;
  expect(envelope.correlation_id).toBe(header('x-correlation-id'));
  if (correlationId !== undefined) expect(envelope.correlation_id).toBe(correlationId);
  // Nothing of the inside gets out: no stack, no path of ours.
  expect(body).not.toMatch(/node_modules|\.ts:\d|at \w+ \(/);
  return envelope;
}
