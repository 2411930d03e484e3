/**
 * The members of node-llama-cpp that its types hide, in one place and checked when the model is loaded. Version 3.21.1 is
 * pinned for them.
 *
 * Why not `sequence.evaluate()`: it draws the tokens of all sequences in parallel threads, and llama.cpp puts the logits
 * of a mixed batch into order at the first read, without a lock. Sometimes a sequence then gets another's token: of 80
 * answers from four slots with one seed 2 were unlike the others, with one thread in the pool none. Drawing one after the
 * other, and composing the batches with that in mind, is possible one level lower.
 */
import type { LlamaContext, LlamaModel } from 'node-llama-cpp';

export interface NativeSampler {
  applyConfig(config: NativeSamplerConfig): void;
  dispose(): void;
}

/** A missing member switches its sampler off. */
export type NativeSamplerConfig = {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: number;
  readonly repeatPenalty?: number;
  readonly repeatPenaltyMaxTokens?: number;
  readonly repeatPenaltyTokens?: Uint32Array;
  readonly repeatPenaltyPresencePenalty?: number;
  readonly repeatPenaltyFrequencyPenalty?: number;
  readonly tokenBiasKeys?: Uint32Array;
  readonly tokenBiasValues?: Float32Array;
};

export interface NativeContext {
  initBatch(rows: number): void;
  /** Returns for each of `logitIndexes` (places in `tokens`) its index for `sampleToken`. */
  addToBatch(sequence: number, firstPosition: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  /** Computes in another thread. */
  decodeBatch(): Promise<void>;
  /** Draws in another thread; -1 = no token could be drawn. */
  sampleToken(logitIndex: number, sampler: NativeSampler): Promise<number>;
  removeTokenCellsFromSequence(sequence: number, from: number, until: number): boolean;
  disposeSequence(sequence: number): void;
  setThreads(threads: number): void;
}

export type Native = { readonly context: NativeContext; readonly createSampler: () => NativeSampler };

/** Names of the hidden members; the rest of the native classes is not used. */
const contextMembers = [
  'initBatch',
  'addToBatch',
  'decodeBatch',
  'sampleToken',
  'removeTokenCellsFromSequence',
  'disposeSequence',
  'setThreads',
] as const satisfies readonly (keyof NativeContext)[];

/** @errors throws if this version of node-llama-cpp is built differently */
export function openNative(context: LlamaContext, model: LlamaModel): Native {
  const nativeContext = hidden(context, '_ctx');
  const nativeModel = hidden(model, '_model');
  const Sampler = hidden(hidden(hidden(model, '_llama'), '_bindings'), 'AddonSampler');
  if (!isNativeContext(nativeContext) || nativeModel === undefined || !isSamplerClass(Sampler)) {
    throw new Error('this node-llama-cpp is built otherwise than 3.21.1, which this worker needs');
  }
  return { context: nativeContext, createSampler: () => new Sampler(nativeModel) };
}

function hidden(owner: unknown, name: string): unknown {
  return typeof owner === 'object' && owner !== null ? Reflect.get(owner, name) : undefined;
}

function isNativeContext(value: unknown): value is NativeContext {
  return contextMembers.every((name) => typeof hidden(value, name) === 'function');
}

function isSamplerClass(value: unknown): value is new (model: unknown) => NativeSampler {
  return typeof value === 'function' && 'applyConfig' in value.prototype && 'dispose' in value.prototype;
}
