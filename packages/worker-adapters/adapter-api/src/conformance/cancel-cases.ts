/** Cases of leaving: an abort at any time ends the iteration, frees the slot on the engine, and leaves nothing behind. */
import { getEventListeners } from 'node:events';
import { expect } from 'vitest';
import {
  completion,
  type ConformanceCases,
  failureOf,
  type Harness,
  never,
  Reading,
  readAll,
  settle,
  until,
  workerError,
} from './harness.ts';

const confirm = (harness: Harness, expectedBusy = 0): Promise<void> =>
  harness.adapter.confirmReleased({ signal: never(), expectedBusy: () => expectedBusy, expectedInFlight: () => expectedBusy });

const expectAborted = async (reading: Reading): Promise<void> => {
  await reading.over;
  const error = workerError(reading.error);
  expect({ kind: error.kind, mayRunAgain: error.mayRunAgain }).toEqual({ kind: 'aborted', mayRunAgain: false });
  expect(reading.end).toBeUndefined();
  expect(getEventListeners(reading.signal, 'abort')).toEqual([]);
};

const timersOf = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate').length;

const hold = { answerTokens: 20, holdAfterSteps: 2 };

export const cancelCases = {
  'sends nothing when the abort came first': async ({ adapter, engine }) => {
    const { tasksSeen } = await engine.counters();
    const controller = new AbortController();
    controller.abort();
    const read = async (): Promise<void> => {
      for await (const _ of adapter.submit(completion(), { signal: controller.signal })) throw new Error('It gave events.');
    };
    expect((await failureOf(read())).kind).toBe('aborted');
    expect((await engine.counters()).tasksSeen).toBe(tasksSeen);
  },

  'sends nothing for a submit that nobody iterates': async ({ adapter, engine }) => {
    const { tasksSeen } = await engine.counters();
    adapter.submit(completion(), { signal: never() });
    await settle();
    expect((await engine.counters()).tasksSeen).toBe(tasksSeen);
  },

  'frees the slot of a task aborted in decode, and confirms it': async (harness) => {
    await harness.engine.script(hold);
    const reading = new Reading(harness.adapter, completion());
    await until('two tokens came', () => reading.tokens.length === 2);
    reading.abort();
    await expectAborted(reading);
    await confirm(harness);
    expect((await harness.engine.counters()).slotsBusy).toBe(0);
  },

  'frees the slot of a task aborted in prefill, and confirms it': async (harness) => {
    await harness.engine.script({ prefillMs: 60_000 });
    const reading = new Reading(harness.adapter, completion());
    await until('it has a slot', async () => (await harness.engine.counters()).slotsBusy === 1);
    expect(reading.events).toEqual([]);
    reading.abort();
    await expectAborted(reading);
    await confirm(harness);
    expect((await harness.engine.counters()).slotsBusy).toBe(0);
  },

  'frees the slot of a task aborted after its last token, before its end': async (harness) => {
    await harness.engine.script({
      steps: [
        { text: 'a', tokens: 1 },
        { text: 'b', tokens: 1 },
      ],
      holdAfterSteps: 2,
    });
    const reading = new Reading(harness.adapter, completion());
    await until('both tokens came', () => reading.tokens.length === 2);
    expect((await harness.engine.counters()).slotsBusy).toBe(1);
    reading.abort();
    await expectAborted(reading);
    await confirm(harness);
    expect((await harness.engine.counters()).slotsBusy).toBe(0);
  },

  'is not undone by an abort that comes after the end': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 3 });
    const reading = await readAll(adapter, completion());
    reading.abort();
    await settle();
    expect(reading.error).toBeNull();
    expect(reading.end?.finishReason).toBe('stop');
    expect(getEventListeners(reading.signal, 'abort')).toEqual([]);
  },

  'ends a task whose engine went quiet when the caller’s idle time is over': async (harness) => {
    const { adapter, engine } = harness;
    await engine.script({ answerTokens: 9, fault: { kind: 'stall', afterSteps: 3 } });
    const reading = new Reading(adapter, completion());
    await until('the engine said its three', () => reading.tokens.length === 3);
    reading.abort(new DOMException('No token for too long.', 'TimeoutError'));
    await expectAborted(reading);
    await confirm(harness);
    expect((await engine.counters()).slotsBusy).toBe(0);
  },

  'ends a task in mid-flow when the caller’s wall time is over': async (harness) => {
    const { adapter, engine } = harness;
    await engine.script({ tokensPerSecond: 1_000 });
    const reading = new Reading(adapter, completion({ maxTokens: 2_000 }));
    await until('it is under way', () => reading.tokens.length >= 10);
    reading.abort(new DOMException('It ran for too long.', 'TimeoutError'));
    await expectAborted(reading);
    const { length } = reading.events;
    await confirm(harness);
    const { slotsBusy, stepsSent } = await engine.counters();
    expect(slotsBusy).toBe(0);
    await settle();
    expect((await engine.counters()).stepsSent).toBe(stepsSent);
    expect(reading.events.length).toBe(length);
  },

  'frees every slot and the queue when all are aborted at once': async (harness) => {
    const { adapter, engine } = harness;
    await engine.script(hold);
    const readings = [1, 2, 3, 4, 5].map((seed) => new Reading(adapter, completion({ seed })));
    await until('two run and three wait', async () => {
      const { held, queued } = await engine.counters();
      return held === 2 && queued === 3;
    });
    for (const reading of readings) reading.abort();
    for (const reading of readings) await expectAborted(reading);
    await confirm(harness);
    expect(await engine.counters()).toMatchObject({ slotsBusy: 0, queued: 0, kvTokensUsed: 0 });
  },

  'takes a task aborted in the engine’s queue out of it, and leaves the others alone': async (harness) => {
    const { adapter, engine } = harness;
    await engine.script(hold);
    const running = [1, 2].map((seed) => new Reading(adapter, completion({ seed })));
    await until('both slots are taken', async () => (await engine.counters()).held === 2);
    const queued = new Reading(adapter, completion({ seed: 3 }));
    await until('one waits', async () => (await engine.counters()).queued === 1);
    expect(queued.events).toEqual([]);
    queued.abort();
    await expectAborted(queued);
    await until('none waits', async () => (await engine.counters()).queued === 0);
    await confirm(harness, 2);
    await engine.release(100);
    await Promise.all(running.map((reading) => reading.over));
    expect(running.map((reading) => reading.end?.finishReason)).toEqual(['stop', 'stop']);
  },

  'does not confirm before the engine shows the slot free': async (harness) => {
    await harness.engine.script({ ...hold, cancelNoticeMs: 400 });
    const reading = new Reading(harness.adapter, completion());
    await until('two tokens came', () => reading.tokens.length === 2);
    reading.abort();
    await expectAborted(reading);
    expect((await harness.engine.counters()).slotsBusy).toBe(1);
    await confirm(harness);
    expect((await harness.engine.counters()).slotsBusy).toBe(0);
  },

  'confirms beside other requests of the caller that go on': async (harness) => {
    const { adapter, engine } = harness;
    await engine.script(hold);
    const other = new Reading(adapter, completion({ seed: 1 }));
    const canceled = new Reading(adapter, completion({ seed: 2 }));
    await until('both run', async () => (await engine.counters()).held === 2);
    canceled.abort();
    await confirm(harness, 1);
    expect((await engine.counters()).slotsBusy).toBe(1);
    other.abort();
    await expectAborted(other);
  },

  'gives up confirming when its own signal fires': async ({ adapter, engine }) => {
    await engine.script({ slotsLie: 'all-busy' });
    const controller = new AbortController();
    const confirming = failureOf(adapter.confirmReleased({ signal: controller.signal, expectedBusy: () => 0, expectedInFlight: () => 0 }));
    await settle();
    controller.abort();
    expect((await confirming).kind).toBe('aborted');
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  },

  'ends the iteration of a stalled and of a half-open worker on abort': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 9, fault: { kind: 'stall', afterSteps: 1 } });
    const stalled = new Reading(adapter, completion());
    await until('a token came', () => stalled.tokens.length === 1);
    stalled.abort();
    await expectAborted(stalled);
    await engine.script({ fault: { kind: 'half-open' } });
    const halfOpen = new Reading(adapter, completion());
    await settle();
    halfOpen.abort();
    await expectAborted(halfOpen);
  },

  'gives nothing after an abort, though the engine went on': async ({ adapter, engine }) => {
    await engine.script({ ...hold, cancelNoticeMs: 60_000 });
    const reading = new Reading(adapter, completion());
    await until('two tokens came', () => reading.tokens.length === 2);
    await engine.release(5);
    reading.abort();
    const { length } = reading.events;
    await expectAborted(reading);
    await settle();
    expect(reading.events.length).toBe(length);
  },

  'aborts the request when the consumer leaves the loop': async ({ adapter, engine }) => {
    await engine.script(hold);
    const { signal } = new AbortController();
    for await (const batch of adapter.submit(completion(), { signal })) if (batch.some((event) => event.kind === 'token')) break;
    await until('the slot is free', async () => (await engine.counters()).slotsBusy === 0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  },

  'aborts embeddings on the way': async ({ adapter, engine }) => {
    await engine.script({ fault: { kind: 'half-open' } });
    const reading = new Reading(adapter, { workload: 'embedding', taskId: 'e', inputs: ['a'] });
    await settle();
    reading.abort();
    await expectAborted(reading);
  },

  'opens no more connections than it may, and forgets an aborted task that waits for one': async (harness) => {
    const { engine } = harness;
    const adapter = harness.createAdapter({ maxConnections: 1 });
    await engine.script(hold);
    const { tasksSeen } = await engine.counters();
    const running = new Reading(adapter, completion({ seed: 1 }));
    await until('one runs', async () => (await engine.counters()).held === 1);
    const waiting = [2, 3].map((seed) => new Reading(adapter, completion({ seed })));
    await settle();
    waiting[0]?.abort();
    if (waiting[0] !== undefined) await expectAborted(waiting[0]);
    const counters = await engine.counters();
    expect(counters).toMatchObject({ slotsBusy: 1, tasksSeen: tasksSeen + 1 });
    // One for streams, and one for what an adapter may have to ask before them.
    expect(counters.openSockets).toBeLessThanOrEqual(2);
    await engine.release(100);
    await running.over;
    await until('the other one runs', async () => (await engine.counters()).held === 1);
    await engine.release(100);
    await waiting[1]?.over;
    expect(waiting[1]?.end?.finishReason).toBe('stop');
    expect((await engine.counters()).tasksSeen).toBe(tasksSeen + 2);
  },

  'ends what is in flight when it is closed': async ({ adapter, engine }) => {
    await engine.script(hold);
    const reading = new Reading(adapter, completion());
    await until('two tokens came', () => reading.tokens.length === 2);
    const confirming = failureOf(adapter.confirmReleased({ signal: never(), expectedBusy: () => 0, expectedInFlight: () => 0 }));
    await adapter.close();
    await expectAborted(reading);
    expect((await confirming).kind).toBe('aborted');
    expect((await failureOf(adapter.props(never()))).kind).toBe('aborted');
  },

  'can be closed twice, and then works no more': async ({ adapter, engine }) => {
    await engine.script({ answerTokens: 3 });
    await readAll(adapter, completion());
    await adapter.close();
    await adapter.close();
    const { tasksSeen } = await engine.counters();
    const reading = new Reading(adapter, completion());
    await expectAborted(reading);
    expect((await adapter.health(never())).kind).toBe('unreachable');
    expect((await engine.counters()).tasksSeen).toBe(tasksSeen);
  },

  'leaves nothing behind after aborts and failures either': async (harness) => {
    const { engine } = harness;
    const before = timersOf();
    const adapter = harness.createAdapter();
    for (const fault of [null, { kind: 'reset', afterSteps: 1 }, { kind: 'garbage', afterSteps: 1 }, { kind: 'half-open' }] as const) {
      await engine.script({ ...hold, fault });
      const reading = new Reading(adapter, completion());
      await settle();
      await engine.release(1);
      reading.abort();
      await reading.over;
      expect(getEventListeners(reading.signal, 'abort')).toEqual([]);
    }
    await adapter.close();
    await until('timers are gone', () => timersOf() <= before);
    await until('connections are gone', async () => (await engine.counters()).openSockets === 0);
  },

  'leaves no connection, timer or listener behind': async (harness) => {
    const { engine } = harness;
    const before = timersOf();
    const adapter = harness.createAdapter();
    const { signal } = new AbortController();
    await engine.script({ answerTokens: 5 });
    await readAll(adapter, completion());
    await Promise.all([
      adapter.health(signal),
      adapter.props(signal),
      adapter.metrics(signal),
      adapter.countTokens?.('a', signal),
      adapter.slots?.(signal),
    ]);
    await adapter.confirmReleased({ signal, expectedBusy: () => 0, expectedInFlight: () => 0 });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await adapter.close();
    await until('timers are gone', () => timersOf() <= before);
    await until('connections are gone', async () => (await engine.counters()).openSockets === 0);
  },
} satisfies ConformanceCases;
