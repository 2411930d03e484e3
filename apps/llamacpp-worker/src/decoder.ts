/**
 * The port to llama.cpp: one context with a sequence of KV cells per slot. The batcher is its only user and never calls
 * it twice at a time. Knows no requests.
 */

/** One token to be computed. Rows of one sequence are in order of position. */
export type BatchRow = {
  readonly sequence: number;
  readonly position: number;
  readonly token: number;
  /** Whether a token will be sampled after this one. */
  readonly wantsLogits: boolean;
};

/** What decides the next token, fixed for one request. `seed` is the one used, never "random". */
export type SamplerConfig = {
  readonly seed: number;
  /** 0 = greedy. */
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repeatPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** The last tokens of the prompt that the penalties look at, at most `penaltyTokens`. */
  readonly penaltyHistory: readonly number[];
  readonly penaltyTokens: number;
  readonly logitBias: ReadonlyMap<number, number>;
};

/** The state of one request's random numbers and penalties. */
export interface Sampler {
  dispose(): void;
}

export interface Decoder {
  /** Number of sequences, ids from 0. */
  readonly sequences: number;
  /** Tokens that one sequence holds. */
  readonly ctxTokens: number;
  /** Prompt rows that one call to `decode` takes at most, beside one row for each sequence. */
  readonly promptRows: number;
  /** Computes the rows; the result has one index for each row that wants logits, in their order. */
  decode(rows: readonly BatchRow[]): Promise<readonly number[]>;
  /** Draws a token from the logits of the last `decode`. Calls must not overlap (see engine.ts). */
  sample(logitIndex: number, sampler: Sampler): Promise<number>;
  createSampler(config: SamplerConfig): Sampler;
  /** Forgets all but the first `keep` tokens of a sequence; returns how many really stay, which may be 0. */
  truncate(sequence: number, keep: number): number;
}
