/**
 * Matching of stop texts over a stream of pieces, as llama.cpp does it: text that may begin one is held back until it is
 * decided. It owns that rule alone.
 */

export class StopText {
  readonly #stop: readonly string[];
  #held = '';

  constructor(stop: readonly string[]) {
    this.#stop = stop;
  }

  /** Text that was held back and may be given out once nothing can follow. */
  get held(): string {
    return this.#held;
  }

  /** @returns what may be given out now, and the stop text that was met (then nothing follows). */
  push(text: string): { readonly text: string; readonly met: string | null } {
    if (this.#stop.length === 0) return { text, met: null };
    const unsent = this.#held + text;
    this.#held = '';
    const [first] = this.#stop
      .map((word) => ({ word, at: unsent.indexOf(word) }))
      .filter(({ at }) => at !== -1)
      .toSorted((a, b) => a.at - b.at);
    if (first !== undefined) return { text: unsent.slice(0, first.at), met: first.word };
    if (!this.#mayBegin(unsent)) return { text: unsent, met: null };
    this.#held = unsent;
    return { text: '', met: null };
  }

  #mayBegin(text: string): boolean {
    return this.#stop.some((word) => {
      for (let length = Math.min(word.length - 1, text.length); length > 0; length -= 1) {
        if (text.endsWith(word.slice(0, length))) return true;
      }
      return false;
    });
  }
}
