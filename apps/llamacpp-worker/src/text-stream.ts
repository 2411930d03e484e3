/**
 * Bytes of tokens in, text that may be shown out: holds back an incomplete UTF-8 character and whatever could become
 * a stop word. Pure; knows neither tokens nor the wire. The rules are those of llama-server's `process_token`.
 */

/** What one token adds. `text` may be empty: held back, or the token has no text. */
export type TextStep = { readonly text: string; readonly stopWord: string | undefined };

export class TextStream {
  readonly #stopWords: readonly string[];
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #pendingBytes: Uint8Array = new Uint8Array(0);
  /** Shown to the client. */
  #sent = '';
  /** Whole characters that may be the beginning of a stop word. */
  #held = '';

  /** Empty stop words are dropped: they would stop everything. */
  constructor(stopWords: readonly string[]) {
    this.#stopWords = stopWords.filter((word) => word !== '');
  }

  /**
   * Takes the bytes of the next token. `undefined` means that the last character is not complete yet: no event
   * belongs to this token, its bytes come with a later one. `isLast` releases held text (end of generation token).
   */
  push(bytes: Uint8Array, isLast: boolean): TextStep | undefined {
    this.#pendingBytes = this.#pendingBytes.length === 0 ? bytes : concat(this.#pendingBytes, bytes);
    if (hasCutCharacter(this.#pendingBytes)) return undefined;
    const unsent = this.#held + this.#decoder.decode(this.#pendingBytes);
    this.#pendingBytes = new Uint8Array(0);

    const found = findFirst(unsent, this.#stopWords);
    if (found !== undefined) return this.#send(unsent.slice(0, found.at), found.word);
    if (!isLast && this.#stopWords.some((word) => endsWithBeginningOf(unsent, word))) {
      this.#held = unsent;
      return { text: '', stopWord: undefined };
    }
    return this.#send(unsent, undefined);
  }

  /** All text so far, held text included, without a found stop word. */
  get text(): string {
    return this.#sent + this.#held;
  }

  /** True while the bytes so far end in the middle of a character. */
  get isCut(): boolean {
    return this.#pendingBytes.length > 0;
  }

  #send(text: string, stopWord: string | undefined): TextStep {
    this.#sent += text;
    this.#held = '';
    return { text, stopWord };
  }
}

/**
 * Whether the last character lacks bytes. Only a beginning without its end counts: bytes that can never become UTF-8
 * are not waited for, they turn into U+FFFD.
 */
export function hasCutCharacter(bytes: Uint8Array): boolean {
  for (let fromEnd = 1; fromEnd <= 4 && fromEnd <= bytes.length; fromEnd++) {
    const byte = bytes[bytes.length - fromEnd] ?? 0;
    if ((byte & 0b1110_0000) === 0b1100_0000) return fromEnd < 2;
    if ((byte & 0b1111_0000) === 0b1110_0000) return fromEnd < 3;
    if ((byte & 0b1111_1000) === 0b1111_0000) return fromEnd < 4;
  }
  return false;
}

function findFirst(text: string, words: readonly string[]): { readonly at: number; readonly word: string } | undefined {
  let first: { at: number; word: string } | undefined;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at !== -1 && (first === undefined || at < first.at)) first = { at, word };
  }
  return first;
}

function endsWithBeginningOf(text: string, word: string): boolean {
  for (let length = Math.min(text.length, word.length - 1); length > 0; length--) {
    if (text.endsWith(word.slice(0, length))) return true;
  }
  return false;
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}
