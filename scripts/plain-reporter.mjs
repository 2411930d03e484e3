/**
 * A vitest reporter that writes the counts of a run, and why each skipped test was skipped, to `.reports/vitest.json`,
 * which `xtask verify` adds up, and what became of each test to `.reports/tests.json`, from which `xtask spec-extract` says
 * what is proven. `TEST_REPORTS_DIR` puts both elsewhere. It prints nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = `${process.env.TEST_REPORTS_DIR ?? `${root}.reports`}/`;

export default class PlainReporter {
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skips: [] };
    const results = [];
    for (const module of modules) {
      const file = relative(root, module.moduleId).split(sep).join('/');
      // A file that could not be loaded has no test to carry the failure.
      if (module.errors().length > 0) counts.failed += 1;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        this.count(test, counts);
        const { state, note } = test.result();
        // `pending` at the end of a run means that it never ran: its worker died.
        results.push({
          file,
          names: titlesOf(test),
          state: state === 'pending' ? 'failed' : state,
          ...(note === undefined ? {} : { reason: note }),
        });
      }
    }
    mkdirSync(directory, { recursive: true });
    writeFileSync(`${directory}vitest.json`, `${JSON.stringify(counts, null, 2)}\n`);
    writeFileSync(`${directory}tests.json`, `[\n${results.map((each) => JSON.stringify(each)).join(',\n')}\n]\n`);
  }

  count(test, counts) {
    const { state, note } = test.result();
    if (state === 'passed') counts.passed += 1;
    else if (state === 'skipped') counts.skips.push({ name: `${test.project.name} ${test.fullName}`, reason: note ?? 'no reason given' });
    else counts.failed += 1;
  }
}

/** The titles of the suites around a test, and its own last. */
function titlesOf(test) {
  const titles = [];
  for (let each = test; each.type !== 'module'; each = each.parent) titles.unshift(each.name);
  return titles;
}
