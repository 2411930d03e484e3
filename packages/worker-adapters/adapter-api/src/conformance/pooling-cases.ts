/** Cases of work that generates nothing: embeddings and scores, their shapes, failures and cancels. */
import { expect } from 'vitest';
import { type ConformanceCases, embedding, Reading, readAll, readFailure, scoring, settle, until, workerError } from './harness.ts';

export const poolingCases = {
  'gives vectors of one length and of finite numbers, for one input as for many': async ({ adapter }) => {
    const inputs = Array.from({ length: 64 }, (_, index) => `text ${index} 日本 ${'long '.repeat(index)}`);
    const { end } = await readAll(adapter, embedding(...inputs));
    const lengths = new Set(end?.embeddings?.map((vector) => vector.length));
    expect(end?.embeddings).toHaveLength(64);
    expect(lengths.size).toBe(1);
    expect(end?.embeddings?.flat().every(Number.isFinite)).toBe(true);
    expect(end).toMatchObject({ finishReason: 'stop', tokensOut: 0 });
    const alone = await readAll(adapter, embedding(inputs[7] ?? ''));
    expect(alone.end?.embeddings).toEqual([end?.embeddings?.[7]]);
  },

  'gives a score for a single document, and finite ones for many': async ({ adapter }) => {
    const { end } = await readAll(adapter, scoring('water', 'the water is small'));
    expect(end?.scores).toHaveLength(1);
    const many = await readAll(adapter, scoring('water', ...Array.from({ length: 50 }, (_, index) => `document ${index}`)));
    expect(many.end?.scores).toHaveLength(50);
    expect(many.end?.scores?.every(Number.isFinite)).toBe(true);
    expect(many.end?.tokensIn).toBeGreaterThan(end?.tokensIn ?? 0);
  },

  'frees the engine of embeddings and of scores that were aborted while they ran': async ({ adapter, engine }) => {
    for (const task of [embedding('a'), scoring('a', 'b')]) {
      await engine.script({ holdAfterSteps: 0 });
      const reading = new Reading(adapter, task);
      await until('it has a slot', async () => (await engine.counters()).slotsBusy === 1);
      reading.abort();
      await reading.over;
      expect(workerError(reading.error).kind).toBe('aborted');
      await until('the slot is free', async () => (await engine.counters()).slotsBusy === 0);
    }
  },

  'aborts scores that are never answered': async ({ adapter, engine }) => {
    await engine.script({ fault: { kind: 'half-open' } });
    const reading = new Reading(adapter, scoring('a', 'b'));
    await settle();
    reading.abort();
    await reading.over;
    expect(workerError(reading.error).kind).toBe('aborted');
  },

  'types what breaks embeddings and scores': async ({ adapter, engine }) => {
    for (const task of [embedding('a'), scoring('a', 'b')]) {
      for (const fault of [
        { kind: 'reset', afterSteps: 0 },
        { kind: 'garbage', afterSteps: 0 },
        { kind: 'error-event', afterSteps: 0, message: 'CUDA error' },
      ] as const) {
        await engine.script({ fault });
        const { error, reading } = await readFailure(adapter, task);
        expect({ task: task.workload, fault: fault.kind, kind: error.kind }).toEqual({
          task: task.workload,
          fault: fault.kind,
          kind: 'worker-reset',
        });
        expect(reading.events).toEqual([]);
      }
    }
  },
} satisfies ConformanceCases;
