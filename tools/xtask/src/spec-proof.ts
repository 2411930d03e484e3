/**
 * `xtask spec-proof`: shows that "met" means something. For requirements drawn by a seed it disables the code that carries the `@req`, in a
 * copy of the tree, and demands that a test which names the requirement fails. It changes nothing here.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { disableCode, type Evidence, gatherEvidence, readTree } from '@llama-orch/spec-extract';
import { type Command, UsageError } from './command.ts';
import { readWorkspacePackages } from './workspace-packages.ts';
import { toolEnv, workspaceRoot } from './workspace-root.ts';

/** A test that waits for what no longer comes fails by its own limit; this one ends what has none. */
const runTimeoutMs = 300_000;

export const specProof: Command = {
  summary: 'Disable the code of drawn requirements, one after the other, and see that their tests fail.',
  usage: `[--seed N] [--count N] [--id ORCH-NNNN]… [--json]

  --seed N   which requirements are drawn (default 1)
  --count N  how many (default 20)
  --id ID    these instead
  --json     one JSON line for each

Works in a copy of the last commit. Requirements whose \`@req\` stands over schemas or types alone have nothing to disable, and are
passed over. Exit 1 where the tests of one still pass.`,
  async run(args) {
    const { values } = parseArgs({
      args: args.filter((each) => each !== '--'),
      options: {
        seed: { type: 'string', default: '1' },
        count: { type: 'string', default: '20' },
        id: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
      },
    });
    const [seed, count] = [Number(values.seed), Number(values.count)];
    if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || count < 1)
      throw new UsageError('--seed and --count are whole numbers');
    const copy = await mkdtemp(join(tmpdir(), 'llama-orch-proof-'));
    try {
      prepareCopy(copy);
      const met = metEvidence(copy);
      const chosen = values.id === undefined ? drawn(met, seed) : values.id.map((id) => known(met, id));
      let survivors = 0;
      let proved = 0;
      for (const evidence of chosen) {
        if (proved === count && values.id === undefined) break;
        const outcome = prove(copy, evidence);
        if (outcome === null) continue;
        proved += 1;
        if (!outcome.failed) survivors += 1;
        const { id, title } = evidence.requirement;
        const line = { id, title, disabled: outcome.disabled, tests: outcome.tests, failed: outcome.failed };
        console.log(
          values.json ? JSON.stringify(line) : `${line.failed ? '✓' : '✗'} ${id} ${title}: ${line.disabled.join(', ')} → ${line.tests}`,
        );
      }
      console.log(`spec-proof: seed ${seed}: ${proved} requirements disabled, ${proved - survivors} noticed`);
      return survivors === 0 ? 0 : 1;
    } finally {
      execFileSync('git', ['worktree', 'remove', '--force', join(copy, 'tree')], { cwd: workspaceRoot, stdio: 'ignore' });
      await rm(copy, { recursive: true, force: true });
    }
  },
};

function prepareCopy(copy: string): void {
  execFileSync('git', ['worktree', 'add', '--quiet', '--detach', join(copy, 'tree')], { cwd: workspaceRoot });
  const { packageManager } = JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8')) as { readonly packageManager: string };
  execFileSync('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=silent'], {
    cwd: join(copy, 'tree'),
    env: { ...toolEnv(), CI: 'true' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function metEvidence(copy: string): readonly Evidence[] {
  const root = join(copy, 'tree');
  const { sources } = readTree(
    root,
    readWorkspacePackages(root).map(({ dir }) => dir),
  );
  return gatherEvidence(sources).filter(({ notYet, code, tests }) => notYet === undefined && code.length > 0 && tests.length > 0);
}

function known(met: readonly Evidence[], id: string): Evidence {
  const found = met.find(({ requirement }) => requirement.id === id);
  if (found === undefined) throw new UsageError(`${id} is no requirement that is met by code with tests`);
  return found;
}

/** All of them in an order of the seed's. */
function drawn(met: readonly Evidence[], seed: number): readonly Evidence[] {
  let state = seed >>> 0;
  const next = (): number => {
    // mulberry32: enough to shuffle a list.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return met
    .map((evidence) => ({ evidence, rank: next() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ evidence }) => evidence);
}

type Proof = { readonly disabled: readonly string[]; readonly tests: string; readonly failed: boolean };

/** @returns `null` where there is nothing to disable. */
function prove(copy: string, { requirement, code, tests }: Evidence): Proof | null {
  const root = join(copy, 'tree');
  const before = new Map<string, string>();
  const disabled: string[] = [];
  // From the last line to the first of each file, so that lines stay where the evidence has them.
  for (const { file, line, symbol } of code.toSorted((a, b) => b.line - a.line)) {
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    const changed = file.endsWith('.ts') ? disableCode(path, text, { line, symbol }) : null;
    if (changed === null) continue;
    if (!before.has(path)) before.set(path, text);
    writeFileSync(path, changed);
    disabled.push(symbol ?? file);
  }
  if (disabled.length === 0) return null;
  try {
    // Tests that start no process tell sooner; where there are none, the others.
    const own = Array.from(new Set(tests.flatMap(({ file, isShared }) => (isShared ? conformanceTests(root) : [file]))));
    const quick = own.filter((file) => !/\.(process|e2e)\.test\.ts$/.test(file));
    for (const files of [quick, own.filter((file) => !quick.includes(file))]) {
      if (files.length > 0 && failed(root, files, requirement.id)) return { disabled, tests: files.join(', '), failed: true };
    }
    return { disabled, tests: own.join(', '), failed: false };
  } finally {
    for (const [path, text] of before) writeFileSync(path, text);
  }
}

/** Who runs a shared suite: by the house's naming, the files called so. */
const conformanceTests = (root: string): readonly string[] =>
  globSync('packages/**/src/*.conformance.test.ts', { cwd: root, exclude: ['**/node_modules/**'] });

/** A run that executes no test has not failed: nothing was shown. */
function failed(root: string, files: readonly string[], id: string): boolean {
  const report = join(root, '.reports', 'vitest.json');
  rmSync(report, { force: true });
  spawnSync(join(root, 'node_modules', '.bin', 'vitest'), ['run', '-t', id, ...files], {
    cwd: root,
    env: toolEnv({ NO_COLOR: '1' }),
    stdio: 'ignore',
    timeout: runTimeoutMs,
    killSignal: 'SIGKILL',
  });
  // What the workspace's own reporter counted; nothing where the run was killed.
  return existsSync(report) && (JSON.parse(readFileSync(report, 'utf8')) as { readonly failed: number }).failed > 0;
}
