/** What a run says of itself, for people and as JSON. */
import type { RunFigures } from './checker.ts';
import type { EndState } from './end-state.ts';
import type { Injections } from './injector.ts';
import type { SeenTask } from './transcript.ts';
import type { Violation } from './violation.ts';

export type Report = {
  readonly seed: number;
  readonly minutes: number;
  readonly faults: Injections;
  readonly figures: RunFigures;
  readonly endState: EndState;
  readonly violations: readonly Violation[];
  /** All that was seen of the first tasks with violations, and the services' last lines; empty where there is none. */
  readonly evidence: { readonly tasks: readonly SeenTask[]; readonly logs: string };
};

/** Of each rule, so that one fault that breaks a thousand streams does not hide another. */
const shownOfRule = 5;

export function renderReport(report: Report): string {
  const { seed, minutes, faults, figures, endState, violations } = report;
  const kinds = Object.entries(faults.done);
  const lines = [
    `chaos, seed ${seed}, ${minutes} min`,
    `faults      ${kinds.reduce((sum, [, count]) => sum + count, 0)}: ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
    ...(faults.missed.length === 0 ? [] : [`not done    ${faults.missed.length}: ${faults.missed.slice(0, 3).join('; ')}`]),
    `tasks       ${figures.tasks} accepted (refused ${JSON.stringify(figures.refused)}): ${figures.succeeded} succeeded, ${figures.canceled} canceled, failed ${JSON.stringify(figures.failed)}`,
    `streams     ${figures.tokens} tokens read, ${figures.failovers} failovers, ${figures.reconnects} reconnects, longest gap ${figures.longestGapMs} ms`,
    `at the end  ${Object.entries(endState.services)
      .map(
        ([name, { before, after }]) =>
          `${name} ${before.descriptors} → ${after.descriptors} descriptors, ${mebibytes(before.rssBytes)} → ${mebibytes(after.rssBytes)} MiB`,
      )
      .join('; ')}`,
    `violations  ${violations.length}`,
  ];
  for (const [rule, found] of Object.entries(Object.groupBy(violations, ({ rule }) => rule))) {
    lines.push(`  ${rule}: ${found.length}`);
    for (const { taskId, what } of found.slice(0, shownOfRule)) lines.push(`    ${taskId === null ? '' : `task ${taskId}: `}${what}`);
  }
  if (violations.length > 0) lines.push(`replay: pnpm xtask ci:chaos --seed ${seed} --minutes ${minutes}`);
  return lines.join('\n');
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
