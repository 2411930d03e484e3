/** The indexed structures against plain ones that do the same slowly. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexedHeap, type HeapNode } from './heap.ts';
import { KeyTable, type Keyed } from './key-table.ts';
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
  ['any keys', undefined],
  ['keys that lie beside each other', (key: string) => 1 + (Number(key.slice(4)) % 3)],
  ['keys that wrap around the end', (key: string) => -1 - (Number(key.slice(4)) % 3)],
  ['keys made to collide', () => 7],
] as const) {
  test(`a table of ${keys} answers as a Map does`, () => {
    fc.assert(
      fc.property(keySteps, (steps) => {
        const table = new KeyTable<Keyed>(hash);
        const plain = new Map<string, Keyed>();
        for (const [kind, number] of steps) {
          // A string of its own each time: equal keys need not be the same object.
          const key = `key ${number}`;
          if (kind === 'delete') {
            table.delete(key);
            plain.delete(key);
          } else if (kind === 'add' && !plain.has(key)) {
            const item = { key };
            table.add(item);
            plain.set(key, item);
          }
          expect(table.get(key)).toBe(plain.get(key));
          expect(table.has(key)).toBe(plain.has(key));
          expect(table.size).toBe(plain.size);
        }
        for (let number = 0; number <= 400; number++) expect(table.get(`key ${number}`)).toBe(plain.get(`key ${number}`));
      }),
      { numRuns: 50 },
    );
  });
}

test('a table keeps what it holds while a hundred thousand keys pass through it', () => {
  const table = new KeyTable<Keyed>();
  for (let number = 0; number < 100_000; number++) {
    table.add({ key: `tenant-${number % 7}/${number}` });
    const gone = number - 500;
    if (gone >= 0) table.delete(`tenant-${gone % 7}/${gone}`);
  }
  expect(table.size).toBe(500);
  expect(table.get('tenant-4/99999')?.key).toBe('tenant-4/99999');
  expect(table.get('tenant-5/99999')).toBeUndefined();
});
