/** The table of conformance cases by adapters: read from a test report, and drawn. It runs nothing. */

export type CaseResult = { readonly state: 'passed' | 'failed' | 'skipped' | 'not run'; readonly reason?: string };

export type ConformanceTable = {
  readonly adapters: readonly string[];
  readonly cases: readonly { readonly title: string; readonly results: Readonly<Record<string, CaseResult>> }[];
};

type ReportedTest = { readonly names: readonly string[]; readonly state: 'passed' | 'failed' | 'skipped'; readonly reason?: string };

const suitePattern = /^\[ORCH-3057\] (.+) keeps the worker contract$/;

/**
 * Read what scripts/plain-reporter.mjs wrote about a run of conformance suites.
 *
 * A case that another adapter has and this one has not is `not run`: no adapter leaves one out without a reason.
 *
 * @returns `null` where no suite ran.
 */
export function parseConformance(report: string): ConformanceTable | null {
  const tests: unknown = JSON.parse(report);
  if (!Array.isArray(tests) || !tests.every(isReportedTest)) throw new Error('expected the report of scripts/plain-reporter.mjs');
  const byAdapter = new Map<string, Map<string, CaseResult>>();
  for (const { names, state, reason } of tests) {
    const adapter = suitePattern.exec(names[0] ?? '')?.[1];
    const title = names.at(-1);
    if (adapter === undefined || title === undefined || names.length < 2) continue;
    const results = byAdapter.get(adapter) ?? new Map<string, CaseResult>();
    results.set(title, reason === undefined ? { state } : { state, reason });
    byAdapter.set(adapter, results);
  }
  const adapters = [...byAdapter.keys()].toSorted();
  const titles = [...new Set([...byAdapter.values()].flatMap((results) => [...results.keys()]))];
  if (titles.length === 0) return null;
  return {
    adapters,
    cases: titles.map((title) => ({
      title,
      results: Object.fromEntries(adapters.map((name) => [name, byAdapter.get(name)?.get(title) ?? { state: 'not run' }])),
    })),
  };
}

/** Every case passed with every adapter, or is left out with a reason. */
export function isAllGreen(table: ConformanceTable): boolean {
  return table.cases.every(({ results }) => Object.values(results).every(isGreen));
}

function isGreen({ state, reason }: CaseResult): boolean {
  return state === 'passed' || (state === 'skipped' && reason !== undefined && reason !== '');
}

/** Columns in the order of the adapters' names; skips are numbered, and each number's reason stands below. */
export function renderConformance({ adapters, cases }: ConformanceTable): string {
  const reasons: string[] = [];
  const cellOf = (result: CaseResult | undefined): string => {
    if (result?.state === 'passed') return 'ok';
    if (result?.state !== 'skipped') return result?.state === 'failed' ? 'FAILED' : 'NOT RUN';
    const reason = result.reason ?? 'no reason given';
    if (!reasons.includes(reason)) reasons.push(reason);
    return `skip ${reasons.indexOf(reason) + 1}`;
  };
  const titleWidth = Math.max('passed'.length, ...cases.map(({ title }) => title.length));
  const widths = adapters.map((name) => Math.max(7, name.length));
  const row = (title: string, cells: readonly string[]): string =>
    `${title.padEnd(titleWidth)}  ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  const rows = cases.map(({ title, results }) =>
    row(
      title,
      adapters.map((name) => cellOf(results[name])),
    ),
  );
  const counts = adapters.map((name) => `${cases.filter(({ results }) => results[name]?.state === 'passed').length}/${cases.length}`);
  return [
    row('case', adapters),
    ...rows,
    row('passed', counts),
    ...(reasons.length === 0 ? [] : ['', ...reasons.map((reason, index) => `skip ${index + 1}: ${reason}`)]),
  ].join('\n');
}

function isReportedTest(value: unknown): value is ReportedTest {
  if (typeof value !== 'object' || value === null || !('names' in value) || !('state' in value)) return false;
  return Array.isArray(value.names) && typeof value.state === 'string' && (!('reason' in value) || typeof value.reason === 'string');
}
