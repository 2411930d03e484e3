/**
 * What a forward pass costs, and the passes of an engine with continuous batching: one after the other, each with all that
 * decodes and a share of the prompts that are still read. It owns their time; whose tokens they are it does not know.
 */

export type CostModel = {
  /** Prompt tokens read in a second. */
  readonly prefillTokensPerSecond: number;
  /** A pass with nothing in it, ms. */
  readonly stepMs: number;
  /** What each request that decodes adds to a pass, ms. */
  readonly perRequestMs: number;
  /** Tokens in one pass at most, those of requests that decode included. */
  readonly batchTokens: number;
};

/** A 7B model in 16 bits on one H100, in round figures: for load that looks like it, not for claims about it. */
export const defaultCost: CostModel = { prefillTokensPerSecond: 20_000, stepMs: 6, perRequestMs: 0.05, batchTokens: 2_048 };

/** Something that waits for a pass. */
export class BatchJob {
  isCanceled = false;
  promptTokens: number;
  readonly done: () => void;

  constructor(promptTokens: number, done: () => void) {
    this.promptTokens = promptTokens;
    this.done = done;
  }
}

export class Batch {
  /** Passes so far. */
  passes = 0;
  readonly #cost: CostModel;
  /** Prompts not wholly read, in the order in which they came. */
  #prefills: BatchJob[] = [];
  /** For the next pass. */
  #decodes: BatchJob[] = [];
  #timer: NodeJS.Timeout | null = null;
  #dueMs = 0;

  constructor(cost: CostModel) {
    this.#cost = cost;
  }

  /** Call `done` after the pass in which the last of these prompt tokens is read. */
  prefill(promptTokens: number, done: () => void): BatchJob {
    const job = new BatchJob(Math.max(1, promptTokens), done);
    this.#prefills.push(job);
    this.#wake();
    return job;
  }

  /** Call `done` after the next pass that has not begun yet. */
  decode(done: () => void): BatchJob {
    const job = new BatchJob(0, done);
    this.#decodes.push(job);
    this.#wake();
    return job;
  }

  /** Its `done` is never called. A pass that has begun goes on, as a real one does. */
  cancel(job: BatchJob): void {
    job.isCanceled = true;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #wake(): void {
    if (this.#timer !== null) return;
    this.#dueMs = performance.now();
    this.#begin();
  }

  #begin(): void {
    const decoding = this.#decodes.filter((job) => !job.isCanceled);
    this.#decodes = [];
    this.#prefills = this.#prefills.filter((job) => !job.isCanceled);
    let room = Math.max(1, this.#cost.batchTokens - decoding.length);
    let promptTokens = 0;
    for (const job of this.#prefills) {
      const share = Math.min(job.promptTokens, room);
      job.promptTokens -= share;
      promptTokens += share;
      room -= share;
    }
    const { stepMs, perRequestMs, prefillTokensPerSecond } = this.#cost;
    this.#dueMs += stepMs + perRequestMs * decoding.length + (promptTokens * 1_000) / prefillTokensPerSecond;
    this.#timer = setTimeout(() => this.#end(decoding), Math.max(0, this.#dueMs - performance.now()));
  }

  #end(decoding: readonly BatchJob[]): void {
    this.passes += 1;
    const read = this.#prefills.filter((job) => job.promptTokens === 0);
    this.#prefills = this.#prefills.filter((job) => job.promptTokens > 0);
    for (const job of [...decoding, ...read]) if (!job.isCanceled) job.done();
    this.#timer = null;
    if (this.#decodes.length > 0 || this.#prefills.length > 0) this.#begin();
  }
}
