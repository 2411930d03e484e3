/**
 * Cuts a text that comes in pieces at the first of its stop texts, for engines that do not. It owns that rule; ending the request is
 * the adapter's.
 */

export class StopMatcher {
  /** Whether a stop text was met; then nothing more is given out. */
  isMet = false;
  readonly #stop: readonly string[];
  /** The longest end of the text so far that may begin a stop text. */
  #held = '';

  constructor(stop: readonly string[]) {
    this.#stop = stop;
  }

  /** @returns what may be given out now: never a part of a stop text, and all that cannot be one. */
  push(piece: string): string {
    if (this.isMet || piece === '') return '';
    if (this.#stop.length === 0) return piece;
    const unsent = this.#held + piece;
    const found = this.#stop.map((word) => unsent.indexOf(word)).filter((at) => at !== -1);
    if (found.length > 0) {
      this.isMet = true;
      this.#held = '';
      return unsent.slice(0, Math.min(...found));
    }
    const heldLength = Math.max(...this.#stop.map((word) => overlap(unsent, word)));
    this.#held = unsent.slice(unsent.length - heldLength);
    return unsent.slice(0, unsent.length - heldLength);
  }

  /** What was held back and is text after all, because nothing follows. */
  rest(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}

/** Length of the longest proper beginning of `word` that `text` ends with. */
const overlap = (text: string, word: string): number => {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(word.slice(0, length))) return length;
  }
  return 0;
};
