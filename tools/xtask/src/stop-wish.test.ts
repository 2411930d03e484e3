import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listenForStopWish, type StopWish } from './stop-wish.ts';

let nowMs = 1_000;
let wish: StopWish;
beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  wish = listenForStopWish();
});
afterEach(() => {
  wish.close();
  vi.restoreAllMocks();
});

const signalAt = (ms: number, signal: NodeJS.Signals): void => {
  nowMs = ms;
  process.emit(signal, signal);
};

test('one Ctrl-C that arrives three times is one wish', () => {
  for (const ms of [1_000, 1_010, 1_050]) signalAt(ms, 'SIGINT');
  expect([wish.asked.aborted, wish.forced.aborted, wish.exitCode]).toEqual([true, false, 130]);
});

test('a later signal means at once, and the first one gives the exit code', () => {
  signalAt(1_000, 'SIGTERM');
  signalAt(1_400, 'SIGINT');
  expect([wish.asked.aborted, wish.forced.aborted, wish.exitCode]).toEqual([true, true, 143]);
});

test('nothing listens any more once it is closed', () => {
  wish.close();
  expect(process.listenerCount('SIGHUP')).toBe(0);
  expect(wish.exitCode).toBe(0);
});
