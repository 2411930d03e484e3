import { expect, test } from 'vitest';
import { Batcher, commonPrefixLength, type Run } from './batcher.ts';
import type { BatchRow, Decoder, Sampler, SamplerConfig } from './decoder.ts';

const sampler: SamplerConfig = {
  seed: 1,
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repeatPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  penaltyHistory: [],
  penaltyTokens: 0,
  logitBias: new Map(),
};
const never = new AbortController().signal;

/** Records what it is asked; the next token is the position of its row plus 100. Fails if two calls overlap. */
class RecordingDecoder implements Decoder {
  readonly sequences = 3;
  readonly ctxTokens = 64;
  readonly promptRows = 4;
  readonly steps: BatchRow[][] = [];
  readonly disposed: Sampler[] = [];
  failNext = false;
  #isBusy = false;
  #last: readonly BatchRow[] = [];

  async decode(rows: readonly BatchRow[]): Promise<readonly number[]> {
    await this.#exclusively();
    if (this.failNext) {
      this.failNext = false;
      throw new Error('llama_decode failed');
    }
    this.steps.push([...rows]);
    this.#last = rows;
    return rows.flatMap((row, at) => (row.wantsLogits ? [at] : []));
  }

  async sample(logitIndex: number): Promise<number> {
    await this.#exclusively();
    const row = this.#last[logitIndex];
    if (row?.wantsLogits !== true) throw new Error(`row ${logitIndex} has no logits`);
    return row.position + 100;
  }

  createSampler(): Sampler {
    const made: Sampler = { dispose: () => this.disposed.push(made) };
    return made;
  }

