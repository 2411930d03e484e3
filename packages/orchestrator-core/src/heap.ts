/**
 * A binary heap whose items know their own place, so that any of them can be moved or removed in O(log n). It knows
 * nothing of what it orders.
 */
import { assert } from './assert.ts';

/** `heapIndex` belongs to the heap that holds the item; -1 = in none. An item is in at most one heap. */
export interface HeapNode {
  heapIndex: number;
}

/** `before(a, b)` is a strict order; with a total one (ties broken by an id) runs repeat exactly. */
export class IndexedHeap<T extends HeapNode> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The items in heap order: only the first is the least. Read-only, valid until the next change. */
  get items(): readonly T[] {
    return this.#items;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    assert(item.heapIndex === -1, 'an item is pushed into one heap at a time');
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Restore the order after the key of `item` changed either way. */
  update(item: T): void {
    const index = item.heapIndex;
    this.#rise(item, index);
    if (item.heapIndex === index) this.#sink(item, index);
  }

  remove(item: T): void {
    const index = item.heapIndex;
    assert(this.#items[index] === item, 'the item is in this heap');
    item.heapIndex = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[index] = last;
    last.heapIndex = index;
    this.update(last);
  }

  #rise(item: T, from: number): void {
    const items = this.#items;
    const before = this.#before;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex] as T;
      if (!before(item, parent)) break;
      items[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }

  #sink(item: T, from: number): void {
    const items = this.#items;
    const before = this.#before;
    const size = items.length;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= size) break;
      let child = items[childIndex] as T;
      const right = childIndex + 1 < size ? (items[childIndex + 1] as T) : undefined;
      if (right !== undefined && before(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!before(child, item)) break;
      items[index] = child;
      child.heapIndex = index;
      index = childIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }
}
