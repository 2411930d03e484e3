/**
 * A vitest reporter that writes the counts of a run, and why each skipped test was skipped, to `.reports/vitest.json`,
 * which `xtask verify` adds up. It prints nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('../.reports/', import.meta.url));

export default class PlainReporter {
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skips: [] };
    for (const module of modules) {
      // A file that could not be loaded has no test to carry the failure.
      if (module.errors().length > 0) counts.failed += 1;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) this.count(test, counts);
    }
    mkdirSync(directory, { recursive: true });
    writeFileSync(`${directory}vitest.json`, `${JSON.stringify(counts, null, 2)}\n`);
  }

  count(test, counts) {
    const { state, note } = test.result();
    if (state === 'passed') counts.passed += 1;
    else if (state === 'skipped') counts.skips.push({ name: `${test.project.name} ${test.fullName}`, reason: note ?? 'no reason given' });
    // `pending` at the end of a run means that it never ran: its worker died.
    else counts.failed += 1;
  }
}
