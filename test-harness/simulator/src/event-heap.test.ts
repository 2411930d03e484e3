import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap } from './event-heap.ts';
import { EventWheel } from './event-wheel.ts';
import { Histogram } from './histogram.ts';
import { Referee } from './referee.ts';
import { jain } from './report.ts';
import { Rng } from './rng.ts';
import { defaultOptions } from './options.ts';
import { TrueFleet } from './true-fleet.ts';

test('events come in the order of their times, those of one time as they were planned', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 })), { maxLength: 300 }), (steps) => {
      const heap = new EventHeap<number>();
      const plain: { readonly atMs: number; readonly what: number }[] = [];
      for (const [what, atMs] of steps.entries()) {
        if (atMs !== null) {
          heap.plan(atMs, what);
          plain.push({ atMs, what });
        }
        const next = plain.toSorted((a, b) => a.atMs - b.atMs || a.what - b.what)[0];
        expect(heap.nextMs).toBe(next?.atMs ?? Infinity);
        if (atMs !== null) continue;
        expect(heap.pop()).toBe(next?.what);
        if (next !== undefined) plain.splice(plain.indexOf(next), 1);
      }
      expect(heap.size).toBe(plain.length);
    }),
  );
});

test('a heap grows beyond its first block', () => {
  const heap = new EventHeap<number>();
  for (let index = 5000; index > 0; index--) heap.plan(index, index);
  for (let index = 1; index <= 5000; index++) expect(heap.pop()).toBe(index);
  expect(heap.pop()).toBeUndefined();
});

test('a wheel gives what a heap gives, near and far', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: 16_000, max: 17_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 5_000_000 }) },
    { weight: 4, arbitrary: fc.constant(null) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const heap = new EventHeap<number>();
      const wheel = new EventWheel<number>();
      let nowMs = 0;
      const take = () => {
        expect(wheel.nextMs).toBe(heap.nextMs);
        if (heap.nextMs !== Infinity) nowMs = heap.nextMs;
        expect(wheel.pop()).toBe(heap.pop());
        expect(wheel.size).toBe(heap.size);
      };
      for (const [what, afterMs] of steps.entries()) {
        if (afterMs === null) take();
        else {
          heap.plan(nowMs + afterMs, what);
          wheel.plan(nowMs + afterMs, what);
        }
      }
      while (heap.size > 0) take();
      take();
    }),
  );
});

test('a wheel holds more events than its first block', () => {
  const wheel = new EventWheel<number>();
  for (let index = 5000; index > 0; index--) wheel.plan(index, index);
  for (let index = 1; index <= 5000; index++) expect(wheel.pop()).toBe(index);
  expect(wheel.pop()).toBeUndefined();
});

test('percentiles are exact to two percent', () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 10_000; value++) histogram.add(value);
  for (const share of [0.5, 0.95, 0.99]) expect(Math.abs(histogram.percentile(share) / (10_000 * share) - 1)).toBeLessThan(0.02);
  expect(new Histogram().percentile(0.5)).toBe(0);
});

test('draws repeat with their seed and label, and differ between labels', () => {
  const draws = (seed: number, label: string): number[] => {
    const rng = new Rng(seed, label);
    return Array.from({ length: 5 }, () => rng.next());
  };
  expect(draws(1, 'a')).toEqual(draws(1, 'a'));
  expect(draws(1, 'a')).not.toEqual(draws(1, 'b'));
  expect(draws(1, 'a')).not.toEqual(draws(2, 'a'));
  const rng = new Rng(3, 'mean');
  const mean = Array.from({ length: 20_000 }, () => rng.exponential(10)).reduce((sum, value) => sum + value, 0) / 20_000;
  expect(mean).toBeGreaterThan(9.7);
  expect(mean).toBeLessThan(10.3);
});

test("Jain's index is 1 for equals and 1/n for one that has all", () => {
  expect(jain([2, 2, 2, 2])).toBe(1);
  expect(jain([5, 0, 0, 0])).toBe(0.25);
});

test('the referee sees a task that is spoken of after its end', () => {
  const referee = new Referee(new TrueFleet({ ...defaultOptions, replicas: 4 }), defaultOptions);
  expect(() => referee.finish('task-1')).toThrow('task-1 was finished though it is not alive');
});
