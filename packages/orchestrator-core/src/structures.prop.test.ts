/** The two indexed structures against plain arrays that do the same slowly. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexedHeap, type HeapNode } from './heap.ts';
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
