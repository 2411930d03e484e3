/**
 * The simulator's future: timed events, the earliest first; events of one time happen in the order they were planned.
 *
 * A four-ary heap whose times lie in one block of memory: with tens of thousands of events most of its cost is waiting
 * for memory, not comparing.
 */

const SMALLEST = 1024;

export class EventHeap<T> {
  #times = new Float64Array(SMALLEST);
  #sequences = new Float64Array(SMALLEST);
  readonly #what: T[] = [];
  #planned = 0;

  get size(): number {
    return this.#what.length;
  }

  /** Time of the next event; Infinity = there is none. */
  get nextMs(): number {
    return this.#what.length === 0 ? Infinity : (this.#times[0] ?? Infinity);
  }

  plan(atMs: number, what: T): void {
    this.#planned += 1;
    let index = this.#what.length;
    this.#what.push(what);
    if (index === this.#times.length) this.#grow();
    while (index > 0) {
      const parent = (index - 1) >> 2;
      if (!this.#isLater(parent, atMs, this.#planned)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#set(index, atMs, this.#planned, what);
  }

  /** The next event; read {@link EventHeap.nextMs} before it. */
  pop(): T | undefined {
    const first = this.#what[0];
    const last = this.#what.pop();
    const size = this.#what.length;
    if (last === undefined || size === 0) return first;
    const atMs = this.#times[size] ?? 0;
    const sequence = this.#sequences[size] ?? 0;
    let index = 0;
    for (;;) {
      const firstChild = 4 * index + 1;
      if (firstChild >= size) break;
      let least = firstChild;
      const end = Math.min(firstChild + 4, size);
      for (let child = firstChild + 1; child < end; child++) {
        if (this.#isLater(least, this.#times[child] ?? 0, this.#sequences[child] ?? 0)) least = child;
      }
      if (this.#isLater(least, atMs, sequence)) break;
      this.#move(least, index);
      index = least;
    }
    this.#set(index, atMs, sequence, last);
    return first;
  }

  #isLater(index: number, atMs: number, sequence: number): boolean {
    const time = this.#times[index] ?? 0;
    return time > atMs || (time === atMs && (this.#sequences[index] ?? 0) > sequence);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#times[from] ?? 0, this.#sequences[from] ?? 0, this.#what[from] as T);
  }

  #set(index: number, atMs: number, sequence: number, what: T): void {
    this.#times[index] = atMs;
    this.#sequences[index] = sequence;
    this.#what[index] = what;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    const sequences = new Float64Array(2 * this.#times.length);
    times.set(this.#times);
    sequences.set(this.#sequences);
    this.#times = times;
    this.#sequences = sequences;
  }
}
