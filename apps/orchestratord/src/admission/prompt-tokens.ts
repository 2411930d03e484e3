/**
 * How many tokens a prompt has (ORCH-3015): the engine's own tokenizer where it matters, a documented bound where that
 * already decides. It holds digests of prompts, never prompts.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '@llama-orch/service-kit';
import type { Fleet } from '../fleet/fleet.ts';

/** Counts remembered; a repeated prompt asks no engine. */
const cacheSize = 10_000;
/** Special tokens an engine may add around a prompt (BOS, EOS, a space prefix). */
const specialTokens = 8;
/** A tokenizer that takes longer is passed over for the bound. */
const tokenizeTimeoutMs = 2_000;

/**
 * No tokenizer in use makes more tokens than the text has UTF-8 bytes: the smallest piece any of them knows is one byte.
 */
export const promptTokensBound = (text: string): number => Buffer.byteLength(text, 'utf8') + specialTokens;

/** @req ORCH-3015 */
export class PromptTokens {
  readonly #fleet: Fleet;
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();
  readonly #asking = new Map<string, Promise<number>>();

  constructor(fleet: Fleet, log: Logger) {
    this.#fleet = fleet;
    this.#log = log;
  }

  /**
   * Tokens of `text` under the model's tokenizer, or the bound.
   *
   * 1. Where the bound fits `roomTokens`, no count could refuse the task: the bound is the answer and no engine is asked.
   * 2. A remembered count is the answer.
   * 3. Else a Ready worker of the model counts; where none can, the bound is the answer.
   *
   * @param roomTokens - What `ctx` leaves for the prompt.
   */
  async count(modelDigest: string, text: string, roomTokens: number): Promise<number> {
    const bound = promptTokensBound(text);
    if (bound <= roomTokens) return bound;
    const key = createHash('sha256').update(modelDigest).update('\0').update(text).digest('base64');
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#ask(modelDigest, text, bound, key).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  async #ask(modelDigest: string, text: string, bound: number, key: string): Promise<number> {
    const worker = this.#fleet.workerOfModel(modelDigest);
    if (worker?.adapter.countTokens === undefined) return bound;
    try {
      const count = await worker.adapter.countTokens(text, AbortSignal.timeout(tokenizeTimeoutMs));
      if (this.#counts.size >= cacheSize) {
        const oldest = this.#counts.keys().next();
        if (!oldest.done) this.#counts.delete(oldest.value);
      }
      this.#counts.set(key, count);
      return count;
    } catch (cause) {
      this.#log.warn(
        { event: 'tokenize_failed', replica_id: worker.replicaId, err: cause },
        'tokenizer did not answer; the upper bound is used',
      );
      return bound;
    }
  }
}
