/** The commands that documents name exist, and those marked as tests are run as they stand. */
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { expect, test } from 'vitest';
import { commandNames } from './commands.ts';
import { toolEnv, workspaceRoot } from './workspace-root.ts';

const documents = globSync(['*.md', 'docs/**/*.md', '{contracts,packages,apps,tools,test-harness,models}/**/README.md'], {
  cwd: workspaceRoot,
  exclude: ['**/node_modules/**'],
}).toSorted();

const textOf = (file: string): string => readFileSync(join(workspaceRoot, file), 'utf8');

/** Fenced blocks whose info string is `sh test`. */
const marked = documents.flatMap((file) => {
  const blocks: { readonly file: string; readonly line: number; readonly script: string }[] = [];
  visit(unified().use(remarkParse).parse(textOf(file)), 'code', ({ lang, meta, value, position }) => {
    if (lang === 'sh' && meta === 'test') blocks.push({ file, line: position?.start.line ?? 1, script: value });
  });
  return blocks;
});

test('there are commands to run', () => {
  expect(marked.length).toBeGreaterThan(1);
});

test.each(marked)('$file:$line does what it says', { timeout: 120_000 }, async ({ script }) => {
  const failure = await new Promise<string | null>((done) => {
    execFile('bash', ['-euo', 'pipefail', '-c', script], { cwd: workspaceRoot, env: toolEnv() }, (error, stdout, stderr) => {
      done(error === null ? null : `${stdout}${stderr}`);
    });
  });
  expect(failure).toBeNull();
});

test.each(documents)('every xtask command that %s names exists', (file) => {
  const named = Array.from(textOf(file).matchAll(/pnpm xtask ([a-z][\w:-]*)/g), ([, name = '']) => name);
  expect(named.filter((name) => !commandNames.includes(name))).toEqual([]);
});
