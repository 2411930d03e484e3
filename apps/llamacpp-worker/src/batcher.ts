/**
 * Continuous batching: each step computes one token for every slot that generates and a piece of the prompts that
 * wait, in one call to llama.cpp. The only owner of the decoder and of what each slot's KV holds. Knows nothing of HTTP,
 * of text, or of who waits for a slot.
 */
import type { BatchRow, Decoder, Sampler, SamplerConfig } from './decoder.ts';

export type Run = {
  readonly slot: number;
  /** At least one token, fewer than the slot's context. */
  readonly prompt: readonly number[];
  /** Whether the KV of the slot's last run may be used where it begins with the same tokens. */
  readonly cachePrompt: boolean;
  readonly sampler: SamplerConfig;
  /** The prompt begins; its first `cachedTokens` are in the KV. */
  readonly onStart: (cachedTokens: number) => void;
  /** `promptTokens` more tokens of the prompt are computed. */
  readonly onPrompt: (promptTokens: number) => void;
  /** A token was drawn; `kvTokens` are in the KV, the new one not yet. Returns whether to go on. */
  readonly onToken: (token: number, kvTokens: number) => boolean;
};

/** Told about every call to llama.cpp. */
export type StepListener = (step: { readonly busySlots: number; readonly longestSequence: number }) => void;

type ActiveRun = {
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly settle: (error: unknown) => void;
  /** `undefined` before the first step. */
  sampler: Sampler | undefined;
  /** The drawn token, not yet in the KV; `undefined` while the prompt is computed. */
  next: number | undefined;
};

export class Batcher {
  readonly #decoder: Decoder;
  readonly #onStep: StepListener;
  /** Tokens in the KV, by slot. Equal to llama.cpp's own state between two steps. */
  readonly #kv: number[][];
  /** By slot, so that rows come in the order of sequences (llama.cpp computes neighbours together). */
  readonly #active: (ActiveRun | undefined)[];
  #stepping: Promise<void> | undefined;

  constructor(decoder: Decoder, onStep: StepListener) {
    this.#decoder = decoder;
    this.#onStep = onStep;
    this.#kv = Array.from({ length: decoder.sequences }, () => []);
    this.#active = Array.from({ length: decoder.sequences }, () => undefined);
  }

  /**
   * Runs until `onToken` says stop or `signal` aborts, and resolves when the slot is free again, an abort included; it
   * waits at most for the running step. Rejects with llama.cpp's error. The slot must be free.
   */
  run(run: Run, signal: AbortSignal): Promise<void> {
    if (this.#active[run.slot] !== undefined) throw new Error(`slot ${run.slot} is busy`);
    return new Promise((resolve, reject) => {
      const settle = (error: unknown): void => {
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#active[run.slot] = { run, signal, settle, sampler: undefined, next: undefined };
      this.#stepping ??= this.#stepWhileActive();
    });
  }

  /** Tokens in the slot's KV: those that a run with the same beginning need not compute again. */
  kvTokens(slot: number): readonly number[] {
    return this.#kv[slot] ?? [];
  }

  /** Resolves when no call to llama.cpp is under way. */
  async whenIdle(): Promise<void> {
    await this.#stepping;
  }

  async #stepWhileActive(): Promise<void> {
    // Runs that are begun in one tick share their first step.
    await Promise.resolve();
    while (this.#active.some((active) => active !== undefined)) await this.#step();
    this.#stepping = undefined;
  }

  async #step(): Promise<void> {
    for (const active of this.#active) if (active !== undefined) this.#begin(active);
    const share = this.#sharePromptRows();
    const rows = this.#active.flatMap((active) => (active === undefined ? [] : this.#rowsOf(active, share.get(active) ?? 0)));
    if (rows.length === 0) return;
    let logitIndexes: readonly number[];
    try {
      logitIndexes = await this.#decoder.decode(rows);
    } catch (error) {
      this.#failAll(error);
      return;
    }
    this.#noteStep(rows);
    const sampled = rows.filter((row) => row.wantsLogits);
    for (const [nth, row] of sampled.entries()) await this.#sample(row.sequence, logitIndexes[nth] ?? -1);
  }

  /** Starts what is new and drops what was aborted. */
  #begin(active: ActiveRun): void {
    if (active.signal.aborted) {
      this.#end(active, undefined);
      return;
    }
    if (active.sampler !== undefined) return;
    const { slot, prompt, cachePrompt, sampler, onStart } = active.run;
    try {
      const common = cachePrompt ? commonPrefixLength(this.kvTokens(slot), prompt) : 0;
      // At least one token must be computed: logits are not kept.
      const kept = this.#decoder.truncate(slot, Math.min(common, prompt.length - 1));
      this.#kv[slot]?.splice(kept);
      active.sampler = this.#decoder.createSampler(sampler);
      onStart(kept);
    } catch (error) {
      this.#end(active, error);
    }
  }

  /** Equal parts of a step's prompt rows; what a short prompt leaves goes to the longer ones, so none waits for another. */
  #sharePromptRows(): ReadonlyMap<ActiveRun, number> {
    const wanted = this.#active
      .filter((active) => active !== undefined)
      .filter((active) => active.next === undefined)
      .map((active) => ({ active, rows: active.run.prompt.length - this.kvTokens(active.run.slot).length }))
      .toSorted((a, b) => a.rows - b.rows);
    let left = this.#decoder.promptRows;
    return new Map(
      wanted.map(({ active, rows }, nth) => {
        const share = Math.min(rows, Math.ceil(left / (wanted.length - nth)));
        left -= share;
        return [active, share];
      }),
    );
  }

