import { createRandom } from '@llama-orch/e2e-haiku';
import { expect, test } from 'vitest';
import { planClass, planLoad } from './load-plan.ts';
import { createForms } from './requests.ts';

const shape = { durationMs: 60_000, tasksPerMinute: 600, floodEveryMs: 20_000 };
const planOf = (seed: number) => {
  const random = createRandom(seed);
  return planLoad(random, createForms(random), shape);
};

test('[ORCH-3051] a load follows from its seed, no two tasks share an id, and it has every habit of clients', () => {
  const plan = planOf(3);
  expect(planOf(3)).toEqual(plan);
  expect(planOf(4)).not.toEqual(plan);
  expect(new Set(plan.map(({ taskId }) => taskId)).size).toBe(plan.length);
  for (const { taskId } of plan) expect(taskId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  const readers = plan.flatMap((task) => task.readers);
  const habits = [
    plan.some(({ cancelAfterMs }) => cancelAfterMs !== null),
    plan.some(({ determinism }) => determinism === 'best_effort'),
    plan.some(({ form }) => form.request.model_ref === 'haiku-tiny'),
    readers.some(({ kind }) => kind === 'typed'),
    readers.some(({ dropAfterTokens }) => dropAfterTokens !== null),
    readers.some(({ leaveAfterTokens }) => leaveAfterTokens !== null),
    readers.some(({ isDirect }) => !isDirect),
  ];
  expect(habits).toEqual(habits.map(() => true));
  const steady = plan.filter(({ tenant, readers: own }) => tenant === 'steady' && own.length > 0).length;
  expect(steady).toBeGreaterThan(400);
  expect(steady).toBeLessThan(700);
});

test('[ORCH-3051] arrivals do not wait for each other and come as often as asked', () => {
  const random = createRandom(5);
  const { sim } = createForms(random);
  const plan = planClass(random, sim, { priority: 'batch', perS: 50, durationMs: 60_000 });
  expect(plan.length).toBeGreaterThan(2_700);
  expect(plan.length).toBeLessThan(3_300);
  expect(plan.map(({ atMs }) => atMs)).toEqual(plan.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
});
