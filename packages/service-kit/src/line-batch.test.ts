/** Lines wait for the end of the turn, and for nothing longer. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLineBatch } from './line-batch.ts';

test('lines of one turn are one write, in order, after it', async () => {
  const writes: string[] = [];
  const batch = createLineBatch({ write: (lines) => writes.push(lines) });
  batch.write('a\n');
  batch.write('b\n');
  expect(writes).toEqual([]);
  await nextTurn();
  expect(writes).toEqual(['a\nb\n']);
  batch.write('c\n');
  await nextTurn();
  expect(writes).toEqual(['a\nb\n', 'c\n']);
});

test('what waits is bounded, and a flush leaves nothing for later', async () => {
  const writes: string[] = [];
  const batch = createLineBatch({ write: (lines) => writes.push(lines) });
  for (let index = 0; index < 300; index += 1) batch.write(`${'x'.repeat(999)}\n`);
  expect(writes).toHaveLength(1);
  batch.flush();
  await nextTurn();
  expect(writes.join('')).toHaveLength(300_000);
  expect(writes).toHaveLength(2);
});
