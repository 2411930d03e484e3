/**
 * What a run of all tests said: `.reports/tests.json`, which scripts/plain-reporter.mjs writes. It knows no requirement.
 */
import type { TestLink } from './code-links.ts';
import type { Finding } from './finding.ts';
import type { SourceFile } from './source-file.ts';

export type TestResult = {
  /** Relative to the root, with `/`. */
  readonly file: string;
  /** The titles of the suites around it, and its own last. */
  readonly names: readonly string[];
  readonly state: 'passed' | 'failed' | 'skipped';
};

/** What became of one test of the sources; one with `.each` counts once. */
export type Outcome = 'passed' | 'failed' | 'skipped' | 'not run';

/** @throws Error naming the file when it is no such report. */
export function parseTestReport(path: string, text: string): readonly TestResult[] {
  const report: unknown = JSON.parse(text);
  if (!Array.isArray(report) || !report.every(isTestResult))
    throw new Error(`${path}: expected the report of scripts/plain-reporter.mjs, a list of \`file\`, \`names\` and \`state\``);
  return report;
}

/** A report of some tests only would make the others look as if nobody ran them. */
export function checkReport(results: readonly TestResult[], files: readonly SourceFile[]): readonly Finding[] {
  const reported = new Set(results.map(({ file }) => file));
  return files
    .filter(({ path, isTest }) => isTest && !reported.has(path))
    .map(({ path }) => ({ file: path, line: 1, expected: 'results of this file in the report; run all tests (`pnpm vitest`)' }));
}

/** Finds the outcome of a test by its file and the pattern of its title. */
export function outcomeFinder(results: readonly TestResult[]): (link: TestLink) => Outcome {
  const byFile = Map.groupBy(results, ({ file }) => file);
  return ({ file, call, isShared }) => {
    const cases = (isShared ? results : (byFile.get(file) ?? [])).filter(({ names }) => names.some((name) => call.pattern.test(name)));
    if (cases.some(({ state }) => state === 'failed')) return 'failed';
    if (cases.some(({ state }) => state === 'passed')) return 'passed';
    return cases.length > 0 ? 'skipped' : 'not run';
  };
}

function isTestResult(value: unknown): value is TestResult {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'file' in value &&
    typeof value.file === 'string' &&
    'names' in value &&
    Array.isArray(value.names) &&
    value.names.every((name) => typeof name === 'string') &&
    'state' in value &&
    (value.state === 'passed' || value.state === 'failed' || value.state === 'skipped')
  );
}
