import { expect, test } from 'vitest';
import { type ContractedMetric, seriesBudget } from './contract.ts';
import { parseExposition } from './exposition.ts';
import { lintScrape } from './lint.ts';

const contract: readonly ContractedMetric[] = [
  { name: 'a_total', type: 'counter', labels: ['engine'], budget: '2' },
  { name: 'b_ms', type: 'histogram', labels: ['priority'], budget: 'V' },
];
const cardinalities = { V: 1, P: 1, L: 1, T: 1 };
const good = `# HELP a_total A.
# TYPE a_total counter
a_total{engine="x, \\"y\\""} 3
# HELP b_ms B.
# TYPE b_ms histogram
b_ms_bucket{le="1",priority="batch"} 1
b_ms_bucket{le="+Inf",priority="batch"} 2
b_ms_sum{priority="batch"} 5
b_ms_count{priority="batch"} 2
# HELP process_x X.
# TYPE process_x gauge
process_x 1
`;
const lint = (text: string) => lintScrape(parseExposition(text), contract, cardinalities);

test('[ORCH-3028] a scrape that is as contracted has no breach', () => {
  expect(lint(good)).toEqual([]);
});

test.each([
  ['a stray metric', `${good}# TYPE c gauge\nc 1\n`, 'c: exported, and not in the contract'],
  ['a missing family', good.replaceAll(/.*a_total.*\n/g, ''), 'a_total: contracted, and not exported'],
  ['another type', good.replace('a_total counter', 'a_total gauge'), 'a_total: expected the type counter, got gauge'],
  ['another label', good.replace('{engine=', '{engines='), 'a_total: expected the labels engine, got engines'],
  ['a lost label', good.replaceAll(/_sum\{.*?\}/g, '_sum'), 'b_ms: expected the labels priority, got (none)'],
  ['too many series', good.replace('a_total{', 'a_total{engine="1"} 1\na_total{engine="2"} 1\na_total{'), 'at most 2 series (2), got 3'],
])('[ORCH-3028] %s is a breach', (_name, text, expected) => {
  expect(lint(text).join('; ')).toContain(expected);
});

test('before every event has happened, a metric without a sample is none', () => {
  expect(lint(good.replace(/a_total\{.*\n/, ''))).toEqual([]);
});

test.each(['a_total{engine="x"}', 'a_total 1'])('a line that is no sample of a family is refused: %s', (line) => {
  expect(() => parseExposition(`# TYPE b counter\n${line}\n`)).toThrow('expected');
});

test('a budget is a sum of numbers and of numbers of something', () => {
  const deployment = { V: 3, P: 5, L: 2, T: 101 };
  expect(['7', '2 V', 'P', '2 + T', '24 T', '2 L + 3 P'].map((budget) => seriesBudget(budget, deployment))).toEqual([
    7, 6, 5, 103, 2424, 19,
  ]);
});