  truncate(_sequence: number, keep: number): number {
    if (this.#isBusy) throw new Error('truncate during another call');
    return keep;
  }

  async #exclusively(): Promise<void> {
    if (this.#isBusy) throw new Error('two calls overlap');
    this.#isBusy = true;
    await new Promise((resolve) => setImmediate(resolve));
    this.#isBusy = false;
  }
}

/** A run that ends after `tokens` tokens. */
function run(slot: number, prompt: readonly number[], tokens: number, change: Partial<Run> = {}): Run & { readonly seen: number[] } {
  const seen: number[] = [];
  const base = { slot, prompt, cachePrompt: true, sampler, onStart: () => {}, onPrompt: () => {} };
  return { ...base, onToken: (token) => seen.push(token) < tokens, ...change, seen };
}
/** Rows per slot, for each step. */
const sizes = (steps: readonly BatchRow[][]): Record<number, number>[] =>
  steps.map((rows) =>
    Object.fromEntries(
      Array.from(
        Map.groupBy(rows, (row) => row.sequence),
        ([slot, own]) => [slot, own.length] as const,
      ),
    ),
  );

test('computes a prompt in pieces, then one token per step, and leaves the last token out of the KV', async () => {
  const decoder = new RecordingDecoder();
  const batcher = new Batcher(decoder, () => {});
  const one = run(0, [1, 2, 3, 4, 5, 6], 3);
  await batcher.run(one, never);
  expect(sizes(decoder.steps)).toEqual([{ 0: 4 }, { 0: 2 }, { 0: 1 }, { 0: 1 }]);
  expect(one.seen).toEqual([105, 106, 107]);
  expect(batcher.kvTokens(0)).toEqual([1, 2, 3, 4, 5, 6, 105, 106]);
  expect(decoder.disposed).toHaveLength(1);
});

test('decodes all slots in one step, in the order of sequences, and shares the prompt rows', async () => {
  const decoder = new RecordingDecoder();
  const batcher = new Batcher(decoder, () => {});
  await Promise.all([
    batcher.run(run(2, [1, 2, 3, 4, 5, 6, 7], 2), never),
    batcher.run(run(0, [9], 5), never),
    batcher.run(run(1, [8, 8], 5), never),
  ]);
  expect(sizes(decoder.steps)).toEqual([
    { 0: 1, 1: 2, 2: 1 },
    { 0: 1, 1: 1, 2: 4 },
    { 0: 1, 1: 1, 2: 2 },
    { 0: 1, 1: 1, 2: 1 },
    { 0: 1, 1: 1 },
  ]);
  for (const rows of decoder.steps) expect(rows.every((row, at) => at === 0 || row.sequence >= (rows[at - 1]?.sequence ?? 0))).toBe(true);
});

test('reuses the common beginning, always computes at least one token, and none of it without cachePrompt', async () => {
  const decoder = new RecordingDecoder();
  const batcher = new Batcher(decoder, () => {});
  const started: number[] = [];
  const onStart = (cached: number): void => {
    started.push(cached);
  };
  await batcher.run(run(0, [1, 2, 3], 1, { onStart }), never);
  await batcher.run(run(0, [1, 2, 3], 1, { onStart }), never);
  await batcher.run(run(0, [1, 2, 7, 8], 1, { onStart }), never);
  await batcher.run(run(0, [1, 2, 7, 8], 1, { onStart, cachePrompt: false }), never);
  expect(started).toEqual([0, 2, 2, 0]);
  expect(decoder.steps.map((rows) => rows.map((row) => row.position))).toEqual([[0, 1, 2], [2], [2, 3], [0, 1, 2, 3]]);
});

test('[ORCH-3017] ends an aborted run after the step it is in, without another token', async () => {
  const decoder = new RecordingDecoder();
  const batcher = new Batcher(decoder, () => {});
  const client = new AbortController();
  const one = run(0, [1], 50, {
    onToken: (token) => {
      one.seen.push(token);
      if (one.seen.length === 3) client.abort();
      return true;
    },
  });
  await batcher.run(one, client.signal);
  expect(one.seen).toHaveLength(3);
  expect(decoder.steps).toHaveLength(3);
});

test('[ORCH-3017] ends an aborted run in the middle of its prompt and keeps what was computed', async () => {
  const decoder = new RecordingDecoder();
  const batcher = new Batcher(decoder, () => {});
  const client = new AbortController();
  const prompt = Array.from({ length: 40 }, (_, at) => at);
  const one = run(1, prompt, 1, { onPrompt: () => client.abort() });
  await batcher.run(one, client.signal);
  expect(one.seen).toEqual([]);
  expect(batcher.kvTokens(1)).toEqual(prompt.slice(0, 4));
});

test('a failed step ends every run of it, forgets their KV, and the next run works', async () => {
  const decoder = new RecordingDecoder();
  const batcher = new Batcher(decoder, () => {});
  await batcher.run(run(0, [1, 2], 1), never);
  decoder.failNext = true;
  const failed = await Promise.allSettled([batcher.run(run(0, [1, 2, 3], 1), never), batcher.run(run(1, [4], 1), never)]);
  expect(failed.map((result) => result.status)).toEqual(['rejected', 'rejected']);
  expect(batcher.kvTokens(0)).toEqual([]);
  const next = run(0, [1, 2, 3], 1);
  await batcher.run(next, never);
  expect(next.seen).toEqual([102]);
});

test('an error in one run does not touch the others', async () => {
  const batcher = new Batcher(new RecordingDecoder(), () => {});
  const bad = run(0, [1], 5, {
    onToken: () => {
      throw new Error('broken sink');
    },
  });
  const good = run(1, [1], 3);
  const results = await Promise.allSettled([batcher.run(bad, never), batcher.run(good, never)]);
  expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled']);
  expect(good.seen).toHaveLength(3);
});

test('tells of each step how many slots were busy', async () => {
  const steps: unknown[] = [];
  const batcher = new Batcher(new RecordingDecoder(), (step) => steps.push(step));
  await Promise.all([batcher.run(run(0, [1, 2], 2), never), batcher.run(run(1, [1], 1), never)]);
  expect(steps).toEqual([
    { busySlots: 2, longestSequence: 2 },
    { busySlots: 1, longestSequence: 3 },
  ]);
  await batcher.whenIdle();
});

test('measures common beginnings', () => {
  expect(commonPrefixLength([1, 2, 3], [1, 2, 4])).toBe(2);
  expect(commonPrefixLength([], [1])).toBe(0);
  expect(commonPrefixLength([1, 2], [1, 2, 3])).toBe(2);
});
