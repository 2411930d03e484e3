/** Figures from samples whose answers are known. */
import { expect, test } from 'vitest';
import { difference, pairwise, percentile, ratio, spread } from './statistics.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test('a percentile is the sample at the nearest rank, whatever the order they came in', () => {
  expect([0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 95, 99, 100]);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile(hundred, 0)).toBe(1);
});

test('a spread is the median of the rounds with its bounds', () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, rounds: 3 });
  expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4, rounds: 4 });
});

test('no samples are no figure', () => {
  expect(() => percentile([], 0.5)).toThrow('No samples');
  expect(() => spread([])).toThrow('No rounds');
});

test('pairs are formed within a round, and a missing partner is an error', () => {
  expect(pairwise([6, 10], [3, 4], ratio)).toEqual([2, 2.5]);
  expect(pairwise([6, 10], [3, 4], difference)).toEqual([3, 6]);
  expect(() => pairwise([1, 2], [1], ratio)).toThrow('2 values beside 1');
});
