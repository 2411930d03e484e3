/** Counts a mark in text that comes in pieces cut anywhere. */
export class MarkCounter {
  count = 0;
  readonly #mark: string;
  /** The end of what was seen, shorter than a mark. */
  #tail = '';

  constructor(mark: string) {
    this.#mark = mark;
  }

  /** @returns how many marks ended in this piece. */
  push(piece: string): number {
    const before = this.count;
    const text = this.#tail + piece;
    let at = text.indexOf(this.#mark);
    let end = 0;
    while (at !== -1) {
      this.count += 1;
      end = at + this.#mark.length;
      at = text.indexOf(this.#mark, end);
    }
    this.#tail = text.slice(Math.max(end, text.length - this.#mark.length + 1));
    return this.count - before;
  }
}
