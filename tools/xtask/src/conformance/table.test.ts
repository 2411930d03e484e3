import { expect, test } from 'vitest';
import { isAllGreen, parseConformance, renderConformance } from './table.ts';

const suite = (adapter: string): string => `[ORCH-3057] ${adapter} keeps the worker contract`;
const passed = (adapter: string, title: string) => ({ file: 'x', names: [suite(adapter), title], state: 'passed' });

const parse = (tests: readonly object[]) => {
  const table = parseConformance(JSON.stringify(tests));
  if (table === null) throw new Error('no suite');
  return table;
};

test('a table has a row for each case and a column for each adapter, and the reason of each skip once', () => {
  const skipped = (title: string) => ({ ...passed('b', title), state: 'skipped', reason: 'gRPC has no lines' });
  const table = parse([passed('b', 'one'), passed('a', 'one'), passed('a', 'two'), skipped('two'), passed('a', 'three'), skipped('three')]);
  const rows = ['case    a        b', 'one     ok       ok', 'two     ok       skip 1', 'three   ok       skip 1', 'passed  3/3      1/3'];
  expect(renderConformance(table)).toBe([...rows, '', 'skip 1: gRPC has no lines'].join('\n'));
  expect(isAllGreen(table)).toBe(true);
});

test('a failure, a skip without a reason and a case that an adapter did not run are not green', () => {
  const one = [passed('a', 'one'), passed('b', 'one')];
  expect(isAllGreen(parse(one))).toBe(true);
  expect(isAllGreen(parse([...one, { ...passed('a', 'two'), state: 'failed' }, passed('b', 'two')]))).toBe(false);
  expect(isAllGreen(parse([...one, { ...passed('a', 'two'), state: 'skipped' }, passed('b', 'two')]))).toBe(false);
  const missing = parse([...one, passed('b', 'two')]);
  expect(isAllGreen(missing)).toBe(false);
  expect(renderConformance(missing)).toContain('NOT RUN');
});

test('an adapter may run the suite more than once, each time by another name', () => {
  expect(parse([passed('a over HTTP', 'one'), passed('a over gRPC', 'one')]).adapters).toEqual(['a over HTTP', 'a over gRPC'].toSorted());
});

test('tests outside the suite are no cases, and a run without any suite is no table', () => {
  expect(parse([passed('a', 'one'), { file: 'x', names: ['another test'], state: 'failed' }]).cases).toHaveLength(1);
  expect(parseConformance('[{"file":"x","names":["another test"],"state":"passed"}]')).toBeNull();
  expect(() => parseConformance('{}')).toThrow('plain-reporter');
});
