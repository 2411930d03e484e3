import { expect, test } from 'vitest';
import { createLocks } from './locks.ts';

test('one disturbance of a part at a time, in the order in which they came, also after one that failed', async () => {
  const locks = createLocks();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const running = [
    locks.hold(['a'], async () => {
      await first.promise;
      order.push('first');
      throw new Error('gone');
    }),
    locks.hold(['a', 'b'], async () => void order.push('second')),
    locks.hold(['b'], async () => void order.push('third')),
    locks.hold(['c'], async () => void order.push('free')),
  ];
  await running[3];
  expect(order).toEqual(['free']);
  first.resolve();
  expect((await Promise.allSettled(running)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(order).toEqual(['free', 'first', 'second', 'third']);
});
