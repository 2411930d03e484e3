/** Command line of the load run: flags in, report out. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runLoad } from './load-run.ts';
import { breachesSlo, renderLoad } from './load-verdict.ts';

const usage = `ci:load: interactive tasks alone, then while batch tasks come at ten times what the stack can do

  --seed N      arrivals and requests follow from it (1)
  --seconds S   of each of the two phases (60)
  --report FILE the report as JSON (load-report.json); the text goes to stdout

Exit status: 0, 1 when the interactive class missed its SLO or a promise was broken, 2 for bad usage.
`;

// The way out of a signal is that of any exit: it ends what was started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: args.filter((each) => each !== '--'),
      options: {
        seed: { type: 'string', default: '1' },
        seconds: { type: 'string', default: '60' },
        report: { type: 'string', default: 'load-report.json' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [seed, seconds] = [Number(values.seed), Number(values.seconds)];
  if (!Number.isSafeInteger(seed) || seed < 0 || !(seconds > 0)) {
    process.stderr.write(
      `--seed is a whole number from 0, --seconds a number above 0; got ${values.seed} and ${values.seconds}\n\n${usage}`,
    );
    return 2;
  }
  const measured = await runLoad({ seed, seconds, log: (line) => process.stderr.write(`${line}\n`) });
  const breach = breachesSlo(measured);
  const report = { ...measured, violations: [...measured.violations, ...(breach === null ? [] : [breach])] };
  await writeFile(values.report, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${renderLoad(report)}\n`);
  return report.violations.length === 0 ? 0 : 1;
}
