/** What a line of progress says, and when lines come. */
import { afterEach, expect, test, vi } from 'vitest';
import { failoversOf, type Progress, progressLine, reportProgress } from './progress.ts';
import type { SeenTask } from './transcript.ts';

afterEach(() => {
  vi.useRealTimers();
});

const counted: Pick<Progress, 'tasks' | 'faults' | 'failovers'> = {
  tasks: { ended: 2_431, planned: 11_230 },
  faults: { injected: 81, missed: 0, planned: 330 },
  failovers: 37,
};

test('[ORCH-3051] a line says what goes on, how long it takes, and what was done of what', () => {
  expect(progressLine({ phase: 'load and faults', elapsedMs: 150_400, leftMs: 449_600, ...counted })).toBe(
    '02:30 load and faults, about 07:30 left: tasks 2431/11230 ended, faults 81/330 injected, failovers 37',
  );
  const faults = { injected: 328, missed: 2, planned: 330 };
  expect(progressLine({ phase: 'last look', elapsedMs: 4_000_000, leftMs: null, ...counted, faults })).toBe(
    '66:40 last look: tasks 2431/11230 ended, faults 328/330 injected (2 not done), failovers 37',
  );
  expect(progressLine({ phase: 'load and faults', elapsedMs: 1_000, leftMs: -300, ...counted })).toContain('about 00:00 left');
});

test('[ORCH-3051] a line comes every 30 s of each phase, with what is so then, until the report is stopped', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const lines: string[] = [];
  let ended = 0;
  const report = reportProgress(
    (line) => lines.push(line),
    () => ({ ...counted, tasks: { ended: (ended += 1), planned: 5 } }),
  );
  report.enter('load', 70_000);
  vi.advanceTimersByTime(60_000);
  report.enter('last look', null);
  vi.advanceTimersByTime(30_000);
  report.stop();
  vi.advanceTimersByTime(300_000);
  expect(lines.map((line) => line.split(' ended')[0])).toEqual([
    '00:30 load, about 00:40 left: tasks 1/5',
    '01:00 load, about 00:10 left: tasks 2/5',
    '01:30 last look: tasks 3/5',
  ]);
});

test('[ORCH-3051] failovers are those that the last status of each task tells', () => {
  const seen = (...failovers: (number | null)[]) =>
    ({ polls: failovers.map((each) => ({ status: { result: each === null ? null : { failovers: each } } })) }) as unknown as SeenTask;
  expect(failoversOf([seen(), seen(null), seen(null, 2), seen(1, 3)])).toBe(5);
});
