/**
 * The bench's command line: flags → surroundings → measures → report. Figures go to standard output, progress to standard
 * error. Nothing that it started is left when it ends.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { pinThisProcess } from './cores.ts';
import type { Figure, Findings, Skip } from './figure.ts';
import { type Flags, parseFlags } from './flags.ts';
import { measures } from './measures/index.ts';
import { findNginx } from './nginx.ts';
import { killPrograms } from './program.ts';
import { type RunFacts, toHeading, toJson, toTable, toVerdict } from './report.ts';

const usage = `usage: pnpm xtask bench [--only NAME]... [--rounds N] [--quick] [--json [FILE]] [--controller-flags=FLAGS]

  --only NAME    run this measure alone; may be given more than once
  --rounds N     rounds of each measure (default 3, with --quick 2)
  --quick        fewer streams and shorter rounds: less than 90 s, rougher figures
  --json [FILE]  figures as JSON: to FILE, or to standard output in place of the table
  --controller-flags=FLAGS
                 flags for the controller's Node, for example "--cpu-prof --cpu-prof-dir=/tmp/profile"

measures:
${measures.map(({ name, summary }) => `  ${name.padEnd(13)}  ${summary}`).join('\n')}
`;

/** After this no new round is begun, so that a busy machine makes rougher figures and not a longer run. */
const timeMs = { quick: 60_000, full: 270_000 };

const reportsDir = fileURLToPath(new URL('../../../.reports/bench', import.meta.url));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killPrograms();
    process.exit(130);
  });
}
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  killPrograms();
  process.stderr.write(`bench: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

/** @returns 0 when all was measured, whether or not the targets are met: a bench reports, tests judge. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  let flags: Flags;
  try {
    flags = parseFlags(
      args,
      measures.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  return run(flags, args);
}

async function run(flags: Flags, args: readonly string[]): Promise<number> {
  const startedAt = new Date();
  const startedMs = performance.now();
  const tell = (text: string): void => {
    process.stderr.write(`[${((performance.now() - startedMs) / 1_000).toFixed(0).padStart(3)} s] ${text}\n`);
  };
  const dir = join(reportsDir, startedAt.toISOString().replaceAll(':', '-'));
  mkdirSync(dir, { recursive: true });
  const [loadBefore = 0] = loadavg();
  // Counted before this process is pinned to one of them.
  const coreCount = availableParallelism();
  const cores = pinThisProcess();
  if (cores === null) tell('processes are not pinned (no taskset, or one core): relay and load disturb each other');
  const nginx = await findNginx(join(reportsDir, 'nginx'));
  const { rounds, isQuick, controllerFlags } = flags;
  const isLate = (): boolean => performance.now() - startedMs > (isQuick ? timeMs.quick : timeMs.full);
  const bench: Bench = { cores, nginx, dir, rounds, isQuick, controllerFlags, isLate, tell };

  const figures: Figure[] = [];
  const skips: Skip[] = [];
  for (const measure of measures) {
    if (flags.only.length > 0 && !flags.only.includes(measure.name)) continue;
    tell(`${measure.name}: ${measure.summary}`);
    const found: Findings = await measure.run(bench);
    figures.push(...found.figures);
    skips.push(...found.skips);
  }

  const facts: RunFacts = {
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - startedMs),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores,
    nginx: nginx.kind === 'found' ? nginx.nginx.version : null,
    loadBefore,
    coreCount,
    args,
  };
  const findings = { figures, skips };
  if (flags.json === '') process.stdout.write(`${toJson(facts, findings)}\n`);
  else process.stdout.write(`${toHeading(facts)}\n\n${toTable(findings)}\n\n${toVerdict(figures)}\n`);
  if (flags.json !== null && flags.json !== '') writeFileSync(resolve(flags.json), `${toJson(facts, findings)}\n`);
  tell(`done; configs and logs are in ${dir}`);
  return 0;
}
