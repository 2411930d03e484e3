/**
 * `xtask new-adapter`: writes the package of a new adapter, which passes lint and types and fails conformance with what is
 * left to do. It writes files; what is in them it does not know.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { adapterFiles } from './new-adapter/adapter-files.ts';
import { openPoints } from './new-adapter/open-points.ts';
import { workspaceRoot } from './workspace-root.ts';

export const newAdapter: Command = {
  summary: 'Write the package of a new engine adapter.',
  usage: `NAME

  NAME  the package's folder and name, mlc-http for example: small letters, digits and dashes

It passes lint and types as it is. Its conformance test fails with the list of what to do, which is in its README and goes with
docs/checklists/add-an-adapter.md.`,
  async run(args) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
    const [name, ...rest] = positionals;
    if (name === undefined || rest.length > 0) throw new UsageError('name the one adapter, mlc-http for example');
    const directory = await writeAdapterPackage(workspaceRoot, name);
    console.log(`${directory} is written. Next: \`pnpm install\`, then\n`);
    for (const point of openPoints(name)) console.log(`- ${point}`);
    console.log(`\nUntil then \`pnpm xtask conformance ${name}\` fails.`);
    return 0;
  },
};

/**
 * Write it whole or not at all.
 *
 * @returns Its directory, relative to the root.
 * @throws UsageError for a name that is none, or one that is taken.
 */
export async function writeAdapterPackage(root: string, name: string): Promise<string> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new UsageError(`"${name}" is no name: small letters, digits and single dashes, mlc-http for example`);
  const adapters = join('packages', 'worker-adapters');
  const directory = join(adapters, name);
  if (existsSync(join(root, directory))) throw new UsageError(`${directory} is already there`);
  const files = adapterFiles(root, name);
  const unfinished = await mkdtemp(join(root, adapters, '.new-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(unfinished, path)), { recursive: true });
    await writeFile(join(unfinished, path), text);
  }
  await rename(unfinished, join(root, directory));
  return directory;
}
