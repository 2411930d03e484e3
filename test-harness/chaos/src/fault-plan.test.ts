import { createRandom } from '@llama-orch/e2e-haiku';
import { expect, test } from 'vitest';
import { faultKinds, planFaults } from './fault-plan.ts';

test('[ORCH-3051] a plan follows from its seed, and every kind comes before any comes again', () => {
  const plan = planFaults(createRandom(7), { count: 100, durationMs: 60_000 });
  expect(planFaults(createRandom(7), { count: 100, durationMs: 60_000 })).toEqual(plan);
  expect(planFaults(createRandom(8), { count: 100, durationMs: 60_000 })).not.toEqual(plan);
  expect(new Set(plan.slice(0, faultKinds.length).map(({ kind }) => kind)).size).toBe(faultKinds.length);
  expect(plan.map(({ atMs }) => atMs)).toEqual(plan.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  expect(plan.at(-1)?.atMs).toBeLessThan(60_000);
});
