/** What the core is told of an attempt's end, and of its slot. */
import { WorkerError } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { isSlotFree, toOutcome } from './attempt-outcome.ts';
import type { AttemptSettled } from './attempt.ts';

const failed = (kind: WorkerError['kind'], slotTaken: boolean): AttemptSettled => ({
  kind: 'failed',
  error: new WorkerError(kind, 'what happened', { mayRunAgain: true }),
  slotTaken,
});

test('[ORCH-3017] a slot is free only where the engine cannot hold it any more', () => {
  const end = { kind: 'end', finishReason: 'stop', tokensIn: 1, tokensOut: 2, cachedTokens: 0 } as const;
  expect(isSlotFree({ kind: 'succeeded', end })).toBe(true);
  expect(isSlotFree(failed('worker-reset', false))).toBe(true);
  expect(isSlotFree(failed('worker-reset', true))).toBe(false);
  expect(isSlotFree({ kind: 'aborted' })).toBe(false);
});

test('[ORCH-2006] what only adapters say is told in words that a client may read', () => {
  expect(toOutcome(failed('busy', false))).toMatchObject({ kind: 'failed', error: 'pool-unready', mayRunAgain: true });
  expect(toOutcome(failed('aborted', true))).toMatchObject({ kind: 'failed', error: 'worker-reset' });
  expect(toOutcome(failed('worker-reset', true))).toMatchObject({ error: 'worker-reset', message: 'what happened' });
});
