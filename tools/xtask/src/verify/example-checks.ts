/**
 * Runs the example of each adapter in an empty project that has nothing but the packed adapter and what it depends on, as a
 * stranger would. The packages must have been built. It leaves nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readWorkspacePackages, type WorkspacePackage } from '../workspace-packages.ts';
import { toolEnv, toolPath, workspaceRoot } from '../workspace-root.ts';
import { runPnpm } from './run-pnpm.ts';
import { runTool, type ToolOptions } from './run-tool.ts';

const engineMain = join(workspaceRoot, 'packages', 'worker-adapters', 'mock', 'src', 'main.ts');

const typeRoots = join(workspaceRoot, 'node_modules', '@types');

/** The wire of the simulated engine that an adapter's example talks to, where it is not the package's name without `-http`. */
const wires: Readonly<Record<string, string>> = { mock: 'plain' };

/** @returns What went wrong; empty when all is well. */
export async function exampleChecks(options: ToolOptions): Promise<readonly string[]> {
  const packages = readWorkspacePackages(workspaceRoot);
  const adapters = packages.filter(({ dir }) => existsSync(join(workspaceRoot, dir, 'examples', 'use-adapter.ts')));
  if (adapters.length === 0) return ['no adapter has an examples/use-adapter.ts'];
  const place = await mkdtemp(join(tmpdir(), 'llama-orch-examples-'));
  try {
    const needed = withDependencies(adapters, packages);
    const filters = needed.map(({ name }) => `--filter=${name}`);
    const packed = await runPnpm([...filters, 'pack', '--pack-destination', place], options);
    if (packed.exitCode !== 0) return [packed.output];
    const failures: string[] = [];
    for (const adapter of adapters) failures.push(...(await runExample(adapter, withDependencies([adapter], packages), place, options)));
    return failures;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** These packages and all of ours that they need to run. */
function withDependencies(some: readonly WorkspacePackage[], all: readonly WorkspacePackage[]): readonly WorkspacePackage[] {
  const found = new Set(some);
  for (const each of found) for (const other of all) if (each.runtimeDependencies.includes(other.name)) found.add(other);
  return [...found];
}

async function runExample(
  adapter: WorkspacePackage,
  needed: readonly WorkspacePackage[],
  place: string,
  options: ToolOptions,
): Promise<readonly string[]> {
  const name = basename(adapter.dir);
  const project = join(place, `empty-${name}`);
  await mkdir(project);
  const tarballs = Object.fromEntries(needed.map((each) => [each.name, `file:${tarballOf(each, place)}`]));
  // The overrides are what a registry would do: the adapter's own dependencies on our packages name versions.
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module', dependencies: tarballs }));
  const overrides = Object.entries(tarballs).map(([dependency, file]) => `  '${dependency}': '${file}'\n`);
  await writeFile(join(project, 'pnpm-workspace.yaml'), `pmOnFail: ignore\noverrides:\n${overrides.join('')}`);
  const installed = await runPnpm(['install', '--dir', project, '--prod', '--prefer-offline', '--ignore-scripts'], options);
  if (installed.exitCode !== 0) return [`${name}: the install of its tarball failed\n${installed.output}`];
  await copyFile(join(workspaceRoot, adapter.dir, 'examples', 'use-adapter.ts'), join(project, 'use-adapter.ts'));
  // Strict, and through the declarations of all it imports: they are published too.
  const compilerOptions = { target: 'es2024', module: 'nodenext', strict: true, noEmit: true, types: ['node'], typeRoots: [typeRoots] };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use-adapter.ts'] }));
  const typed = await runTool(toolPath('tsc'), ['-p', project], options);
  if (typed.exitCode !== 0) return [`${name}: its published types do not fit its example\n${typed.output}`];
  const engine = await startEngine(wires[name] ?? name.replace(/-http$/, ''));
  try {
    const { exitCode, output } = await runTool(process.execPath, [join(project, 'use-adapter.ts'), engine.url], {
      ...options,
      env: engine.env,
    });
    const isAnswered = output.includes('quiet snow');
    return exitCode === 0 && isAnswered ? [] : [`${name}: its example ended with ${exitCode} and printed\n${output}`];
  } finally {
    await engine.stop();
  }
}

function tarballOf({ name }: WorkspacePackage, place: string): string {
  const prefix = `${name.replace('@', '').replace('/', '-')}-`;
  const file = readdirSync(place).find((each) => each.startsWith(prefix) && /^\d/.test(each.slice(prefix.length)));
  if (file === undefined) throw new Error(`pnpm packed no ${name}`);
  return join(place, file);
}

type Engine = {
  readonly url: string;
  /** `ENGINE_NAME_PORT` for each other port of the engine, as its example reads them. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
};

async function startEngine(wire: string): Promise<Engine> {
  const script = JSON.stringify({
    steps: [
      { text: 'quiet ', tokens: 1 },
      { text: 'snow', tokens: 1 },
    ],
  });
  const child = spawn(process.execPath, [engineMain, '--wire', wire, '--script', '-'], {
    env: toolEnv(),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin.end(script);
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const printed = await untilReady(child);
  const url = /^listening on (\S+)$/m.exec(printed)?.[1];
  if (url === undefined) {
    await stop();
    throw new Error(`the simulated engine for ${wire} did not start:\n${printed}`);
  }
  const env = Object.fromEntries(
    [...printed.matchAll(/^port (\S+) (\d+)$/gm)].map(([, name = '', port = '']) => [`${wire}_${name}_PORT`.toUpperCase(), port]),
  );
  return { url, env, stop };
}

/** What it printed until it was ready, or until it ended. */
function untilReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let printed = '';
    child.once('close', () => resolve(printed));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (/^control \S+\n/m.test(printed)) resolve(printed);
    });
  });
}