  #rowsOf(active: ActiveRun, promptRows: number): BatchRow[] {
    const { slot, prompt } = active.run;
    const from = this.kvTokens(slot).length;
    if (active.next !== undefined) return [{ sequence: slot, position: from, token: active.next, wantsLogits: true }];
    return prompt.slice(from, from + promptRows).map((token, nth) => {
      const position = from + nth;
      return { sequence: slot, position, token, wantsLogits: position === prompt.length - 1 };
    });
  }

  #noteStep(rows: readonly BatchRow[]): void {
    for (const row of rows) this.#kv[row.sequence]?.push(row.token);
    const slots = new Set(rows.map((row) => row.sequence));
    for (const slot of slots) {
      const active = this.#active[slot];
      if (active?.next === undefined) active?.run.onPrompt(rows.filter((row) => row.sequence === slot).length);
    }
    this.#onStep({ busySlots: slots.size, longestSequence: Math.max(...Array.from(slots, (slot) => this.kvTokens(slot).length)) });
  }

  async #sample(slot: number, logitIndex: number): Promise<void> {
    const active = this.#active[slot];
    if (active?.sampler === undefined) return;
    if (active.signal.aborted) {
      this.#end(active, undefined);
      return;
    }
    try {
      const token = await this.#decoder.sample(logitIndex, active.sampler);
      // The client may have left while the token was drawn: nothing of it may follow.
      if (active.signal.aborted || !active.run.onToken(token, this.kvTokens(slot).length)) this.#end(active, undefined);
      else active.next = token;
    } catch (error) {
      this.#end(active, error);
    }
  }

  /** llama.cpp does not say which rows it had computed, so the KV of every slot that took part is forgotten. */
  #failAll(error: unknown): void {
    for (const active of this.#active) {
      if (active === undefined) continue;
      this.#decoder.truncate(active.run.slot, 0);
      this.#kv[active.run.slot] = [];
      this.#end(active, error);
    }
  }

  #end(active: ActiveRun, error: unknown): void {
    this.#active[active.run.slot] = undefined;
    active.sampler?.dispose();
    active.settle(error);
  }
}

export function commonPrefixLength(left: readonly number[], right: readonly number[]): number {
  const limit = Math.min(left.length, right.length);
  let length = 0;
  while (length < limit && left[length] === right[length]) length++;
  return length;
}
