/** One attempt: what is passed on, what is swallowed, and that every end is told once. */
import { WorkerError, type WorkerAdapter, type WorkerEvent, type WorkerTask } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { Attempt, type AttemptOwner, type AttemptSettled } from './attempt.ts';
import type { Worker } from './fleet/worker.ts';
import type { Task } from './task.ts';

const workerTask: WorkerTask = {
  workload: 'completion',
  taskId: 't',
  prompt: 'p',
  maxTokens: 9,
  seed: 1,
  stop: [],
  samplerProfileVersion: 'v1',
  kvReuse: false,
};
const aTask = { identity: { key: 'k' } } as unknown as Task;
const started: WorkerEvent = { kind: 'started' };
const end: WorkerEvent = { kind: 'end', finishReason: 'stop', tokensIn: 1, tokensOut: 2, cachedTokens: 0 };
const token = (text: string, tokensOut: number): WorkerEvent => ({ kind: 'token', text, tokensOut });

type Batches = (signal: AbortSignal) => AsyncIterable<readonly WorkerEvent[]>;

/** Run one attempt against a worker that yields these batches, and record what its owner hears. */
const runAttempt = async (batches: Batches, expectedText = '', during?: (attempt: Attempt) => void) => {
  const heard: string[] = [];
  const outcomes: AttemptSettled[] = [];
  const owner: AttemptOwner = {
    onStarted: (attempt) => {
      heard.push('started');
      during?.(attempt);
    },
    onTokens: (_attempt, texts, newTokens) => heard.push(`${texts.join('|')} +${newTokens}`),
    onSettled: (_attempt, outcome) => {
      outcomes.push(outcome);
    },
  };
  const adapter = { submit: (_task: WorkerTask, { signal }: { signal: AbortSignal }) => batches(signal) } as unknown as WorkerAdapter;
  const attempt = new Attempt({ task: aTask, number: 2, worker: { adapter } as unknown as Worker, expectedText, owner });
  await attempt.run(workerTask);
  expect(outcomes, 'settles once').toHaveLength(1);
  return { heard, settled: outcomes[0] };
};

const yields = (...batches: (readonly WorkerEvent[])[]): Batches =>
  async function* () {
    yield* batches;
  };

test('[ORCH-2002] passes batches on as they come, with the model tokens each brought', async () => {
  const { heard, settled } = await runAttempt(yields([started], [token('a', 1), token('b', 3)], [end]));
  expect(heard).toEqual(['started', 'a|b +3']);
  expect(settled).toEqual({ kind: 'succeeded', end });
});

test('[ORCH-3301] swallows the text that was already sent, however it is sliced now', async () => {
  const { heard, settled } = await runAttempt(yields([started], [token('He', 1)], [token('llo wo', 2)], [token('rld', 3)], [end]), 'Hello');
  expect(heard).toEqual(['started', ' +1', ' wo +1', 'rld +1']);
  expect(settled?.kind).toBe('succeeded');
});

test('[ORCH-3301] the first unlike character is a mismatch that may not run again', async () => {
  const { heard, settled } = await runAttempt(yields([started], [token('Help', 1)], [end]), 'Hello');
  // Its token has come and is counted; none of its text goes further.
  expect(heard).toEqual(['started', ' +1']);
  expect(settled).toMatchObject({ kind: 'failed', slotTaken: true, error: { kind: 'determinism-mismatch', mayRunAgain: false } });
});

test('[ORCH-3301] a re-run that ends too early is a mismatch', async () => {
  const { settled } = await runAttempt(yields([started], [token('Hel', 1)], [end]), 'Hello');
  expect(settled).toMatchObject({ kind: 'failed', error: { kind: 'determinism-mismatch' } });
});

test('a stream without its final event is a failure that may run again', async () => {
  const { settled } = await runAttempt(yields([started], [token('a', 1)]));
  expect(settled).toMatchObject({ kind: 'failed', slotTaken: true, error: { kind: 'worker-reset', mayRunAgain: true } });
});

test('[ORCH-3017] an abort settles as aborted, and nothing that still arrives is passed on', async () => {
  const { heard, settled } = await runAttempt(
    async function* (signal) {
      yield [started];
      yield [token('late', 1)];
      if (signal.aborted) throw new WorkerError('aborted', 'aborted', { mayRunAgain: false });
    },
    '',
    (attempt) => attempt.abort(),
  );
  expect(heard).toEqual(['started']);
  expect(settled).toEqual({ kind: 'aborted' });
});

test('a reset from outside settles as the failure it was given', async () => {
  const gone = new WorkerError('worker-reset', 'gone', { mayRunAgain: true });
  const { settled } = await runAttempt(yields([started], [token('x', 1)], [end]), '', (attempt) => attempt.reset(gone));
  expect(settled).toEqual({ kind: 'failed', error: gone, slotTaken: false });
});

test('a refusal before a slot was taken leaves no slot to watch', async () => {
  const refused = new WorkerError('engine-rejected', 'no', { mayRunAgain: false });
  const { settled } = await runAttempt(async function* () {
    yield* [];
    throw refused;
  });
  expect(settled).toEqual({ kind: 'failed', error: refused, slotTaken: false });
});

test('an engine that had no room holds nothing of the request', async () => {
  const busy = new WorkerError('busy', 'full', { mayRunAgain: true });
  const { settled } = await runAttempt(async function* () {
    yield* [];
    throw busy;
  });
  expect(settled).toEqual({ kind: 'failed', error: busy, slotTaken: false });
});

test('whatever else an adapter throws is our fault, not a crash', async () => {
  const { settled } = await runAttempt(async function* () {
    yield [started];
    throw new TypeError('bug');
  });
  expect(settled).toMatchObject({ kind: 'failed', error: { kind: 'internal' } });
});
