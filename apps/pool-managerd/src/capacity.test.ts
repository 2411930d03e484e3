import { expect, test } from 'vitest';
import { lowerSlots } from './capacity.ts';

test('[ORCH-3039] every device OOM lowers the estimate, down to one slot and no further', () => {
  const estimates = [32];
  while (estimates.at(-1) !== 1) estimates.push(lowerSlots(estimates.at(-1) ?? 1));
  expect(estimates).toEqual([32, 24, 18, 13, 9, 6, 4, 3, 2, 1]);
  expect(lowerSlots(1)).toBe(1);
});
