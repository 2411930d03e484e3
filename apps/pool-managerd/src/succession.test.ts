/** The decision table of workers that are to follow others. */
import { expect, test } from 'vitest';
import { decideSuccession } from './succession.ts';
import { poolSpec } from './testing/pool-specs.ts';

const old = poolSpec();
const fresh = poolSpec({ slots: 2 });
const decide = (...[first, second, desired]: Parameters<typeof decideSuccession>) => decideSuccession(first, second, desired).kind;

test('[ORCH-2102] a successor is kept while it is desired as one, and takes the place once the pool is desired like it', () => {
  expect(decideSuccession(old, null, { spec: old, successor: fresh })).toEqual({ kind: 'keep', spec: fresh });
  expect(decide(old, fresh, { spec: old, successor: fresh })).toBe('keep');
  expect(decide(old, fresh, { spec: fresh, successor: null })).toBe('promote');
  expect(decide(null, fresh, { spec: fresh, successor: null })).toBe('promote');
});

test('[ORCH-2102] a successor that is not desired any more is dropped, and so is one that is to be another', () => {
  expect(decide(old, fresh, { spec: old, successor: null })).toBe('drop');
  expect(decide(old, fresh, { spec: old, successor: poolSpec({ slots: 3 }) })).toBe('drop');
  expect(decide(old, fresh, null)).toBe('drop');
});

test('[ORCH-2102] where both are started from the same, only another pool makes a promotion', () => {
  const slower = poolSpec({ timeouts: { ...old.timeouts, startMs: 1 } });
  expect(decide(old, slower, { spec: slower, successor: null })).toBe('promote');
  expect(decide(old, slower, { spec: old, successor: null })).toBe('drop');
  // A restart that was asked for meanwhile is no other pool.
  expect(decide(old, slower, { spec: { ...old, minStartCount: 3 }, successor: null })).toBe('drop');
});
