import { expect, test } from 'vitest';
import { spreadOf } from './spread.ts';

const spread = (worst_link: string | null, ...numa_nodes: number[]) => spreadOf({ worst_link, numa_nodes });

test('[ORCH-3013] the slower the slowest link of a mask, the further apart its devices', () => {
  const order = [
    spread(null, 0),
    spread('NV18', 0),
    spread('NV4', 0),
    spread('PIX', 0),
    spread('PXB', 0),
    spread('PHB', 0),
    spread('NODE', 0),
    spread('SYS', 0),
  ];
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(new Set(order).size).toBe(order.length);
});

test('[ORCH-3013] two sockets count on top, an unknown link as the slowest, and no word as nothing', () => {
  expect(spread('NV18', 0, 1)).toBeGreaterThan(spread('NV18', 0));
  expect(spread('NEW', 0)).toBe(spread('SYS', 0));
  expect(spreadOf(undefined)).toBe(0);
});
