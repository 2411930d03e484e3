/** Command line of the chaos run: flags in, report out. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { renderReport } from './report.ts';

const usage = `ci:chaos: the whole stack under load and seeded faults, and a checker that reads only what clients saw

  --seed N      what is asked for and what is broken follows from it (default: another one each time)
  --minutes M   of load; tasks and faults grow with it (10)
  --report FILE the report as JSON (chaos-report.json); the text goes to stdout

Exit status: 0, 1 when a promise was broken (the command that replays it is printed), 2 for bad usage.
`;

// The way out of a signal is that of any exit: it ends what was started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args].filter((each) => each !== '--'),
      options: {
        seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
        minutes: { type: 'string', default: '10' },
        report: { type: 'string', default: 'chaos-report.json' },
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
  const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
  if (!Number.isSafeInteger(seed) || seed < 0 || !(minutes > 0)) {
    process.stderr.write(
      `--seed is a whole number from 0, --minutes a number above 0; got ${values.seed} and ${values.minutes}\n\n${usage}`,
    );
    return 2;
  }
  process.stderr.write(`seed ${seed}\n`);
  const report = await runChaos({ seed, minutes, log: (line) => process.stderr.write(`${line}\n`) });
  await writeFile(values.report, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${renderReport(report)}\n`);
  return report.violations.length === 0 ? 0 : 1;
}
