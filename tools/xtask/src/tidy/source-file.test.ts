import { expect, test } from 'vitest';
import { parseSourceFile } from './source-file.ts';

const parse = (text: string, path = 'packages/x/src/x.ts') => parseSourceFile(path, text);

test('finds every form of import with its line, and tells types from values', () => {
  const { imports } = parse(`/** Opens. */
import a from 'a';
import type { B } from 'b';
import { type C } from 'c';
export * from 'd';
export type { E } from 'e';
const f = await import('f');
type G = import('g').G;
// import h from 'h';
const i = "import j from 'j'";
`);
  expect(imports.map(({ specifier, line, isTypeOnly }) => [specifier, line, isTypeOnly])).toEqual([
    ['a', 2, false],
    ['b', 3, true],
    // Without \`import type\` the module is still loaded at run time.
    ['c', 4, false],
    ['d', 5, false],
    ['e', 6, true],
    ['f', 7, false],
    ['g', 8, true],
  ]);
});

test('reads the titles and modifiers of tests through calls and members', () => {
  const { tests } = parse(`
test('[ORCH-3008] one', () => {});
it.each([1])('two %i', () => {});
describe.skip(\`three \${1} four\`, () => {});
tests('not one');
`);
  expect(tests).toEqual([
    { title: '[ORCH-3008] one', modifiers: [], line: 2 },
    { title: 'two %i', modifiers: ['each'], line: 3 },
    { title: 'three   four', modifiers: ['skip'], line: 4 },
  ]);
});

test('an opening stands before the first statement, also after a hashbang', () => {
  expect(parse('#!/usr/bin/env node\n/** Opens it. */\nexport const a = 1;\n').opening).toContain('Opens it.');
  expect(parse('export const a = 1; // later\n').opening).toBeUndefined();
});

test('names the file when the text cannot be parsed', () => {
  expect(() => parse('const = 1;')).toThrow('packages/x/src/x.ts');
});
