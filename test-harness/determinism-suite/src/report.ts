/** What the suite found, as a table for people and as JSON for programs. Pure. */
import { describeFinding } from './diff-file.ts';
import type { Outcome } from './run-suite.ts';

/** A target, and what came of it; `skipped` and `failed` say why. */
export type Row =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly name: string; readonly reason: string };

/** Every stream of every target that ran was equal, and at least one target ran. */
export function isAllEqual(rows: readonly Row[]): boolean {
  return (
    rows.some(({ kind }) => kind === 'done') &&
    rows.every((row) => row.kind === 'skipped' || (row.kind === 'done' && row.outcome.findings.length === 0))
  );
}

const head = ['engine', 'version', 'runs on', 'prompts', 'equal', 'streams', 'first difference'];

export function renderTable(rows: readonly Row[]): string {
  const cells = [head, ...rows.map(toCells)];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function toCells(row: Row): readonly string[] {
  if (row.kind !== 'done') return [row.name, '', '', '', '', '', `${row.kind}: ${row.reason.split('\n', 1)[0]}`];
  const { target, engineVersion, prompts, equal, compared, findings } = row.outcome;
  const [first] = findings;
  return [
    target.name,
    engineVersion,
    target.runsOn,
    String(prompts),
    `${equal} of ${prompts}`,
    String(compared),
    first === undefined ? '–' : describeFinding(first),
  ];
}

/** @param diffs - Files that were written, by target. */
export function toJson(rows: readonly Row[], diffs: ReadonlyMap<string, readonly string[]>): string {
  const engines = rows.map((row) => {
    if (row.kind !== 'done') return { engine: row.name, state: row.kind, reason: row.reason };
    const { target, findings, engineVersion, prompts, equal, compared, tokens } = row.outcome;
    return {
      engine: target.name,
      state: findings.length === 0 ? 'equal' : 'unequal',
      engine_version: engineVersion,
      runs_on: target.runsOn,
      prompts,
      equal,
      streams: compared,
      tokens,
      restarted: target.isOurs,
      differences: findings.map(({ prompt, profile, pass, difference }) => ({
        prompt: prompt.id,
        seed: prompt.seed,
        profile,
        pass,
        ...difference,
      })),
      diff_files: diffs.get(target.name) ?? [],
    };
  });
  return JSON.stringify({ engines }, null, 2);
}
