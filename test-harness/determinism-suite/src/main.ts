/**
 * The suite's command line: flags → targets → passes → table. The table goes to standard output, progress to standard error.
 * Nothing that it started is left when it ends.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workspaceRoot } from '@llama-orch/e2e-haiku';
import { writeDiff } from './diff-file.ts';
import { type Flags, parseFlags } from './flags.ts';
import { describeLiveEngine, findLiveEngines, liveEngineNames } from './live-engines.ts';
import { passes, reference } from './passes.ts';
import { suitePrompts } from './prompts.ts';
import { isAllEqual, renderTable, type Row, toJson } from './report.ts';
import { runSuite } from './run-suite.ts';
import { renderMeasured } from './slots/measured-table.ts';
import { measureSlots } from './slots/measure-slots.ts';
import type { Target } from './target.ts';
import { embeddedTarget } from './targets/embedded.ts';
import { liveTarget } from './targets/live.ts';
import { simulatorNames, simulatorTarget } from './targets/simulators.ts';

const names = ['llamacpp-embedded', ...simulatorNames, ...liveEngineNames];

const usage = `usage: pnpm xtask ci:determinism [--engine NAME]... [--prompts N] [--json]
       pnpm xtask ci:determinism --measure [--prompts N] [--json]

  --engine NAME  this engine alone; may be given more than once: ${names.join(', ')}
  --prompts N    the first N of the 64 prompts (default 64)
  --json         JSON in place of the table
  --measure      not whether single-slot engines are equal, but how equal llama.cpp is with 1, 2 and 4 slots

Two replicas of each engine, each prompt greedy and sampled, every stream compared with that of "${reference.name}" (${reference.shows}):
${passes.map(({ name, shows }) => `  ${name.padEnd(13)}  ${shows}`).join('\n')}

Live engines are found on the PATH or named by LLAMA_SERVER, VLLM_URL, TGI_URL, TRITON_URL (one URL, or two with a comma between
them; the README lists what else can be said of them). Exit code 1 where a stream was not equal or an engine failed; the files with
the differences are in .reports/determinism.
`;

const diffDir = join(workspaceRoot, '.reports/determinism');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  let flags: Flags;
  let live: ReturnType<typeof findLiveEngines>;
  try {
    flags = parseFlags(args, names);
    live = findLiveEngines(process.env);
  } catch (error) {
    process.stderr.write(`ci:determinism: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  for (const engine of live) tell(describeLiveEngine(engine));
  if (flags.measure) {
    const measured = await measureSlots(suitePrompts(flags.prompts), live, { signal: stop.signal, tell });
    process.stdout.write(`${flags.json ? JSON.stringify(measured, null, 2) : renderMeasured(measured)}\n`);
    return 0;
  }
  const dir = mkdtempSync(join(tmpdir(), 'llama-orch-determinism-'));
  rmSync(diffDir, { recursive: true, force: true });
  try {
    return await compareAll(flags, live, dir, tell);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function compareAll(
  flags: Flags,
  live: ReturnType<typeof findLiveEngines>,
  dir: string,
  tell: (line: string) => void,
): Promise<number> {
  const wanted = (name: string): boolean => flags.engines.length === 0 || flags.engines.includes(name);
  const targets: readonly Target[] = [
    embeddedTarget(),
    ...simulatorNames.map((name) => simulatorTarget(name, { dir })),
    ...live.flatMap((engine) => (engine.kind === 'missing' ? [] : [liveTarget(engine, process.env)])),
  ].filter(({ name }) => wanted(name));
  const rows: Row[] = [];
  const diffs = new Map<string, readonly string[]>();
  for (const target of targets) {
    const row = await rowOf(target, flags, tell);
    rows.push(row);
    if (row.kind === 'done' && row.outcome.findings.length > 0)
      diffs.set(
        target.name,
        row.outcome.findings.map((finding) => writeDiff(diffDir, target.name, finding)),
      );
    if (stop.signal.aborted) break;
  }
  rows.push(
    ...live.flatMap((engine): readonly Row[] =>
      engine.kind === 'missing' && wanted(engine.name) ? [{ kind: 'skipped', name: engine.name, reason: engine.reason }] : [],
    ),
  );
  process.stdout.write(`${flags.json ? toJson(rows, diffs) : renderTable(rows)}\n`);
  for (const path of [...diffs.values()].flat()) tell(`difference: ${path}`);
  if (stop.signal.aborted) return 130;
  return isAllEqual(rows) ? 0 : 1;
}

async function rowOf(target: Target, flags: Flags, tell: (line: string) => void): Promise<Row> {
  try {
    return { kind: 'done', outcome: await runSuite(target, suitePrompts(flags.prompts), { signal: stop.signal, tell }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    tell(`${target.name}: ${reason}`);
    return { kind: 'failed', name: target.name, reason };
  }
}
