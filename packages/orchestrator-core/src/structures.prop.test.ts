/** The indexed structures against plain ones that do the same slowly. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexedHeap, type HeapNode } from './heap.ts';
import { hashOf, KeyTable, type Keyed } from './key-table.ts';
import { RankWindow, type Ranked } from './rank-window.ts';

test('[ORCH-2013] a rank is the number of items ahead, whatever came and went', () => {
  type Item = Ranked & { readonly name: number };
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant({ kind: 'back' } as const) },
    { weight: 2, arbitrary: fc.constant({ kind: 'front' } as const) },
    { weight: 5, arbitrary: fc.nat({ max: 500 }).map((index) => ({ kind: 'remove', index }) as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const window = new RankWindow<Item>();
      const plain: Item[] = [];
      for (const [name, each] of steps.entries()) {
        const item: Item = { name, rankSlot: -1 };
        if (each.kind === 'back') {
          window.pushBack(item);
          plain.push(item);
        } else if (each.kind === 'front') {
          window.pushFront(item);
          plain.unshift(item);
        } else {
          const [gone] = plain.splice(each.index % Math.max(1, plain.length), 1);
          if (gone !== undefined) window.remove(gone);
        }
        expect(window.size).toBe(plain.length);
        expect(window.last()).toBe(plain.at(-1));
        const probe = plain[Math.floor(plain.length / 2)];
        if (probe !== undefined) expect(window.rank(probe)).toBe(Math.floor(plain.length / 2));
      }
      expect(window.toArray()).toEqual(plain);
      expect(plain.map((item) => window.rank(item))).toEqual(plain.map((_, index) => index));
    }),
    { numRuns: 60 },
  );
});

test('a window keeps its ranks while a hundred thousand items pass through it', () => {
  const window = new RankWindow<Ranked>();
  const oldest: Ranked = { rankSlot: -1 };
  window.pushBack(oldest);
  const passing: Ranked[] = [];
  for (let index = 0; index < 100_000; index++) {
    const item: Ranked = { rankSlot: -1 };
    window.pushBack(item);
    passing.push(item);
    if (passing.length > 100) window.remove(passing.shift() as Ranked);
  }
  expect(window.rank(oldest)).toBe(0);
  expect(passing.map((item) => window.rank(item))).toEqual(passing.map((_, index) => index + 1));
});

test('a heap gives its items in order after any pushes, moves and removals', () => {
  type Item = HeapNode & { key: number; readonly name: number };
  const before = (a: Item, b: Item): boolean => a.key < b.key || (a.key === b.key && a.name < b.name);
  const step = fc.tuple(fc.constantFrom('push', 'move', 'remove'), fc.nat({ max: 200 }), fc.integer({ min: 0, max: 30 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const heap = new IndexedHeap<Item>(before);
      const plain: Item[] = [];
      for (const [name, [kind, index, key]] of steps.entries()) {
        const chosen = plain[index % Math.max(1, plain.length)];
        if (kind === 'push' || chosen === undefined) {
          const item = { key, name, heapIndex: -1 };
          heap.push(item);
          plain.push(item);
        } else if (kind === 'move') {
          chosen.key = key;
          heap.update(chosen);
        } else {
          heap.remove(chosen);
          plain.splice(plain.indexOf(chosen), 1);
          expect(chosen.heapIndex).toBe(-1);
        }
        expect(heap.peek()).toBe(plain.toSorted((a, b) => (before(a, b) ? -1 : 1))[0]);
      }
      for (const expected of plain.toSorted((a, b) => (before(a, b) ? -1 : 1))) {
        expect(heap.peek()).toBe(expected);
        heap.remove(expected);
      }
      expect(heap.size).toBe(0);
    }),
  );
});

const keySteps = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'delete', 'get'), fc.nat({ max: 400 })), { maxLength: 800, size: 'max' });

for (const [keys, hash] of [
  ['any keys', hashOf],
  ['keys that lie beside each other', (key: string) => 1 + (Number(key.slice(4)) % 3)],
  ['keys that wrap around the end', (key: string) => -1 - (Number(key.slice(4)) % 3)],
  ['keys made to collide', () => 7],
] as const) {
  test(`a table of ${keys} answers as a Map does`, () => {
    fc.assert(
      fc.property(keySteps, (steps) => {
        const table = new KeyTable<Keyed>();
        const plain = new Map<string, Keyed>();
        for (const [kind, number] of steps) {
          // A string of its own each time: equal keys need not be the same object.
          const key = `key ${number}`;
          const known = plain.get(key);
          if (kind === 'delete' && known !== undefined) {
            table.delete(known);
            plain.delete(key);
          } else if (kind === 'add' && known === undefined) {
            const item = { key, keyHash: hash(key) };
            table.add(item);
            plain.set(key, item);
          }
          expect(table.get(key, hash(key))).toBe(plain.get(key));
          expect(table.size).toBe(plain.size);
        }
        for (let number = 0; number <= 400; number++) {
          const key = `key ${number}`;
          expect(table.get(key, hash(key))).toBe(plain.get(key));
        }
      }),
      { numRuns: 50 },
    );
  });
}

test('a table keeps what it holds while a hundred thousand keys pass through it', () => {
  const table = new KeyTable<Keyed>();
  const held: Keyed[] = [];
  for (let number = 0; number < 100_000; number++) {
    const key = `tenant-${number % 7}/${number}`;
    const item = { key, keyHash: hashOf(key) };
    table.add(item);
    held.push(item);
    if (held.length > 500) table.delete(held.shift() as Keyed);
  }
  expect(table.size).toBe(500);
  expect(table.get('tenant-4/99999')).toBe(held.at(-1));
  expect(table.get('tenant-5/99999')).toBeUndefined();
});

test('hashes of like keys differ, and lie evenly', () => {
  const hashes = Array.from({ length: 20_000 }, (_, index) =>
    hashOf(`tenant-1/00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`),
  );
  expect(new Set(hashes).size).toBeGreaterThan(19_990);
  const inPlace = Array.from({ length: 256 }, () => 0);
  for (const hash of hashes) inPlace[hash & 255] = (inPlace[hash & 255] ?? 0) + 1;
  expect(Math.max(...inPlace)).toBeLessThan(130);
  expect(Math.min(...inPlace)).toBeGreaterThan(40);
});
