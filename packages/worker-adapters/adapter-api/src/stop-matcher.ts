/**
 * Cuts a text that comes in pieces at the stop text that is complete first, for engines that do not. It owns that rule; ending the
 * request is the adapter's.
 */

/**
 * Of stop texts that end at the same character the longest one counts. Where a longer one began earlier but is not complete yet, the
 * complete one counts: so the answer is the same however the text was sliced, and nothing waits for what may not come.
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
    const cut = firstCut(unsent, this.#stop);
    if (cut !== null) {
      this.isMet = true;
      this.#held = '';
      return unsent.slice(0, cut);
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

/** Where the stop text begins that is complete first; `null` = none is. */
const firstCut = (text: string, stop: readonly string[]): number | null => {
  const [first] = stop
    .map((word) => ({ from: text.indexOf(word), length: word.length }))
    .filter(({ from }) => from !== -1)
    .toSorted((a, b) => a.from + a.length - (b.from + b.length) || a.from - b.from);
  return first?.from ?? null;
};

/** Length of the longest proper beginning of `word` that `text` ends with. */
const overlap = (text: string, word: string): number => {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(word.slice(0, length))) return length;
  }
  return 0;
};
