/** The referee by itself: what a run that keeps its promises never shows is that it would be stopped otherwise. */
import { expect, test } from 'vitest';
import { defaultOptions } from './options.ts';
import { Referee } from './referee.ts';
import type { TrueFleet, TrueWorker } from './true-fleet.ts';

const noFleet = { byPool: new Map() } as unknown as TrueFleet;

/** A worker on which an attempt is as told. */
const worker = (state: 'running' | 'releasing', drainedUntilMs: number | null): TrueWorker =>
  ({ poolId: 'pool-1', drainedUntilMs, attempts: [{ taskKey: 'task-1', state }] }) as unknown as TrueWorker;

test('[ORCH-2101] what still runs a second after the time of a drain was up stops the run', () => {
  const referee = new Referee(noFleet, defaultOptions);
  const resume = (nowMs: number, of: TrueWorker) => () => referee.resume(of, nowMs);
  expect(resume(6_001, worker('running', 5_000))).toThrow('task-1 still ran on the drained pool-1 after its time was up');
  expect(resume(6_000, worker('running', 5_000))).not.toThrow();
  expect(resume(9_000, worker('releasing', 5_000))).not.toThrow();
  expect(resume(9_000, worker('running', null))).toThrow('pool-1 was resumed and was not drained');
});
