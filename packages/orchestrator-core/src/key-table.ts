/**
 * Records by their key: a hash table that knows from one line of memory that a key is not there. `Map` follows a chain of
 * strings for that, each a wait for memory: at a million tasks half of an admission. It knows nothing of what it holds.
 */

/** A record that carries its own key, and the hash of it; neither ever changes. */
export interface Keyed {
  readonly key: string;
  /** {@link hashOf} the key. */
  readonly keyHash: number;
}

const SMALLEST = 64;
/**
 * The farthest place from home. Good hashes stay far below it; keys made to collide go into a `Map` instead, so that
 * nobody's choice of ids makes the table slow.
 */
const REACH = 64;

/**
 * Open addressing with linear probing, at most half full; a removal closes its gap, so there are no tombstones. The
 * records lie beside the table, in the order they came as far as places allow: the collector's work on what is new stays
 * in one stretch of memory.
 */
export class KeyTable<T extends Keyed> {
  #mask = SMALLEST - 1;
  /** Two numbers a place: the hash (0 = the place is empty), and the index of its record. */
  #places = new Int32Array(2 * SMALLEST);
  readonly #items: (T | undefined)[] = [];
  /** Indices of `#items` that are free again. */
  readonly #free: number[] = [];
  #placed = 0;
  readonly #crowded = new Map<string, T>();

  get size(): number {
    return this.#placed + this.#crowded.size;
  }

  /** @param keyHash - {@link hashOf} the key, where the caller has it already. */
  get(key: string, keyHash = hashOf(key)): T | undefined {
    const places = this.#places;
    const mask = this.#mask;
    let place = keyHash & mask;
    for (let step = 0; step < REACH; step++) {
      const found = places[2 * place];
      if (found === 0) break;
      if (found === keyHash) {
        const item = this.#items[places[2 * place + 1] ?? 0];
        if (item !== undefined && item.key === key) return item;
      }
      place = (place + 1) & mask;
    }
    return this.#crowded.size === 0 ? undefined : this.#crowded.get(key);
  }

  /** @param item - Its key is not in the table. */
  add(item: T): void {
    if (2 * this.#placed > this.#mask) this.#grow();
    const index = this.#free.pop() ?? this.#items.length;
    this.#items[index] = item;
    this.#place(item.keyHash, index);
  }

  /** @param item - It is in the table. */
  delete(item: T): void {
    const places = this.#places;
    const mask = this.#mask;
    let place = item.keyHash & mask;
    for (let step = 0; step < REACH; step++) {
      const found = places[2 * place];
      if (found === 0) break;
      if (found === item.keyHash && this.#items[places[2 * place + 1] ?? 0] === item) return this.#remove(place);
      place = (place + 1) & mask;
    }
    this.#crowded.delete(item.key);
  }

  /** Give a record its place; where none within reach is empty it goes to the crowd. */
  #place(hash: number, index: number): void {
    const places = this.#places;
    const mask = this.#mask;
    let place = hash & mask;
    for (let step = 0; step < REACH; step++) {
      if (places[2 * place] === 0) {
        places[2 * place] = hash;
        places[2 * place + 1] = index;
        this.#placed += 1;
        return;
      }
      place = (place + 1) & mask;
    }
    const item = this.#items[index];
    if (item !== undefined) this.#crowded.set(item.key, item);
    this.#forget(index);
  }

  #forget(index: number): void {
    this.#items[index] = undefined;
    this.#free.push(index);
  }

  /** Empty a place, and move up what would not be found any more behind the gap. */
  #remove(place: number): void {
    const places = this.#places;
    const mask = this.#mask;
    this.#forget(places[2 * place + 1] ?? 0);
    this.#placed -= 1;
    let gap = place;
    let next = place;
    for (;;) {
      next = (next + 1) & mask;
      const hash = places[2 * next] ?? 0;
      if (hash === 0) break;
      if (((next - hash) & mask) < ((next - gap) & mask)) continue;
      places[2 * gap] = hash;
      places[2 * gap + 1] = places[2 * next + 1] ?? 0;
      gap = next;
    }
    places[2 * gap] = 0;
  }

  #grow(): void {
    const places = this.#places;
    this.#mask = 2 * this.#mask + 1;
    this.#places = new Int32Array(2 * places.length);
    this.#placed = 0;
    for (let at = 0; at < places.length; at += 2) {
      const hash = places[at] ?? 0;
      if (hash !== 0) this.#place(hash, places[at + 1] ?? 0);
    }
  }
}

/** Two lanes of multiply and xor over the UTF-16 units, so that one need not wait for the other; never 0. */
export function hashOf(key: string): number {
  const { length } = key;
  let even = length;
  let odd = 0x9e3779b9 | 0;
  let index = 0;
  for (; index + 1 < length; index += 2) {
    even = Math.imul(even ^ key.charCodeAt(index), 0x01000193);
    odd = Math.imul(odd ^ key.charCodeAt(index + 1), 0x01000193);
  }
  if (index < length) even = Math.imul(even ^ key.charCodeAt(index), 0x01000193);
  let hash = even ^ Math.imul(odd ^ (odd >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash === 0 ? 1 : hash;
}
