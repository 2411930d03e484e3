import { expect, test } from 'vitest';
import { type Claim, SlotPool } from './slots.ts';

const any: Claim = { idSlot: -1, promptTokens: 10, cachedTokens: () => 0 };
const never = new AbortController().signal;

test('gives the least recently used slot, of never used ones the last', async () => {
  const pool = new SlotPool(3);
  expect([await pool.claim(any, never), await pool.claim(any, never), await pool.claim(any, never)]).toEqual([2, 1, 0]);
  pool.release(1);
  pool.release(0);
  pool.release(2);
  expect(await pool.claim(any, never)).toBe(1);
});

test('prefers the slot whose KV begins like the prompt, if it saves enough', async () => {
  const pool = new SlotPool(3);
  expect(await pool.claim({ ...any, cachedTokens: (slot) => [5, 8, 0][slot] ?? 0 }, never)).toBe(1);
  expect(await pool.claim({ ...any, cachedTokens: (slot) => (slot === 0 ? 1 : 0) }, never)).toBe(2);
});

test('serves those who wait in their order', async () => {
  const pool = new SlotPool(1);
  await pool.claim(any, never);
  const served: string[] = [];
  const waits = ['first', 'second', 'third'].map(async (name) => {
    await pool.claim(any, never);
    served.push(name);
    pool.release(0);
  });
  expect(pool.waitingCount).toBe(3);
  pool.release(0);
  await Promise.all(waits);
  expect(served).toEqual(['first', 'second', 'third']);
  expect([pool.busyCount, pool.waitingCount]).toEqual([0, 0]);
});

test('keeps a claim on one slot waiting without holding up the others; ids wrap around', async () => {
  const pool = new SlotPool(2);
  await pool.claim({ ...any, idSlot: 0 }, never);
  const same = pool.claim({ ...any, idSlot: 2 }, never);
  expect(await pool.claim(any, never)).toBe(1);
  expect(pool.waitingCount).toBe(1);
  pool.release(0);
  expect(await same).toBe(0);
});

test('[ORCH-3017] forgets who leaves the queue, at once and for good', async () => {
  const pool = new SlotPool(1);
  await pool.claim(any, never);
  const client = new AbortController();
  const gone = pool.claim(any, client.signal);
  const patient = pool.claim(any, never);
  client.abort();
  expect(await gone).toBeUndefined();
  expect(pool.waitingCount).toBe(1);
  pool.release(0);
  expect(await patient).toBe(0);
  expect(await pool.claim(any, client.signal)).toBeUndefined();
});

test('an abort after the grant takes nothing back', async () => {
  const pool = new SlotPool(1);
  const client = new AbortController();
  expect(await pool.claim(any, client.signal)).toBe(0);
  client.abort();
  expect(pool.busyCount).toBe(1);
});

test('refuses to release a slot that nobody has', () => {
  expect(() => new SlotPool(1).release(0)).toThrow('slot 0 is not busy');
});
