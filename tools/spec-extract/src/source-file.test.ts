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
test(name, () => {});
tests('not one');
`);
  expect(tests.map(({ title, modifiers, line }) => ({ title, modifiers, line }))).toEqual([
    { title: '[ORCH-3008] one', modifiers: [], line: 2 },
    { title: 'two %i', modifiers: ['each'], line: 3 },
    { title: 'three … four', modifiers: ['skip'], line: 4 },
    { title: '…', modifiers: [], line: 5 },
  ]);
});

test.each([
  ["test('a (plain) title?', f)", 'a (plain) title?', 'a plain title'],
  ["test('100 %s sure', f)", '100 %s sure', '100 x sure'],
  ["test.each([])('%s is $a.b, $#', f)", 'x is 7, 0', 'x was 7, 0'],
  ["test.for([])('%s', f)", 'of\nany form', undefined],
  ['test(`a ${b} c`, f)', 'a whatever c', 'a whatever d'],
])('%s runs under its titles and no others', (source, fits, fitsNot) => {
  const [call] = parse(source).tests;
  expect(call?.pattern.test(fits)).toBe(true);
  if (fitsNot !== undefined) expect(call?.pattern.test(fitsNot)).toBe(false);
});

test('a docstring belongs to the declaration right below it, not to one further down', () => {
  const { comments } = parse(`/** the file */
import a from 'a';
/** a function */
export async function f() {}
/** a constant */
export const c = 1;
class D {
  /** a private method */
  async #m() {}
}
const e = {
  /** a member */
  'some-name': 1,
};
/** a call */
f();
function later() {}
`);
  expect(comments.map(({ text, symbol }) => [text.slice(2).trim(), symbol])).toEqual([
    ['the file', undefined],
    ['a function', 'f'],
    ['a constant', 'c'],
    ['a private method', 'm'],
    ['a member', 'some-name'],
    ['a call', undefined],
  ]);
});

test('an opening stands before the first statement, also after a hashbang', () => {
  expect(parse('#!/usr/bin/env node\n/** Opens it. */\nexport const a = 1;\n').opening).toContain('Opens it.');
  expect(parse('export const a = 1; // later\n').opening).toBeUndefined();
});

test('names the file when the text cannot be parsed', () => {
  expect(() => parse('const = 1;')).toThrow('packages/x/src/x.ts');
});
