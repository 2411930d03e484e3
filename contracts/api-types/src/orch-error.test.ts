/** What an error carries, and what its envelope tells. */
import { expect, test } from 'vitest';
import { toErrorEnvelope } from './error-envelope.ts';
import { OrchError } from './orch-error.ts';

test('[ORCH-2006] an envelope holds the facts that apply and no others', () => {
  expect(
    toErrorEnvelope('queue-full', { correlationId: 'c1', retryAfterMs: 12.2, policyLabel: 'reject', engine: 'vllm', poolId: undefined }),
  ).toEqual({
    code: 'ADMISSION_REJECT',
    message: 'The queue is full under `reject` or `shed-low-priority`.',
    retriable: true,
    correlation_id: 'c1',
    engine: 'vllm',
    retry_after_ms: 13,
    policy_label: 'reject',
  });
  expect(toErrorEnvelope('queue-full', { correlationId: 'c2', retriable: false, message: 'no', retryAfterMs: -1 })).toMatchObject({
    retriable: false,
    message: 'no',
    retry_after_ms: 0,
  });
});

test('[ORCH-3043] a foreign error keeps its text out of the message and in the cause', () => {
  const foreign = new Error('password=hunter2');
  const error = OrchError.from(foreign, 'internal', { poolId: 'a' });
  expect(error).toMatchObject({ kind: 'internal', message: 'Our fault.', poolId: 'a', retriable: false });
  expect(error.cause).toBe(foreign);
});

test('an OrchError passes a second catch unchanged', () => {
  const error = new OrchError('rate-limited', { retryAfterMs: 5, cause: 'x' });
  expect(OrchError.from(error, 'internal')).toBe(error);
});
