/**
 * Writes a generated file when it differs, or says that it would. It knows no file's content.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { workspaceRoot } from './workspace-root.ts';

export type WriteOptions = {
  /** Compare only. */
  readonly isCheck: boolean;
  /** What a developer runs to write it. */
  readonly command: string;
};

/** @returns The exit code: 1 when `isCheck` found a difference. */
export async function writeGenerated(file: string, content: string, { isCheck, command }: WriteOptions): Promise<number> {
  const name = relative(workspaceRoot, file);
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present === content) return 0;
  if (isCheck) {
    console.error(`${name}: ${present === undefined ? 'is missing' : 'differs from what its source gives'}; run \`${command}\``);
    return 1;
  }
  await mkdir(dirname(file), { recursive: true });
  // Beside it first: whoever reads the file never sees half of it.
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, content);
  await rename(fresh, file);
  console.log(`${name}: written`);
  return 0;
}
