/** Tests of the shared poll schedule, on a clock of their own. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { busySlots as busySlotsOf, SlotPoller } from './slot-poller.ts';
import type { SlotState } from './worker-adapter.ts';
import { WorkerError } from './worker-error.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const busySlots = (busy: number): readonly SlotState[] => [0, 1, 2].map((id) => ({ id, busy: id < busy, engineTaskId: null }));

/** A poller over an engine whose busy slots the test sets; records when each poll started. */
const setUp = () => {
  const engine = { busy: 0, failure: null as Error | null, startsMs: [] as number[], polling: null as Promise<void> | null };
  const nowMs = (): number => performance.now();
  const poller = new SlotPoller({
    poll: async () => {
      engine.startsMs.push(nowMs());
      const slots = busySlots(engine.busy);
      await engine.polling;
      if (engine.failure !== null) throw engine.failure;
      return slots;
    },
    busyOf: busySlotsOf,
    counts: 'slots',
    intervalMs: 1_000,
    settleMs: 100,
    nowMs,
  });
  const startMs = nowMs();
  return { engine, poller, startsMs: () => engine.startsMs.map((ms) => ms - startMs) };
};

const signal = (): AbortSignal => new AbortController().signal;

const stateOf = (promise: Promise<unknown>): { settled: boolean } => {
  const state = { settled: false };
  const settle = (): void => {
    state.settled = true;
  };
  void promise.then(settle, settle);
  return state;
};

test('polls at most once in each interval, and shares a poll among all who wait', async () => {
  const { poller, startsMs } = setUp();
  const first = poller.next(signal());
  await vi.advanceTimersByTimeAsync(0);
  await first;
  const others = [poller.next(signal()), poller.next(signal()), poller.next(signal())];
  await vi.advanceTimersByTimeAsync(999);
  expect(startsMs()).toEqual([0]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all(others);
  expect(startsMs()).toEqual([0, 1_000]);
});

test('answers nobody with a poll that started before the question', async () => {
  const { engine, poller, startsMs } = setUp();
  let finish = (): void => {};
  engine.polling = new Promise((resolve) => {
    finish = resolve;
  });
  const early = poller.next(signal());
  await vi.advanceTimersByTimeAsync(0);
  engine.busy = 2;
  const late = poller.next(signal());
  finish();
  expect((await early).filter((slot) => slot.busy).length).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await late).filter((slot) => slot.busy).length).toBe(2);
  expect(startsMs()).toEqual([0, 1_000]);
});

test('does not poll for a caller that left, and lets go of its signal', async () => {
  const { poller, startsMs } = setUp();
  const controller = new AbortController();
  const leaving = poller.next(controller.signal);
  controller.abort();
  await expect(leaving).rejects.toMatchObject({ kind: 'aborted' });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(startsMs()).toEqual([]);
});

test('lets a caller leave in mid-poll', async () => {
  const { engine, poller } = setUp();
  engine.polling = new Promise(() => {});
  const controller = new AbortController();
  const leaving = poller.next(controller.signal);
  await vi.advanceTimersByTimeAsync(0);
  controller.abort();
  await expect(leaving).rejects.toMatchObject({ kind: 'aborted' });
});

test('[ORCH-3017] confirms a release once no more slots are busy than expected, after the engine had time to notice', async () => {
  const { engine, poller, startsMs } = setUp();
  engine.busy = 2;
  const confirming = poller.confirmReleased({ signal: signal(), expectedBusy: () => 1, expectedInFlight: () => 9 });
  const state = stateOf(confirming);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(state.settled).toBe(false);
  engine.busy = 1;
  await vi.advanceTimersByTimeAsync(200);
  await confirming;
  const [first = 0, second = 0] = startsMs();
  expect(first).toBeGreaterThanOrEqual(100);
  expect(second - first).toBeGreaterThanOrEqual(1_000);
});

test('[ORCH-3017] does not take a request that started during the poll for the absence of the canceled one', async () => {
  const { engine, poller } = setUp();
  engine.busy = 1;
  let expected = 0;
  let finish = (): void => {};
  engine.polling = new Promise((resolve) => {
    finish = resolve;
  });
  const confirming = poller.confirmReleased({ signal: signal(), expectedBusy: () => expected, expectedInFlight: () => 9 });
  const state = stateOf(confirming);
  await vi.advanceTimersByTimeAsync(150);
  expected = 1;
  finish();
  await vi.advanceTimersByTimeAsync(500);
  expect(state.settled).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  await confirming;
});

test('goes on confirming while the engine does not answer, but not when it refuses', async () => {
  const { engine, poller, startsMs } = setUp();
  engine.failure = new WorkerError('worker-reset', 'gone', { mayRunAgain: true });
  const confirming = poller.confirmReleased({ signal: signal(), expectedBusy: () => 0, expectedInFlight: () => 9 });
  await vi.advanceTimersByTimeAsync(2_200);
  expect(startsMs().length).toBe(3);
  engine.failure = new WorkerError('engine-rejected', 'no slots endpoint', { mayRunAgain: false });
  const [outcome] = await Promise.all([Promise.allSettled([confirming]), vi.advanceTimersByTimeAsync(1_000)]);
  expect(outcome).toMatchObject([{ status: 'rejected', reason: { kind: 'engine-rejected' } }]);
});

test('ends everybody’s wait when it is closed', async () => {
  const { poller } = setUp();
  const waiting = poller.next(signal());
  const confirming = poller.confirmReleased({ signal: signal(), expectedBusy: () => 0, expectedInFlight: () => 9 });
  poller.close();
  await expect(waiting).rejects.toMatchObject({ kind: 'aborted' });
  await expect(confirming).rejects.toMatchObject({ kind: 'aborted' });
  expect(vi.getTimerCount()).toBe(0);
});

test('[ORCH-3017] an engine that shows only requests is held against all that are in flight, not against those in slots', async () => {
  let inside = 3;
  const poller = new SlotPoller({
    poll: async () => inside,
    busyOf: (count) => count,
    counts: 'requests',
    intervalMs: 100,
    settleMs: 0,
    nowMs: () => performance.now(),
  });
  const confirming = poller.confirmReleased({ signal: signal(), expectedBusy: () => 0, expectedInFlight: () => 2 });
  const state = stateOf(confirming);
  await vi.advanceTimersByTimeAsync(500);
  expect(state.settled).toBe(false);
  inside = 2;
  await vi.advanceTimersByTimeAsync(100);
  await confirming;
});

test('nudges an engine whose figure stands still, and not before', async () => {
  let busy = 1;
  const nudgesMs: number[] = [];
  const poller = new SlotPoller({
    poll: async () => busy,
    busyOf: (count) => count,
    counts: 'requests',
    intervalMs: 100,
    settleMs: 0,
    nowMs: () => performance.now(),
    whenStuck: {
      afterMs: 1_000,
      nudge: async () => {
        nudgesMs.push(performance.now() - startMs);
        if (nudgesMs.length === 2) busy = 0;
      },
    },
  });
  const startMs = performance.now();
  const confirming = poller.confirmReleased({ signal: signal(), expectedBusy: () => 0, expectedInFlight: () => 0 });
  await vi.advanceTimersByTimeAsync(3_000);
  await confirming;
  const [first = 0, second = 0] = nudgesMs;
  expect(nudgesMs).toHaveLength(2);
  expect(first).toBeGreaterThanOrEqual(1_000);
  expect(second - first).toBeGreaterThanOrEqual(1_000);
});
