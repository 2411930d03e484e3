/**
 * `npm test`: every check of the repository, uncached, in one run that goes on after a failure and ends with one line of
 * counts. It knows which checks there are; each is a tool of its own.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { listenForStopWish, type StopWish } from './stop-wish.ts';
import { exampleChecks } from './verify/example-checks.ts';
import { packageChecks } from './verify/package-checks.ts';
import { runTool, type ToolOptions } from './verify/run-tool.ts';
import { add, closingLine, nothing, type Tally, tallyOfVitest } from './verify/tally.ts';
import { toolPath, workspaceRoot } from './workspace-root.ts';

/** One check. It counts as one test, but for `tests`, whose tests count each for itself. */
type Step = {
  readonly name: string;
  /** What a developer does about a failure. */
  readonly remedy: string;
  run(options: ToolOptions): Promise<StepResult>;
};

type StepResult = { readonly tally: Tally; readonly output: string };

const steps: readonly Step[] = [
  toolStep('format', [toolPath('biome'), 'format', '.'], 'pnpm format'),
  toolStep('lint', [toolPath('oxlint'), '--type-aware', '--deny-warnings'], 'pnpm lint'),
  toolStep('types', [toolPath('tsc'), '-p', 'tsconfig.json'], 'pnpm typecheck'),
  toolStep('tidy', xtask('tidy'), 'pnpm xtask tidy'),
  toolStep('platforms', [process.execPath, join(workspaceRoot, 'ci', 'check-platforms.mjs')], 'node ci/check-platforms.mjs'),
  toolStep('generated files', xtask('regen', '--check'), 'pnpm xtask regen'),
  toolStep('links', xtask('linkcheck'), 'pnpm xtask linkcheck'),
  { name: 'tests', remedy: 'pnpm vitest', run: runVitest },
  toolStep(
    'compliance',
    xtask('spec-extract', '--report', join('.reports', 'tests.json'), '--check'),
    'pnpm xtask spec-extract --report .reports/tests.json',
  ),
  checksStep('packages', packageChecks, 'pnpm build'),
  checksStep('examples', exampleChecks, 'pnpm build && pnpm xtask verify --only examples'),
  toolStep('unused code', [toolPath('knip'), '--no-progress'], 'pnpm knip'),
];

export const verify: Command = {
  summary: 'Run every check of the repository, uncached (npm test).',
  usage: `[--only STEP]…

  --only STEP  run this step only; may be repeated. Steps: ${steps.map(({ name }) => `"${name}"`).join(', ')}

The last line is \`N passed, N failed, N skipped\`. Reports of the tests are in .reports/.`,
  async run(args) {
    const chosen = chooseSteps(args);
    const wish = listenForStopWish();
    try {
      return await runSteps(chosen, wish);
    } finally {
      wish.close();
    }
  },
};

function chooseSteps(args: readonly string[]): readonly Step[] {
  const { values } = parseArgs({ args: args.filter((each) => each !== '--'), options: { only: { type: 'string', multiple: true } } });
  const unknown = values.only?.find((name) => !steps.some((step) => step.name === name));
  if (unknown !== undefined)
    throw new UsageError(`there is no step "${unknown}"; they are ${steps.map(({ name }) => `"${name}"`).join(', ')}`);
  return steps.filter(({ name }) => values.only?.includes(name) ?? true);
}

async function runSteps(chosen: readonly Step[], wish: StopWish): Promise<number> {
  let total = nothing;
  const failedSteps: Step[] = [];
  for (const step of chosen) {
    if (wish.asked.aborted) break;
    console.log(`▸ ${step.name} …`);
    const startedAt = performance.now();
    const { tally, output } = await step.run({ signal: wish.asked, killSignal: wish.forced });
    const took = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
    total = add(total, tally);
    if (tally.failed > 0) {
      failedSteps.push(step);
      console.log(output.trimEnd());
    }
    console.log(`${tally.failed > 0 ? '✗' : '✓'} ${step.name} (${closingLine(tally)}, ${took})`);
  }
  if (wish.asked.aborted) {
    console.log('\ninterrupted: not every check has run');
    return wish.exitCode;
  }
  for (const { name, reason } of total.skips) console.log(`skipped: ${name}: ${reason}`);
  for (const { name, remedy } of failedSteps) console.log(`failed: ${name}; alone: ${remedy}`);
  console.log(closingLine(total));
  return total.failed > 0 ? 1 : 0;
}

function toolStep(name: string, [command, ...args]: readonly [string, ...string[]], remedy: string): Step {
  return {
    name,
    remedy,
    async run(options) {
      const { exitCode, output } = await runTool(command, args, options);
      return { tally: exitCode === 0 ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 }, output };
    },
  };
}

function xtask(...args: readonly string[]): readonly [string, ...string[]] {
  return [process.execPath, join(workspaceRoot, 'tools', 'xtask', 'src', 'main.ts'), ...args];
}

/** The tests speak as they go: they are the longest step. */
async function runVitest(options: ToolOptions): Promise<StepResult> {
  const reportFile = join(workspaceRoot, '.reports', 'vitest.json');
  // Without this a run that crashes would be counted by the reports of the one before.
  for (const file of [reportFile, join(workspaceRoot, '.reports', 'tests.json')]) await rm(file, { force: true });
  const { exitCode } = await runTool(toolPath('vitest'), ['run'], { ...options, onOutput: (text) => void process.stdout.write(text) });
  const report = await readFile(reportFile, 'utf8').catch(() => undefined);
  const output = report === undefined ? `vitest ended with exit code ${exitCode} and left no report` : '';
  return { tally: tallyOfVitest(report, exitCode), output };
}

/** @param checks - Gives what went wrong; nothing when all is well. */
function checksStep(name: string, checks: (options: ToolOptions) => Promise<readonly string[]>, remedy: string): Step {
  return {
    name,
    remedy,
    async run(options) {
      const failures = await checks(options);
      return { tally: failures.length === 0 ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 }, output: failures.join('\n') };
    },
  };
}
