/**
 * Adds up what passed, failed and was skipped, and words the closing line. It runs nothing.
 */

export type Skip = { readonly name: string; readonly reason: string };

export type Tally = { readonly passed: number; readonly failed: number; readonly skips: readonly Skip[] };

export const nothing: Tally = { passed: 0, failed: 0, skips: [] };

export function add(one: Tally, other: Tally): Tally {
  return { passed: one.passed + other.passed, failed: one.failed + other.failed, skips: [...one.skips, ...other.skips] };
}

/** The last line of `npm test`; whoever counts the tests reads it. */
export function closingLine({ passed, failed, skips }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skips.length} skipped`;
}

/**
 * Read what `scripts/plain-reporter.mjs` wrote about a vitest run.
 *
 * @param report - The file's text; `undefined` where there is none, because vitest did not live to write it.
 * @param exitCode - Vitest's. A bad end without a failed test (an unhandled error, a crash) counts as one failure.
 */
export function tallyOfVitest(report: string | undefined, exitCode: number): Tally {
  if (report === undefined) return { passed: 0, failed: 1, skips: [] };
  const { passed, failed, skips } = parseReport(report);
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed, skips };
}

function parseReport(text: string): Tally {
  const report: unknown = JSON.parse(text);
  if (!isReport(report)) throw new Error('the report of scripts/plain-reporter.mjs must have `passed`, `failed` and `skips`');
  return report;
}

function isReport(value: unknown): value is Tally {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'passed' in value &&
    typeof value.passed === 'number' &&
    'failed' in value &&
    typeof value.failed === 'number' &&
    'skips' in value &&
    Array.isArray(value.skips)
  );
}
