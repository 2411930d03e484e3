/** Answers of workloads that give all at once, as worker events. It owns their form; where the results come from is the adapter's. */
import type { WorkerEvent } from './worker-adapter.ts';

/** What an embedding or a rerank task gives; `tokensIn` counts all of its inputs. */
export type WholeResult = { readonly tokensIn: number } & (
  | { readonly embeddings: readonly (readonly number[])[] }
  | { readonly scores: readonly number[] }
);

/** The one batch of such a task. */
export const wholeAnswer = (result: WholeResult): readonly WorkerEvent[] => [
  { kind: 'started' },
  { kind: 'end', finishReason: 'stop', tokensOut: 0, cachedTokens: 0, ...result },
];
