import { expect, test } from 'vitest';
import { readMetricsContract } from './metrics-contract.ts';

const head = `# Metrics

## orchestratord

| name | type | unit | labels | budget | moves when | requirements |
| --- | --- | --- | --- | --- | --- | --- |
`;

const read = (row: string) => readMetricsContract('m.md', `${head}${row}\n`);

test('[ORCH-3028] a row of the contract is read with its service, labels, budget and line', () => {
  const { metrics, findings } = read('| `a_total` | counter | tasks | `engine, priority` | 2 V | a task ends | ORCH-2001, ORCH-2002 |');
  expect(findings).toEqual([]);
  expect(metrics).toEqual([
    {
      file: 'm.md',
      line: 7,
      service: 'orchestratord',
      name: 'a_total',
      type: 'counter',
      unit: 'tasks',
      labels: ['engine', 'priority'],
      budget: '2 V',
      movesWhen: 'a task ends',
      requirements: ['ORCH-2001', 'ORCH-2002'],
    },
  ]);
});

test('a metric without labels has none, and other tables are no contract', () => {
  expect(read('| `up` | gauge | bool | | 1 | read at scrape | ORCH-2001 |').metrics[0]?.labels).toEqual([]);
  expect(readMetricsContract('m.md', '| name | type |\n| --- | --- |\n| `a` | counter |\n')).toEqual({ metrics: [], findings: [] });
});

test.each([
  ['| `A` | counter | tasks | | 1 | x | ORCH-2001 |', 'snake_case'],
  ['| `a_total` | sum | tasks | | 1 | x | ORCH-2001 |', 'a type of counter, gauge, histogram'],
  ['| `a` | counter | tasks | | 1 | x | ORCH-2001 |', 'to end in `_total`'],
  ['| `a_total` | gauge | tasks | | 1 | x | ORCH-2001 |', 'only counters'],
  ['| `a` | gauge | | | 1 | x | ORCH-2001 |', 'a unit'],
  ['| `a` | gauge | ms | `Bad` | 1 | x | ORCH-2001 |', 'labels in snake_case'],
  ['| `a` | gauge | ms | `b, b` | 1 | x | ORCH-2001 |', 'each label once'],
  ['| `a` | gauge | ms | | some | x | ORCH-2001 |', 'a budget like'],
  ['| `a` | gauge | ms | | 1 | | ORCH-2001 |', 'when `a` moves'],
  ['| `a` | gauge | ms | | 1 | x | none |', 'the requirement'],
])('%s is a finding with its line', (row, expected) => {
  expect(read(row)).toEqual({ metrics: [], findings: [{ file: 'm.md', line: 7, expected: expect.stringContaining(expected) as unknown }] });
});

test('a name that stands twice is a finding at the second', () => {
  const row = '| `a` | gauge | ms | | 1 | x | ORCH-2001 |';
  expect(read(`${row}\n${row}`).findings).toEqual([
    { file: 'm.md', line: 8, expected: expect.stringContaining('first in line 7') as unknown },
  ]);
});
