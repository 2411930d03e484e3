import { expect, test } from 'vitest';
import { checkReqTags, readCodeLinks, readTestLinks } from './code-links.ts';
import { readContractLinks } from './contract-links.ts';
import { readMetricLinks } from './metric-links.ts';
import { parseSourceFile } from './source-file.ts';

test('a contract’s ids come with their operation, response or schema, and their line', () => {
  const yaml = `paths:
  /v1/tasks/{id}:
    get:
      x-req-id: [ORCH-1001, ORCH-1002]
      parameters:
        - name: a
          x-req-id: ORCH-1003
    x-req-id:
      - ORCH-1004
components:
  responses:
    NotFound: { x-req-id: [ORCH-1005] }
# x-req-id: [ORCH-1006]
`;
  expect(readContractLinks('a.yaml', yaml).map(({ id, line, part }) => [id, line, part])).toEqual([
    ['ORCH-1001', 4, 'GET /v1/tasks/{id}'],
    ['ORCH-1002', 4, 'GET /v1/tasks/{id}'],
    ['ORCH-1003', 7, 'GET /v1/tasks/{id}'],
    ['ORCH-1004', 9, '/v1/tasks/{id}'],
    ['ORCH-1005', 12, 'response NotFound'],
  ]);
});

test('a metric’s ids come from the column of requirements alone', () => {
  const text = `# Metrics

| name | moves when | requirements |
| --- | --- | --- |
| \`a_total\` | ORCH-1009 | ORCH-1001, ORCH-1002 |

| word | meaning |
| --- | --- |
| a | ORCH-1003 |
`;
  expect(readMetricLinks('m.md', text)).toEqual([
    { id: 'ORCH-1001', file: 'm.md', line: 5, metric: 'a_total' },
    { id: 'ORCH-1002', file: 'm.md', line: 5, metric: 'a_total' },
  ]);
});

test('code is linked by its @req lines, with the symbol below; tests mark no code', () => {
  const text = '/**\n * Does it, as @req says.\n *\n * @req ORCH-1001, ORCH-1002\n */\nexport const act = () => "@req ORCH-1003";\n';
  expect(readCodeLinks([parseSourceFile('a.ts', text), parseSourceFile('a.test.ts', text)])).toEqual([
    expect.objectContaining({ id: 'ORCH-1001', file: 'a.ts', line: 4, symbol: 'act' }),
    expect.objectContaining({ id: 'ORCH-1002', file: 'a.ts', line: 4, symbol: 'act' }),
  ]);
});

test('an @req line holds ids only', () => {
  const check = (tag: string) => checkReqTags([parseSourceFile('a.ts', `/**\n * ${tag}\n */\nexport const a = 1;\n`)]);
  expect(check('@req ORCH-1001, ORCH-1002')).toEqual([]);
  expect(check('@req the queue')).toEqual([{ file: 'a.ts', line: 2, expected: expect.stringContaining('got `@req the queue`') }]);
  expect(check('@req ORCH-101')).toHaveLength(1);
});

test('tests are linked by every id of their titles; a suite outside test files is shared', () => {
  const text = "test('[ORCH-1001, ORCH-1002] a', f);\ndescribe(`[ORCH-1003] ${name}`, f);\n";
  const links = (path: string) => readTestLinks([parseSourceFile(path, text)]).map(({ id, line, isShared }) => [id, line, isShared]);
  expect(links('a.test.ts')).toEqual([
    ['ORCH-1001', 1, false],
    ['ORCH-1002', 1, false],
    ['ORCH-1003', 2, false],
  ]);
  expect(links('suite.ts').every(([, , isShared]) => isShared)).toBe(true);
});
