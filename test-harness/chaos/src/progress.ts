/**
 * How far a run is, as one line now and then while it goes on: for whoever watches a terminal, or a CI log that has nothing else to show.
 * It reads what the harness itself counts; whether a promise was broken is the checker's word, and comes at the end.
 */
import type { SeenTask } from './transcript.ts';

export type Progress = {
  /** What goes on now. */
  readonly phase: string;
  readonly elapsedMs: number;
  /** Until the phase is over, as planned; `null` = that is not known. */
  readonly leftMs: number | null;
  /** `ended`: its client waits for nothing any more, a refused one included. */
  readonly tasks: { readonly ended: number; readonly planned: number };
  /** `missed` could not be done. */
  readonly faults: { readonly injected: number; readonly missed: number; readonly planned: number };
  /** Of the tasks that have ended, as their status told. */
  readonly failovers: number;
};

export type ProgressReport = {
  /** @param leftMs - How long the phase is to take; `null` where nobody knows. */
  enter(phase: string, leftMs: number | null): void;
  stop(): void;
};

const everyMs = 30_000;

/** Tell a line every 30 s until it is stopped. */
export function reportProgress(log: (line: string) => void, look: () => Pick<Progress, 'tasks' | 'faults' | 'failovers'>): ProgressReport {
  const startedMs = performance.now();
  let phase = '';
  let overMs: number | null = null;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    log(progressLine({ phase, elapsedMs: nowMs - startedMs, leftMs: overMs === null ? null : overMs - nowMs, ...look() }));
  }, everyMs);
  return {
    enter(next, leftMs) {
      phase = next;
      overMs = leftMs === null ? null : performance.now() + leftMs;
    },
    stop: () => clearInterval(timer),
  };
}

export function progressLine({ phase, elapsedMs, leftMs, tasks, faults, failovers }: Progress): string {
  const time = leftMs === null ? '' : `, about ${clock(Math.max(0, leftMs))} left`;
  const missed = faults.missed === 0 ? '' : ` (${faults.missed} not done)`;
  return [
    `${clock(elapsedMs)} ${phase}${time}: tasks ${tasks.ended}/${tasks.planned} ended`,
    `faults ${faults.injected}/${faults.planned} injected${missed}`,
    `failovers ${failovers}`,
  ].join(', ');
}

export function failoversOf(tasks: readonly SeenTask[]): number {
  return tasks.reduce((sum, { polls }) => sum + (polls.at(-1)?.status.result?.failovers ?? 0), 0);
}

/** Minutes and seconds; more than an hour stays minutes. */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
