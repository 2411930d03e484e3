import { expect, test } from 'vitest';
import { breachesSlo, type ClassFigures, judgeLoad, type LoadFigures } from './load-verdict.ts';

const all = (offered: number, p95: number): ClassFigures => ({
  offered,
  accepted: offered,
  succeeded: offered,
  firstTokenP50Ms: p95,
  firstTokenP95Ms: p95,
});
const good: LoadFigures = {
  capacityPerS: 10,
  quiet: all(100, 50),
  flooded: all(100, 300),
  batch: { ...all(1_000, 900), accepted: 300, succeeded: 300 },
};
const nothing = { tasks: [], unfaulted: new Map<string, string>(), promises: { tenants: {}, lanes: {}, interactiveWeight: 8 } };

test('[ORCH-3051] a flood that takes nothing from the interactive class breaks nothing', () => {
  expect(judgeLoad(nothing, good)).toEqual([]);
  expect(breachesSlo(good)).toBeNull();
});

test.each<[string, Partial<LoadFigures>, RegExp]>([
  [
    'interactive tasks are lost',
    { flooded: { ...all(100, 300), succeeded: 99 } },
    /all 100 interactive tasks to succeed \(flooded\), got 99/,
  ],
  ['there was no flood', { batch: all(10, 100) }, /more batch tasks than the queue takes/],
  ['the flood starves', { batch: { ...all(1_000, 900), accepted: 300, succeeded: 0 } }, /got none/],
])('[ORCH-3051] it is told when %s', (_, change, expected) => {
  expect(judgeLoad(nothing, { ...good, ...change }).join()).toMatch(expected);
});

test('[ORCH-3041] [ORCH-3051] a first token later than the SLO, or none at all, is a breach', () => {
  expect(breachesSlo({ ...good, flooded: all(100, 901) })).toContain('got 901 ms');
  expect(breachesSlo({ ...good, flooded: { ...all(100, 1), firstTokenP95Ms: null } })).toContain('got null');
});
