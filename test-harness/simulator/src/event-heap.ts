/** The simulator's future: a binary heap of timed events. Events of one millisecond happen in the order they were planned. */

export type Planned<T> = { readonly atMs: number; readonly sequence: number; readonly what: T };

export class EventHeap<T> {
  readonly #items: Planned<T>[] = [];
  #sequence = 0;

  get size(): number {
    return this.#items.length;
  }

  peek(): Planned<T> | undefined {
    return this.#items[0];
  }

  plan(atMs: number, what: T): void {
    this.#sequence += 1;
    const item = { atMs, sequence: this.#sequence, what };
    const items = this.#items;
    let index = items.length;
    items.push(item);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex] as Planned<T>;
      if (!isEarlier(item, parent)) break;
      items[index] = parent;
      index = parentIndex;
    }
    items[index] = item;
  }

  pop(): Planned<T> | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      let child = items[childIndex] as Planned<T>;
      const right = items[childIndex + 1];
      if (right !== undefined && isEarlier(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!isEarlier(child, last)) break;
      items[index] = child;
      index = childIndex;
    }
    items[index] = last;
    return first;
  }
}

function isEarlier<T>(a: Planned<T>, b: Planned<T>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
