import { parseSourceFile } from '@llama-orch/spec-extract';
import { expect, test } from 'vitest';
import { checkHouseStyle } from './house-style.ts';
import { checkPackageCycles } from './package-cycles.ts';

const opened = '/** Owns the example and knows nothing else. */\n';

const findings = (check: typeof checkHouseStyle, text: string, path = 'packages/x/src/some-noun.ts') =>
  check([parseSourceFile(path, text)]).map(({ line, expected }) => `${line}: ${expected}`);

test('a ring of packages is found once, whatever leads into it', () => {
  const pack = (name: string, ...dependencies: string[]) => ({
    name,
    dir: `packages/${name}`,
    isPublished: true,
    exports: ['.'],
    dependencies,
    runtimeDependencies: dependencies,
  });
  expect(checkPackageCycles([pack('a', 'b'), pack('b', 'c', 'd'), pack('c', 'elsewhere'), pack('d')])).toEqual([]);
  expect(checkPackageCycles([pack('z', 'a'), pack('a', 'b'), pack('b', 'c'), pack('c', 'a')])).toEqual([
    { file: 'packages/a/package.json', line: 1, expected: expect.stringContaining('a → b → c → a') },
  ]);
});

test('a file opens with what it owns; a test need not', () => {
  expect(findings(checkHouseStyle, 'export const a = 1;\n')).toEqual([expect.stringContaining('a comment that opens the file')]);
  expect(findings(checkHouseStyle, `${opened}export const a = 1;\n`)).toEqual([]);
  expect(findings(checkHouseStyle, "test('a sentence', () => {});\n", 'packages/x/src/some-noun.test.ts')).toEqual([]);
});

test('a file is named after a noun, in kebab-case', () => {
  expect(findings(checkHouseStyle, opened, 'packages/x/src/utils.ts')).toHaveLength(1);
  expect(findings(checkHouseStyle, opened, 'packages/x/src/someNoun.ts')).toHaveLength(1);
  expect(findings(checkHouseStyle, opened, 'packages/x/src/some-noun.prop.test.ts')).toEqual([]);
});

test('work that is left needs an id', () => {
  const mark = ['TO', 'DO'].join('');
  expect(findings(checkHouseStyle, `${opened}// ${mark}: later\n`)).toEqual([expect.stringMatching(/^2: .*an id/)]);
  expect(findings(checkHouseStyle, `${opened}// ${mark} ORCH-1001: later\n`)).toEqual([]);
});

test('no test is hidden, and none hides the others', () => {
  const text = "test.only('a', () => {});\ndescribe.skip('b', () => {});\ntest.each([1])('c', () => {});\n";
  expect(findings(checkHouseStyle, text, 'packages/x/src/a.test.ts')).toEqual([
    expect.stringMatching(/^1: .*`\.only`/),
    expect.stringMatching(/^2: .*`\.skip`/),
  ]);
});
