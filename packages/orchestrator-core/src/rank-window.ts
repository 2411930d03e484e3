/**
 * How many queued tasks are ahead of one, in O(log n): a Fenwick tree over a window of queue places. It knows nothing
 * of what it counts.
 */

/** `rankSlot` belongs to the window that holds the item; -1 = in none. */
export interface Ranked {
  rankSlot: number;
}

const SMALLEST = 64;

/**
 * Items in queue order, each in a numbered place of the window; places of items that left stay empty. When an end of
 * the window is reached it is rebuilt around the living: O(n), but at least n/4 pushes lie between two rebuilds, so a
 * push costs O(log n) amortised. Memory is at most 4 places (12 bytes each) per item.
 */
export class RankWindow<T extends Ranked> {
  #capacity = SMALLEST;
  #items: (T | undefined)[] = emptyPlaces(SMALLEST);
  #tree = new Int32Array(SMALLEST + 1);
  /** Places `[begin, end)` have been given out; an eighth is kept for the front, where only re-runs go. */
  #begin = SMALLEST >> 3;
  #end = SMALLEST >> 3;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  pushBack(item: T): void {
    if (this.#end === this.#capacity) this.#rebuild();
    this.#put(item, this.#end);
    this.#end += 1;
  }

  pushFront(item: T): void {
    if (this.#begin === 0) this.#rebuild();
    this.#begin -= 1;
    this.#put(item, this.#begin);
  }

  remove(item: T): void {
    this.#items[item.rankSlot] = undefined;
    this.#add(item.rankSlot, -1);
    item.rankSlot = -1;
    this.#size -= 1;
    if (this.#size > 0) return;
    if (this.#capacity > 16 * SMALLEST) this.#reset(SMALLEST);
    else this.#begin = this.#end = this.#capacity >> 3;
  }

  /** Items ahead of this one; 0 = first. */
  rank(item: T): number {
    let sum = 0;
    for (let node = item.rankSlot; node > 0; node &= node - 1) sum += this.#tree[node] ?? 0;
    return sum;
  }

  /** The item in the last place. */
  last(): T | undefined {
    if (this.#size === 0) return undefined;
    let node = 0;
    let wanted = this.#size;
    for (let step = this.#capacity; step > 0; step >>= 1) {
      const count = node + step <= this.#capacity ? (this.#tree[node + step] ?? 0) : wanted;
      if (count >= wanted) continue;
      node += step;
      wanted -= count;
    }
    return this.#items[node];
  }

  /** The items in order; O(window). For reloads, not for the dispatch path. */
  toArray(): T[] {
    return this.#items.filter((item) => item !== undefined);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.rankSlot = place;
    this.#add(place, 1);
    this.#size += 1;
  }

  #add(place: number, by: number): void {
    const tree = this.#tree;
    for (let node = place + 1; node < tree.length; node += node & -node) tree[node] = (tree[node] ?? 0) + by;
  }

  #rebuild(): void {
    const living = this.toArray();
    let capacity = SMALLEST;
    while (capacity < 2 * living.length) capacity *= 2;
    this.#reset(capacity);
    for (const item of living) {
      this.#items[this.#end] = item;
      item.rankSlot = this.#end;
      this.#tree[this.#end + 1] = 1;
      this.#end += 1;
    }
    this.#size = living.length;
    const tree = this.#tree;
    for (let node = 1; node < tree.length; node++) {
      const parent = node + (node & -node);
      if (parent < tree.length) tree[parent] = (tree[parent] ?? 0) + (tree[node] ?? 0);
    }
  }

  #reset(capacity: number): void {
    this.#capacity = capacity;
    this.#items = emptyPlaces(capacity);
    this.#tree = new Int32Array(capacity + 1);
    this.#begin = this.#end = capacity >> 3;
    this.#size = 0;
  }
}

function emptyPlaces<T>(capacity: number): (T | undefined)[] {
  const places: (T | undefined)[] = [];
  for (let place = 0; place < capacity; place++) places.push(undefined);
  return places;
}
