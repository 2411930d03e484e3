/**
 * The Server-Sent Events reader that all adapters share: bytes in, data payloads out. It owns framing, line ends and the
 * size bound; it knows no engine and no JSON.
 */
import { WorkerError } from './worker-error.ts';

/** @param data - The `data` lines of one event, joined by LF. @param name - The `event` field, `message` by default. */
export type SseListener = (data: string, name: string) => void;

/** Largest event that is read unless the caller says otherwise, bytes. An engine's events are some hundred bytes. */
export const defaultMaxEventBytes = 1024 * 1024;

const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;

/**
 * Reads one stream. Push network reads in order; the listener is called inside `push`, once per event, in order.
 *
 * Chunks may split the stream at any byte, inside a character too: only whole lines are decoded, and a line's bytes are
 * whole characters. A read that ends with a line end is decoded in place, without copying. LF, CRLF and CR end a line, a
 * byte order mark at the start is dropped, comments and unknown fields are skipped, an event without data is none.
 *
 * @errors `worker-reset` from `push` when one event is larger than `maxEventBytes`; the reader is of no use after it.
 */
export class SseReader {
  readonly #listener: SseListener;
  readonly #maxEventBytes: number;
  /** Bytes of a line whose end has not come yet. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #data: string | null = null;
  #name = '';
  #afterCr = false;
  #atStart = true;

  constructor(listener: SseListener, maxEventBytes = defaultMaxEventBytes) {
    this.#listener = listener;
    this.#maxEventBytes = maxEventBytes;
  }

  /** True while part of an event has come and its closing blank line has not. */
  get isMidEvent(): boolean {
    return this.#heldBytes > 0 || this.#data !== null;
  }

  push(chunk: Buffer): void {
    const whole = endOfLastLine(chunk);
    if (whole === 0) {
      this.#hold(chunk);
      return;
    }
    let text: string;
    if (this.#heldBytes === 0) text = chunk.toString('utf8', 0, whole);
    else {
      this.#held.push(chunk.subarray(0, whole));
      text = Buffer.concat(this.#held).toString('utf8');
      this.#held = [];
      this.#heldBytes = 0;
    }
    this.#lines(text);
    if (whole < chunk.length) this.#hold(chunk.subarray(whole));
  }

  /** Copies: whoever reads the socket uses its buffer again. */
  #hold(bytes: Buffer): void {
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
    this.#checkSize(this.#heldBytes + (this.#data?.length ?? 0));
  }

  #checkSize(bytes: number): void {
    if (bytes <= this.#maxEventBytes) return;
    this.#held = [];
    throw new WorkerError('worker-reset', `The engine sent an event larger than ${this.#maxEventBytes} bytes.`, { mayRunAgain: true });
  }

  /** @param text - Whole lines only. */
  #lines(text: string): void {
    let at = 0;
    if (this.#atStart) {
      this.#atStart = false;
      if (text.charCodeAt(0) === 0xfeff) at = 1;
    }
    if (this.#afterCr) {
      this.#afterCr = false;
      if (text.charCodeAt(at) === lf) at += 1;
    }
    let nextCr = text.indexOf('\r', at);
    while (at < text.length) {
      const nextLf = text.indexOf('\n', at);
      if (nextCr === -1 || (nextLf !== -1 && nextLf < nextCr)) {
        this.#line(text, at, nextLf);
        at = nextLf + 1;
        continue;
      }
      this.#line(text, at, nextCr);
      at = nextCr + 1;
      if (at === text.length) this.#afterCr = true;
      else if (text.charCodeAt(at) === lf) at += 1;
      nextCr = text.indexOf('\r', at);
    }
  }

  #line(text: string, start: number, end: number): void {
    if (start === end) {
      this.#dispatch();
      return;
    }
    if (text.startsWith('data:', start)) {
      const value = text.slice(text.charCodeAt(start + 5) === space ? start + 6 : start + 5, end);
      this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
      this.#checkSize(this.#data.length);
    } else if (text.startsWith('event:', start)) {
      this.#name = text.slice(text.charCodeAt(start + 6) === space ? start + 7 : start + 6, end);
    } else if (end - start === 4 && text.startsWith('data', start)) {
      this.#data = this.#data === null ? '' : `${this.#data}\n`;
    }
  }

  #dispatch(): void {
    const data = this.#data;
    const name = this.#name;
    this.#data = null;
    this.#name = '';
    if (data !== null) this.#listener(data, name === '' ? 'message' : name);
  }
}

/** Index just past the last line end in `chunk`, 0 when it has none. */
const endOfLastLine = (chunk: Buffer): number => {
  const last = chunk[chunk.length - 1];
  if (last === lf || last === cr) return chunk.length;
  return Math.max(chunk.lastIndexOf(lf), chunk.lastIndexOf(cr)) + 1;
};
