/**
 * The simulator's future: timed events, the earliest first; events of one time happen in the order they were planned. Times
 * are whole milliseconds, none before the latest event taken.
 *
 * A timing wheel: one list for each millisecond of the next while, so that planning and taking an event cost no search; what
 * lies beyond waits in a heap until the wheel has turned that far.
 */
import { EventHeap } from './event-heap.ts';

/** Milliseconds on the wheel: nearly all steps of a request lie nearer than that. A power of two. */
const SPAN = 16_384;
const SMALLEST = 1024;
/** Milliseconds in one word of the map of lists that hold events. */
const WORD = 32;

export class EventWheel<T> {
  /** First and last event of each millisecond; -1 = none. */
  readonly #heads = new Int32Array(SPAN).fill(-1);
  readonly #tails = new Int32Array(SPAN).fill(-1);
  /** One bit for each millisecond: whether it has events. */
  readonly #busy = new Int32Array(SPAN / WORD);
  /** What happens, by number of the event, and the event after it; unused numbers are linked from `#unused`. */
  readonly #what: (T | undefined)[] = [];
  #next = new Int32Array(SMALLEST);
  #unused = -1;
  readonly #far = new EventHeap<T>();
  #nowMs = 0;
  #onWheel = 0;
  #nextMs = Infinity;

  get size(): number {
    return this.#onWheel + this.#far.size;
  }

  /** Time of the next event; Infinity = there is none. */
  get nextMs(): number {
    return this.#nextMs;
  }

  plan(atMs: number, what: T): void {
    if (atMs < this.#nextMs) this.#nextMs = atMs;
    if (atMs >= this.#nowMs + SPAN) this.#far.plan(atMs, what);
    else this.#append(atMs, what);
  }

  /** The next event; read {@link EventWheel.nextMs} before it. */
  pop(): T | undefined {
    const atMs = this.#nextMs;
    if (atMs === Infinity) return undefined;
    if (atMs !== this.#nowMs) this.#turnTo(atMs);
    const place = atMs & (SPAN - 1);
    const event = this.#heads[place] ?? -1;
    const what = this.#what[event];
    const next = this.#next[event] ?? -1;
    this.#heads[place] = next;
    this.#what[event] = undefined;
    this.#next[event] = this.#unused;
    this.#unused = event;
    this.#onWheel -= 1;
    if (next === -1) {
      this.#tails[place] = -1;
      const word = place >>> 5;
      this.#busy[word] = (this.#busy[word] ?? 0) & ~(1 << (place & (WORD - 1)));
      this.#nextMs = this.#findNext();
    }
    return what;
  }

  /** Time has come to `nowMs`: take in what is no longer far, before anything else is planned for those times. */
  #turnTo(nowMs: number): void {
    this.#nowMs = nowMs;
    while (this.#far.nextMs < nowMs + SPAN) {
      const atMs = this.#far.nextMs;
      this.#append(atMs, this.#far.pop() as T);
    }
  }

  #append(atMs: number, what: T): void {
    const place = atMs & (SPAN - 1);
    let event = this.#unused;
    if (event === -1) {
      event = this.#what.length;
      this.#what.push(what);
      if (event === this.#next.length) this.#grow();
    } else {
      this.#unused = this.#next[event] ?? -1;
      this.#what[event] = what;
    }
    this.#next[event] = -1;
    const tail = this.#tails[place] ?? -1;
    this.#tails[place] = event;
    if (tail === -1) {
      this.#heads[place] = event;
      const word = place >>> 5;
      this.#busy[word] = (this.#busy[word] ?? 0) | (1 << (place & (WORD - 1)));
    } else this.#next[tail] = event;
    this.#onWheel += 1;
  }

  /** The first busy millisecond from now on, once around the wheel; else the first far one. */
  #findNext(): number {
    if (this.#onWheel === 0) return this.#far.nextMs;
    const words = SPAN / WORD;
    const from = this.#nowMs & (SPAN - 1);
    let word = from >>> 5;
    // Of the first word only what is not behind; all of it again when the wheel has been gone around.
    let bits = (this.#busy[word] ?? 0) & (-1 << (from & (WORD - 1)));
    while (bits === 0) {
      word = (word + 1) & (words - 1);
      bits = this.#busy[word] ?? 0;
    }
    const place = word * WORD + (31 - Math.clz32(bits & -bits));
    return this.#nowMs + ((place - from) & (SPAN - 1));
  }

  #grow(): void {
    const next = new Int32Array(2 * this.#next.length);
    next.set(this.#next);
    this.#next = next;
  }
}
