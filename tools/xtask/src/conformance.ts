/**
 * `xtask conformance`: the conformance suite of every adapter, or of some, as one table of cases by adapters. It runs the
 * tests as they are and knows no case.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { type ConformanceTable, isAllGreen, parseConformance, renderConformance } from './conformance/table.ts';
import { listenForStopWish, type StopWish } from './stop-wish.ts';
import { runTool } from './verify/run-tool.ts';
import { toolPath } from './workspace-root.ts';

export const conformance: Command = {
  summary: 'Run the adapters’ conformance suites and print a table of cases by adapters.',
  usage: `[ADAPTER]… [--json]

  ADAPTER  a package under packages/worker-adapters without its scope, llamacpp-http for example; default: all
  --json   the table as JSON: { adapters, cases: [{ title, results: { ADAPTER: { state, reason? } } }] }

Exit code 1 where a case failed, or an adapter did not run one. A case is left out of an adapter's suite only with a reason.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const wish = listenForStopWish();
    try {
      const { table, output } = await runSuites(positionals, wish);
      if (wish.asked.aborted) return wish.exitCode;
      if (table === null) {
        console.error(output.trimEnd());
        console.error('xtask conformance: no suite ran');
        return 1;
      }
      console.log(values.json ? JSON.stringify(table, null, 2) : renderConformance(table));
      return isAllGreen(table) ? 0 : 1;
    } finally {
      wish.close();
    }
  },
};

async function runSuites(adapters: readonly string[], wish: StopWish): Promise<{ table: ConformanceTable | null; output: string }> {
  // Of its own: the reports of the last run of all tests are what compliance is read from.
  const directory = await mkdtemp(join(tmpdir(), 'llama-orch-conformance-'));
  try {
    const projects = adapters.map((name) => `--project=@llama-orch/${name === 'mock' ? 'adapter-mock' : name}`);
    const { output } = await runTool(toolPath('vitest'), ['run', 'adapter.conformance.test', ...projects], {
      env: { TEST_REPORTS_DIR: directory },
      signal: wish.asked,
      killSignal: wish.forced,
    });
    const report = await readFile(join(directory, 'tests.json'), 'utf8').catch(() => null);
    return { table: report === null ? null : parseConformance(report), output };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
