/** Work that needs a slot but no decoding in it: embeddings and ranks. They wait in the same queue as completions. */
import type { WorkerTask } from './generation.ts';
import type { Metrics } from './metrics.ts';
import type { SlotPool } from './slots.ts';

/** Runs the action, which computes `tokens` tokens, in a slot; `undefined` when `signal` aborted before it had one. */
export type SlotWork = <Result>(tokens: number, signal: AbortSignal, action: () => Promise<Result>) => Promise<Result | undefined>;

export type SlotWorkDeps = {
  readonly pool: SlotPool<WorkerTask>;
  readonly metrics: Metrics;
  readonly nextTaskId: () => number;
  /** Milliseconds, any origin. */
  readonly nowMs: () => number;
};

const anySlot = { idSlot: -1, promptTokens: 1, cachedTokens: () => 0 };

export function createSlotWork({ pool, metrics, nextTaskId, nowMs }: SlotWorkDeps): SlotWork {
  return async (tokens, signal, action) => {
    const slot = await pool.claim(anySlot, signal);
    if (slot === undefined) return undefined;
    pool.describe(slot, { id: nextTaskId(), completion: undefined });
    const startMs = nowMs();
    try {
      const result = await action();
      metrics.onEnd({ cachedTokens: 0, promptTokens: tokens, promptMs: nowMs() - startMs, predictedTokens: 0, predictedMs: 0 });
      return result;
    } finally {
      pool.release(slot);
    }
  };
}
