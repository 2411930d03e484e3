/** The report of figures that hold, miss and have no target. */
import { expect, test } from 'vitest';
import { FigureList } from './figure.ts';
import { type RunFacts, toHeading, toJson, toTable, toVerdict } from './report.ts';

const facts: RunFacts = {
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 1,
  node: 'v26',
  cpu: 'x',
  cores: { load: 0, relay: 1 },
  nginx: null,
  loadBefore: 0.1,
  coreCount: 2,
  args: ['--quick'],
};

function findings(): FigureList {
  const list = new FigureList('some');
  list.add('held', '×', [1.1, 1.3, 1.25], 1.3);
  list.add('missed', 'ms', [7, 5], 5.5);
  list.add('shown', 'per second', [12_345.6]);
  list.skip('nginx', 'not there');
  return list;
}

test('the table shows median, bounds, target and verdict of every figure, and what was not measured', () => {
  expect(toTable(findings())).toMatchInlineSnapshot(`
    "| measure | figure | median | min   | max   | unit       | target | met |
    | ------- | ------ | ------ | ----- | ----- | ---------- | ------ | --- |
    | some    | held   | 1.25   | 1.10  | 1.30  | ×          | <= 1.3 | yes |
    | some    | missed | 6.00   | 5.00  | 7.00  | ms         | <= 5.5 | NO  |
    | some    | shown  | 12346  | 12346 | 12346 | per second |        |     |
    not measured: some, nginx: not there"
  `);
});

test('the heading says when others used the machine', () => {
  expect(toHeading(facts)).not.toContain('BUSY');
  expect(toHeading({ ...facts, loadBefore: 4.4 })).toContain('BUSY: load 4.4 on 2 cores');
});

test('the verdict names what was missed', () => {
  expect(toVerdict(findings().figures)).toBe('1 of 2 targets met; missed: missed');
});

test('the JSON has the run, every figure with its verdict, and the skips', () => {
  const report: unknown = JSON.parse(toJson(facts, findings()));
  expect(report).toMatchObject({
    node: 'v26',
    args: ['--quick'],
    figures: [{ what: 'held', met: true, value: { median: 1.25, rounds: 3 } }, { met: false }, { met: null, target: null }],
    skips: [{ what: 'nginx', reason: 'not there' }],
  });
});
