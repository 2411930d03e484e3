import { expect, test } from 'vitest';
import { beginRun, JournalTime, startOfRun } from './journal-time.ts';

const hour = 3_600_000;

test('the first run begins at the wall clock’s time', () => {
  expect(beginRun(null, 0, { bootId: 'b', uptimeMs: 50, epochMs: 1_000_000 })).toEqual({
    kind: 'run',
    atMs: 1_000_000,
    bootId: 'b',
    uptimeMs: 50,
  });
});

test('[ORCH-3302] in the same boot the machine’s own time counts, whatever the wall clock was set to', () => {
  const before = { kind: 'run', atMs: 1_000_000, bootId: 'b', uptimeMs: 50 } as const;
  for (const epochMs of [1_000_000 - hour, 1_000_450, 1_000_000 + hour]) {
    expect(beginRun(before, 1_000_100, { bootId: 'b', uptimeMs: 500, epochMs }).atMs).toBe(1_000_450);
  }
});

test('[ORCH-3302] after a reboot the wall clock counts, but time never goes back', () => {
  const before = { kind: 'run', atMs: 1_000_000, bootId: 'b', uptimeMs: 90_000 } as const;
  const at = (epochMs: number, bootId: string | null = 'c') => beginRun(before, 1_200_000, { bootId, uptimeMs: 10, epochMs }).atMs;
  expect(at(1_300_000)).toBe(1_300_000);
  expect(at(1_300_000 - hour)).toBe(1_200_000);
  expect(at(1_300_000, null)).toBe(1_300_000);
});

test('a time goes to the journal’s scale and back', () => {
  const time = new JournalTime({ kind: 'run', atMs: 5_000, bootId: null, uptimeMs: 0 }, 100);
  expect([time.at(100), time.at(350.5), time.toNowMs(5_000), time.toNowMs(4_000)]).toEqual([5_000, 5_250.5, 100, -900]);
});

test('the machine’s time is the same for two looks but for what passed', () => {
  const [first, second] = [startOfRun(), startOfRun()];
  expect(second.bootId).toBe(first.bootId);
  expect(second.uptimeMs).toBeGreaterThanOrEqual(first.uptimeMs);
});
