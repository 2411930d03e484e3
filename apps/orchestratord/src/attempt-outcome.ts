/** The end of an attempt in the core's words. Pure; what follows from it is the core's to say. */
import type { AttemptOutcome } from '@llama-orch/orchestrator-core';
import type { Attempt, AttemptSettled, WorkerEnd } from './attempt.ts';
import type { Task } from './task.ts';

export const toOutcome = (settled: AttemptSettled): AttemptOutcome => {
  switch (settled.kind) {
    case 'succeeded': {
      const { finishReason, tokensIn, tokensOut, cachedTokens } = settled.end;
      return { kind: 'succeeded', finishReason, tokensIn, tokensOut, cachedTokens };
    }
    case 'aborted':
      return { kind: 'aborted' };
    case 'failed': {
      const { kind, message, mayRunAgain } = settled.error;
      const error = kind === 'aborted' ? 'worker-reset' : kind === 'busy' ? 'pool-unready' : kind;
      return { kind: 'failed', error, message, mayRunAgain };
    }
  }
};

/** Whether the engine is known to hold no slot for it any more. */
export const isSlotFree = (settled: AttemptSettled): boolean =>
  settled.kind === 'succeeded' || (settled.kind === 'failed' && !settled.slotTaken);

/** How long it decoded, as seen here and as its engine says. Of one token there is no rate. */
export const decodeOf = ({ firstTokenAtMs }: Attempt, { engineDecodeMs, tokensOut }: WorkerEnd, nowMs: number): Task['decode'] =>
  firstTokenAtMs === null || engineDecodeMs === undefined || tokensOut < 2
    ? null
    : { observedMs: nowMs - firstTokenAtMs, engineMs: engineDecodeMs };
