/** The package that `new-adapter` writes, held against the real tools in a copy of what it needs of the workspace. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openPoints } from './new-adapter/open-points.ts';
import { writeAdapterPackage } from './new-adapter.ts';
import { toolEnv, toolPath, workspaceRoot } from './workspace-root.ts';

vi.setConfig({ testTimeout: 120_000 });

const copies: string[] = [];
afterEach(() => {
  for (const copy of copies.splice(0)) rmSync(copy, { recursive: true, force: true });
});

/** The settings of all tools, the adapter that is a model for the new one, and links to everything that is installed. */
const copyWorkspace = (): string => {
  const root = mkdtempSync(join(tmpdir(), 'llama-orch-new-adapter-'));
  copies.push(root);
  for (const file of ['biome.json', '.oxlintrc.json', 'tsconfig.base.json', 'package.json'])
    cpSync(join(workspaceRoot, file), join(root, file));
  const model = join('packages', 'worker-adapters', 'llamacpp-http');
  cpSync(join(workspaceRoot, model), join(root, model), { recursive: true, filter: (path) => !/node_modules|dist/.test(path) });
  symlinkSync(join(workspaceRoot, 'node_modules'), join(root, 'node_modules'));
  return root;
};

const run = (root: string, tool: string, ...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(toolPath(tool), args, { cwd: root, env: toolEnv({ NO_COLOR: '1' }), encoding: 'utf8' });
  return { status, output: stdout + stderr };
};

test('a new adapter passes format, lint and types, and fails conformance with all that is left to do', async () => {
  const root = copyWorkspace();
  const directory = await writeAdapterPackage(root, 'mlc-http');
  // What `pnpm install` does: the links to its dependencies.
  const links = join(root, directory, 'node_modules', '@llama-orch');
  mkdirSync(links, { recursive: true });
  for (const [name, folder] of [
    ['adapter-api', 'adapter-api'],
    ['adapter-mock', 'mock'],
  ] as const)
    symlinkSync(join(workspaceRoot, 'packages', 'worker-adapters', folder), join(links, name));
  symlinkSync(join(root, directory), join(links, 'mlc-http'));

  expect(run(root, 'biome', 'format', directory)).toMatchObject({ status: 0 });
  expect(run(root, 'tsc', '-p', directory)).toEqual({ status: 0, output: '' });
  expect(run(root, 'oxlint', '--type-aware', '--deny-warnings', join(directory, 'src'), join(directory, 'examples'))).toMatchObject({
    status: 0,
  });

  writeFileSync(join(root, 'vitest.config.ts'), 'export default { test: { testTimeout: 30_000 } };\n');
  const conformance = run(root, 'vitest', 'run', '--dir', directory, '--bail', '2');
  expect(conformance.status).toBe(1);
  expect(conformance.output).toContain('adapter has no submit yet');
  for (const point of openPoints('mlc-http')) expect(conformance.output).toContain(point.slice(0, 60));
});

test('it refuses a name that is none or that is taken, and leaves nothing half written', async () => {
  const root = copyWorkspace();
  await expect(writeAdapterPackage(root, 'MLC')).rejects.toThrow('"MLC" is no name');
  await expect(writeAdapterPackage(root, 'llamacpp-http')).rejects.toThrow('already there');
  rmSync(join(root, 'packages', 'worker-adapters', 'llamacpp-http', 'tsup.config.ts'));
  await expect(writeAdapterPackage(root, 'mlc-http')).rejects.toThrow('tsup.config.ts');
  expect(readdirSync(join(root, 'packages', 'worker-adapters'))).toEqual(['llamacpp-http']);
  expect(existsSync(join(root, 'packages', 'worker-adapters', 'mlc-http'))).toBe(false);
});

test('the checklist for adapters begins with it', () => {
  const checklist = readFileSync(join(workspaceRoot, 'docs', 'checklists', 'add-an-adapter.md'), 'utf8');
  expect(checklist).toContain('pnpm xtask new-adapter NAME');
});
