/**
 * `xtask test`: the tests of some packages, with the pinned tools, for pipelines and for clones that have no pnpm. It knows no test.
 */
import type { Command } from './command.ts';
import { listenForStopWish } from './stop-wish.ts';
import { runTool } from './verify/run-tool.ts';
import { toolPath } from './workspace-root.ts';

export const test: Command = {
  summary: 'Run the tests of some packages, or all: `xtask test @llama-orch/orchestrator-core`.',
  usage: `[PROJECT]… [-- FLAGS OF vitest]

  PROJECT  a package's name; its tests that start processes are NAME:process; \`!\` before it leaves it out, \`*\` stands for any text

Fails where no test was run. All checks, not tests alone: \`npm test\`.`,
  async run(args) {
    const end = args.indexOf('--');
    const projects = end < 0 ? args : args.slice(0, end);
    const flags = end < 0 ? [] : args.slice(end + 1);
    const wish = listenForStopWish();
    try {
      const { exitCode } = await runTool(toolPath('vitest'), ['run', ...projects.map((name) => `--project=${name}`), ...flags], {
        signal: wish.asked,
        killSignal: wish.forced,
        onOutput: (text) => void process.stdout.write(text),
      });
      return wish.asked.aborted ? wish.exitCode : exitCode;
    } finally {
      wish.close();
    }
  },
};
