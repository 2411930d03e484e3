/** Cases of an answer that goes wrong: every fault is a typed error, and none is ever taken for a whole answer. */
import { expect } from 'vitest';
import type { ScriptedRefusal } from '../engine-control.ts';
import type { WorkerErrorKind } from '../worker-adapter.ts';
import {
  completion,
  type ConformanceCases,
  embedding,
  engineKey,
  type Harness,
  failureOf,
  never,
  Reading,
  readAll,
  readFailure,
  scoring,
  until,
} from './harness.ts';

const ab = [
  { text: 'a', tokens: 1 },
  { text: 'b', tokens: 1 },
];

const refusals: readonly (readonly [ScriptedRefusal, WorkerErrorKind, boolean])[] = [
  ['prompt-too-long', 'prompt-too-long', false],
  ['invalid-request', 'engine-rejected', false],
  ['unauthorized', 'engine-rejected', false],
  ['queue-full', 'busy', true],
  ['server-error', 'worker-reset', true],
  ['error-page', 'worker-reset', true],
];

const expectRefusal = async ({ adapter, engine }: Harness, [refusal, kind, mayRunAgain]: (typeof refusals)[number]): Promise<void> => {
  await engine.script({ fault: { kind: 'refuse', refusal } });
  const { error, reading } = await readFailure(adapter, completion({ prompt: 'a prompt that is nobody’s business' }));
  expect({ refusal, kind: error.kind, mayRunAgain: error.mayRunAgain }).toEqual({ refusal, kind, mayRunAgain });
  expect(error.message).not.toContain(engineKey);
  expect(error.message).not.toContain('nobody’s business');
  expect(reading.events).toEqual([]);
};

const expectReset = async ({ adapter }: Harness): Promise<Reading> => {
  const { error, reading } = await readFailure(adapter, completion());
  expect({ kind: error.kind, mayRunAgain: error.mayRunAgain }).toEqual({ kind: 'worker-reset', mayRunAgain: true });
  return reading;
};

