import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readVocabulary, scanText, scanTree } from './anti-cheat.ts';
import { workspaceRoot } from './workspace.ts';

const vocabulary = readVocabulary(workspaceRoot);
const dirs: string[] = [];
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** A poem of the grammar's words, made here so that this file holds none. */
const words = [...vocabulary].filter((word) => /^[a-z]{4,}$/.test(word));
const line = (first: number): string => `the ${words[first]} ${words[first + 40]} the ${words[first + 90]}`;
const poem = [line(3), line(60), line(120)];
/** Holes of a template, put together here for the same reason. */
const hole = (name: string): string => ['$', '{', name, '}'].join('');
const [first, second] = [hole(['min', 'ute'].join('')), hole(['non', 'ce'].join(''))];

function treeWith(path: string, content: string): string {
  const root = mkdtempSync(join(tmpdir(), 'llama-orch-cheat-'));
  dirs.push(root);
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), content);
  return root;
}

test('[ORCH-3059] the tree keeps no answer of the haiku test', () => {
  expect(scanTree(workspaceRoot, vocabulary)).toEqual([]);
});

test.each([
  ['a poem in a constant', `export const answer = ${JSON.stringify(poem.join('\n'))};`],
  ['a poem as an array', `const lines = [${poem.map((each) => `'${each}'`).join(', ')}];`],
  ['a poem as an array over lines', `const lines = [\n${poem.map((each) => `  "${each},",\n`).join('')}];`],
  ['a poem added up', poem.map((each) => `'${each}\\n'`).join(' +\n')],
  ['a template', `const t = \`${[`${first} bells and a ${words[5]}`, `${second} in the ${words[9]}`, poem[2]].join('\n')}\`;`],
  ['a template without a word of the grammar', `\`${[`tick tock ${first}`, `tick ${second} tock`, `${first} tick tick`].join('\n')}\``],
  ['a template of another language', `f"${first.slice(1)} on the ${words[5]}", "${second.slice(1)} by the ${words[9]}", "${poem[0]}"`],
  ['a poem in a document', `# Example\n\n${poem.map((each) => `> ${each}.`).join('\n')}\n`],
  ['a poem in JSON', JSON.stringify({ text: poem.join('\n') })],
  ['a poem in base64', `const x = '${Buffer.from(poem.join('\n')).toString('base64')}';`],
  ['a poem in hex', `const x = '${Buffer.from(poem.join('\n')).toString('hex')}';`],
])('[ORCH-3059] the scan finds %s', (_, planted) => {
  expect(scanTree(treeWith('tools/some/src/file.ts', planted), vocabulary)).toHaveLength(1);
});

test.each([
  ['the zone', `const zone = '${['Europe', 'Amsterdam'].join('/')}';`],
  ['a table of number words', `['${['thir', 'four', 'fif'].map((stem) => `${stem}teen`).join("','")}']`],
  ['the prompt', `if (prompt.includes('${['nonce', 'verbatim'].join(' ')}')) return answer(prompt);`],
])('[ORCH-3059] the scan finds %s in the serving path', (_, planted) => {
  expect(scanText('apps/orchestratord/src/attempt.ts', planted, vocabulary)).toHaveLength(1);
  expect(scanText('apps/orchestratord/src/attempt.test.ts', planted, vocabulary)).toEqual([]);
});

test('[ORCH-3059] only the recipe is exempt', () => {
  expect(scanTree(treeWith('models/haiku-tiny/recipe/grammar.py', poem.join('\n')), vocabulary)).toEqual([]);
  expect(scanTree(treeWith('models/haiku-tiny/answers.txt', poem.join('\n')), vocabulary)).toHaveLength(1);
});

test('[ORCH-3059] prose and code are no poems', () => {
  const prose = 'The slot of a canceled task is releasing.\nNothing is dispatched to it before that.\nThe engine shows it free.\n';
  expect(scanText('docs/a.md', prose, vocabulary)).toEqual([]);
  expect(scanText('src/a.ts', 'const a = wait(time);\nconst b = time.world;\nreturn sleep(a, b);\n', vocabulary)).toEqual([]);
});
