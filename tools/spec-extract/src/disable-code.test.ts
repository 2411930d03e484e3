import { expect, test } from 'vitest';
import { disableCode } from './disable-code.ts';

const thrown = "throw new Error('disabled by spec-proof');";
const disabled = (text: string, line: number, symbol: string | undefined = 'a'): string | null =>
  disableCode('a.ts', text, { line, symbol });

test.each([
  ['/** @req X */\nexport function a() { return 1; }\n', `/** @req X */\nexport function a() { ${thrown} return 1; }\n`],
  ['/** @req X */\nconst a = (b: number) => b + 1;\n', `/** @req X */\nconst a = (b: number) => { ${thrown} };\n`],
  [
    '/** @req X */\nconst a = () => ({ b: 1 });\nconst c = () => 2;\n',
    `/** @req X */\nconst a = () => { ${thrown} };\nconst c = () => 2;\n`,
  ],
  [
    '/** @req X */\nclass A {\n  b() { return [1].map((x) => x); }\n  get c() { return 1; }\n}\n',
    `/** @req X */\nclass A {\n  b() { ${thrown} return [1].map((x) => x); }\n  get c() { ${thrown} return 1; }\n}\n`,
  ],
])('every function below the tag throws, and nothing else changes: %j', (text, expected) => {
  expect(disabled(text, 1)).toBe(expected);
});

test('of a class only the tagged method is disabled', () => {
  const text = 'class A {\n  b() { return 1; }\n  /** @req X */\n  c() { return 2; }\n}\n';
  expect(disabled(text, 3, 'c')).toBe(text.replace('c() {', `c() { ${thrown}`));
});

test('the comment of a file disables all of it', () => {
  const text = '/** All of it.\n * @req X\n */\nimport "b";\nconst a = () => 1;\nfunction c() { return 2; }\n';
  expect(disableCode('a.ts', text, { line: 2, symbol: undefined })).toBe(
    text.replace('=> 1', `=> { ${thrown} }`).replace('{ return 2', `{ ${thrown} return 2`),
  );
});

test.each([
  '/** @req X */\ntype A = { b: () => void };\n',
  '/** @req X */\nconst a = { b: 1 };\n',
  '/** @req X */\ninterface A { b(): void }\n',
])('where there is no function there is nothing to disable: %j', (text) => {
  expect(disabled(text, 1)).toBeNull();
});