export const failureCases = {
  'takes a stream that is cut at any byte for broken, never for whole': async ({ adapter, engine }) => {
    const steps = [{ text: 'é', tokens: 2 }];
    const isWhole = async (afterBytes: number, framing: 'broken' | 'whole'): Promise<boolean> => {
      await engine.script({ steps, fault: { kind: 'cut', afterBytes, framing } });
      const reading = new Reading(adapter, completion());
      await reading.over;
      if (reading.error === null) return true;
      expect({ framing, afterBytes, end: reading.end, error: reading.error }).toMatchObject({
        end: undefined,
        error: { name: 'WorkerError', kind: 'worker-reset', mayRunAgain: true },
      });
      return false;
    };
    let bytes = 0;
    while (!(await isWhole(bytes, 'whole'))) bytes += 1;
    expect(bytes).toBeGreaterThan(10);
    for (let cut = 0; cut < bytes; cut += 1) expect({ cut, whole: await isWhole(cut, 'broken') }).toEqual({ cut, whole: false });
  },

  'takes a stream that TCP resets at any byte for a reset': async ({ adapter, engine }) => {
    const steps = [{ text: 'é', tokens: 2 }];
    for (let afterBytes = 0; ; afterBytes += 1) {
      await engine.script({ steps, fault: { kind: 'cut', afterBytes, framing: 'reset' } });
      const reading = new Reading(adapter, completion());
      await reading.over;
      if (reading.error === null) {
        // Past its last byte nothing was reset; before it, each one must have been seen.
        expect(afterBytes).toBeGreaterThan(10);
        return;
      }
      expect({ afterBytes, end: reading.end, error: reading.error }).toMatchObject({
        end: undefined,
        error: { name: 'WorkerError', kind: 'worker-reset', mayRunAgain: true },
      });
    }
  },

  'takes a reset in the middle of a token for a reset, and gives nothing of that token': async (harness) => {
    await harness.engine.script({ steps: ab, holdAfterSteps: 1, fault: { kind: 'torn', afterSteps: 1 } });
    const reading = new Reading(harness.adapter, completion());
    await until('a token came', () => reading.tokens.length === 1);
    await harness.engine.release(1);
    await reading.over;
    expect(reading.error).toMatchObject({ name: 'WorkerError', kind: 'worker-reset', mayRunAgain: true });
    expect(reading.text).toBe('a');
  },

  'takes a stream that ends in good order, but without what ends an answer, for broken': async (harness) => {
    for (const afterSteps of [0, 1, 2]) {
      await harness.engine.script({ steps: ab, fault: { kind: 'unfinished', afterSteps } });
      expect((await expectReset(harness)).text).toBe('ab'.slice(0, afterSteps));
    }
  },

  'takes a request that the engine itself gave up for a failure': async (harness) => {
    await harness.engine.script({ steps: ab, fault: { kind: 'engine-abort', afterSteps: 1 } });
    expect((await expectReset(harness)).text).toBe('a');
  },

  'takes an error before the first token for an error': async (harness) => {
    await harness.engine.script({ steps: ab, fault: { kind: 'error-event', afterSteps: 0, message: 'CUDA error: out of memory' } });
    expect((await expectReset(harness)).tokens).toEqual([]);
  },

  'never sends a task again once its answer began': async (harness) => {
    for (const fault of [
      { kind: 'reset', afterSteps: 1 },
      { kind: 'torn', afterSteps: 1 },
      { kind: 'unfinished', afterSteps: 1 },
    ] as const) {
      await harness.engine.script({ steps: ab, fault });
      const { tasksSeen } = await harness.engine.counters();
      await expectReset(harness);
      expect((await harness.engine.counters()).tasksSeen).toBe(tasksSeen + 1);
    }
  },

  'works again after every fault, and the engine has its slots back': async (harness) => {
    const { adapter, engine } = harness;
    for (const fault of [
      { kind: 'reset', afterSteps: 1 },
      { kind: 'cut', afterBytes: 20, framing: 'broken' },
      { kind: 'garbage', afterSteps: 1 },
      { kind: 'error-event', afterSteps: 1, message: 'broken' },
      { kind: 'engine-abort', afterSteps: 0 },
      { kind: 'refuse', refusal: 'server-error' },
    ] as const) {
      await engine.script({ steps: ab, fault });
      await readFailure(adapter, completion());
      await engine.script({ steps: ab });
      expect((await readAll(adapter, completion())).text).toBe('ab');
    }
    await until('all slots are free', async () => (await engine.counters()).slotsBusy === 0);
  },

  'gives the tokens before a reset, then a reset': async (harness) => {
    await harness.engine.script({ steps: ab, holdAfterSteps: 2, fault: { kind: 'reset', afterSteps: 2 } });
    const reading = new Reading(harness.adapter, completion());
    await until('both tokens came', () => reading.tokens.length === 2);
    await harness.engine.release(1);
    await reading.over;
    expect(reading.error).toMatchObject({ name: 'WorkerError', kind: 'worker-reset', mayRunAgain: true });
    expect(reading.end).toBeUndefined();
  },

  'takes a reset before the first token, and before the head, for a reset': async (harness) => {
    await harness.engine.script({ steps: ab, fault: { kind: 'reset', afterSteps: 0 } });
    await expectReset(harness);
  },

  'takes a frame that is no event for a broken worker': async (harness) => {
    await harness.engine.script({ steps: ab, fault: { kind: 'garbage', afterSteps: 1 } });
    expect((await expectReset(harness)).text).toBe('a');
  },

  'refuses to hold a frame that never ends': async (harness) => {
    await harness.engine.script({ steps: ab, fault: { kind: 'huge-frame', afterSteps: 1, bytes: 4 * 1024 * 1024 } });
    expect((await expectReset(harness)).text).toBe('a');
    await until('the slot is free', async () => (await harness.engine.counters()).slotsBusy === 0);
  },

  'takes an error inside an answer that began well for an error': async (harness) => {
    await harness.engine.script({ steps: ab, fault: { kind: 'error-event', afterSteps: 2, message: 'KV cache is full.' } });
    expect((await expectReset(harness)).text).toBe('ab');
  },

  'maps every refusal to its kind, and repeats neither key nor prompt': async (harness) => {
    for (const refusal of refusals) await expectRefusal(harness, refusal);
  },

  'takes a refusal of an engine that is not ready yet for that': (harness) => expectRefusal(harness, ['loading', 'pool-unready', true]),

  'maps refusals of embeddings and scores too': async ({ adapter, engine }) => {
    await engine.script({ fault: { kind: 'refuse', refusal: 'queue-full' } });
    expect((await readFailure(adapter, embedding('a'))).error.kind).toBe('busy');
    expect((await readFailure(adapter, scoring('a', 'b'))).error.kind).toBe('busy');
  },

  'says so when nothing listens': async (harness) => {
    const { adapter, stop } = await harness.startEngine();
    await stop();
    const { error } = await readFailure(adapter, completion());
    expect({ kind: error.kind, mayRunAgain: error.mayRunAgain }).toEqual({ kind: 'worker-reset', mayRunAgain: true });
    expect((await adapter.health(never())).kind).toBe('unreachable');
    expect((await failureOf(adapter.props(never()))).mayRunAgain).toBe(true);
  },

  'takes the death of the engine in mid-answer for a reset': async (harness) => {
    const { adapter, engine, stop } = await harness.startEngine();
    await engine.script({ steps: ab, holdAfterSteps: 1, fault: { kind: 'exit', afterSteps: 1, code: 1, stderr: 'out of memory\n' } });
    const reading = new Reading(adapter, completion());
    await until('a token came', () => reading.tokens.length === 1);
    await engine.release(1).catch(() => {});
    await reading.over;
    expect(reading.error).toMatchObject({ name: 'WorkerError', kind: 'worker-reset', mayRunAgain: true });
    await stop();
  },

  'takes the death of the engine in prefill for a reset': async (harness) => {
    const { adapter, engine, stop } = await harness.startEngine();
    await engine.script({ fault: { kind: 'exit', afterSteps: 0, code: 1, stderr: 'out of memory\n' } });
    const { error } = await readFailure(adapter, completion());
    expect({ kind: error.kind, mayRunAgain: error.mayRunAgain }).toEqual({ kind: 'worker-reset', mayRunAgain: true });
    await stop();
  },

  'ends calls to an engine that accepts and never answers within their time limit': async (harness) => {
    const adapter = harness.createAdapter({ callTimeoutMs: 100 });
    await harness.engine.script({ fault: { kind: 'half-open' } });
    expect((await adapter.health(never())).kind).toBe('unreachable');
    const error = await failureOf(adapter.props(never()));
    expect({ kind: error.kind, mayRunAgain: error.mayRunAgain }).toEqual({ kind: 'worker-reset', mayRunAgain: true });
  },

  'does not show that the engine closed a kept-alive connection between two requests': async ({ adapter, engine }) => {
    await engine.script({ steps: ab, closeAfterAnswer: true });
    for (let run = 0; run < 10; run += 1) {
      expect((await readAll(adapter, completion())).text).toBe('ab');
      await adapter.props(never());
    }
    await engine.script({ steps: ab });
    for (let run = 0; run < 10; run += 1) {
      expect((await readAll(adapter, completion())).text).toBe('ab');
      await engine.closeIdleConnections();
    }
  },
} satisfies ConformanceCases;
