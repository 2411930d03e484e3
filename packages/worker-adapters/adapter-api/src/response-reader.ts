/**
 * Reads one HTTP/1.1 answer out of a socket's bytes: head, framing of the body, and whether the connection can be used
 * again. It knows no socket and no engine; every part that is held is bounded.
 */
import { WorkerError } from './worker-error.ts';

export interface ResponseListener {
  /** The head of the answer itself; interim ones (1xx) are passed over. */
  onHead(status: number): void;
  /** A part of the body, never empty; the bytes are valid only during the call. */
  onBody(bytes: Buffer): void;
}

type State =
  | 'head'
  /** A body of a declared length. */
  | 'length'
  /** A body that ends with the connection. */
  | 'close'
  | 'chunk-size'
  | 'chunk-extension'
  | 'chunk-data'
  | 'chunk-end'
  | 'trailers'
  | 'whole'
  /** The listener wants no more. */
  | 'stopped';

const maxHeadBytes = 64 * 1024;
const maxTrailerBytes = 16 * 1024;
const maxExtensionBytes = 4 * 1024;
/** 2^44 bytes: more is no size but noise. */
const maxChunkDigits = 11;

const lf = 0x0a;
const cr = 0x0d;
const semicolon = 0x3b;
const space = 0x20;
const tab = 0x09;

/**
 * States: head → (one of the bodies) → whole. A chunked body goes round through its four states, then trailers.
 *
 * Lines of head and trailers end with CRLF; nothing else is taken, for two readings of one answer are worse than none.
 *
 * @errors `worker-reset` from `push`; the reader is of no use after it.
 */
export class ResponseReader {
  readonly #listener: ResponseListener;
  #state: State = 'head';
  /** Head or trailers so far, latin1. */
  #held = '';
  /** Bytes that the body, or its chunk, still has; while a chunk's size is read, that size. */
  #left = 0;
  #digits = 0;
  #extensionBytes = 0;
  #keepsAlive = false;
  #keepAliveMs = Number.POSITIVE_INFINITY;
  #hasRest = false;

  constructor(listener: ResponseListener) {
    this.#listener = listener;
  }

  /** Whether any byte of the answer came. */
  get hasBegun(): boolean {
    return this.#state !== 'head' || this.#held !== '';
  }

  /** How long the connection may be kept for another request, ms, as far as this answer decides it; 0 = not at all. */
  get keepAliveMs(): number {
    return this.#state === 'whole' && this.#keepsAlive && !this.#hasRest ? this.#keepAliveMs : 0;
  }

  /** Read what came. @returns whether the answer is whole. */
  push(buffer: Buffer, length = buffer.length): boolean {
    let at = 0;
    while (at < length && this.#state !== 'whole' && this.#state !== 'stopped') at = this.#step(buffer, at, length);
    if (at < length) this.#hasRest = true;
    return this.#state === 'whole';
  }

  /** The peer sends no more. @returns whether the answer is whole. */
  end(): boolean {
    if (this.#state === 'close') this.#state = 'whole';
    return this.#state === 'whole';
  }

  /** Tell the listener nothing more. */
  stop(): void {
    this.#state = 'stopped';
  }

  /** @returns the index after what was read. */
  #step(buffer: Buffer, at: number, length: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(buffer, at, length);
      case 'length':
        return this.#readData(buffer, at, length, 'whole');
      case 'close':
        this.#listener.onBody(buffer.subarray(at, length));
        return length;
      case 'chunk-size':
        return this.#readChunkSize(buffer, at, length);
      case 'chunk-extension':
        return this.#readExtension(buffer, at, length);
      case 'chunk-data':
        return this.#readData(buffer, at, length, 'chunk-end');
      case 'chunk-end':
        return this.#readChunkEnd(buffer, at);
      case 'trailers':
        return this.#readTrailers(buffer, at, length);
      case 'whole':
      case 'stopped':
        return length;
    }
  }

  #readData(buffer: Buffer, at: number, length: number, next: State): number {
    const end = Math.min(length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = next;
    this.#listener.onBody(buffer.subarray(at, end));
    return end;
  }

  #readChunkSize(buffer: Buffer, start: number, length: number): number {
    for (let at = start; at < length; at += 1) {
      const byte = buffer[at] as number;
      const digit = hexDigit(byte);
      if (digit >= 0) {
        this.#digits += 1;
        if (this.#digits > maxChunkDigits) throw notHttp('a chunk of an impossible size');
        this.#left = this.#left * 16 + digit;
        continue;
      }
      if (this.#digits === 0 || (byte !== cr && byte !== semicolon && byte !== space && byte !== tab))
        throw notHttp('a chunk without a size');
      this.#digits = 0;
      // The usual case in one step.
      if (byte === cr && at + 1 < length && buffer[at + 1] === lf) {
        this.#beginChunk();
        return at + 2;
      }
      this.#state = 'chunk-extension';
      return at;
    }
    return length;
  }

  /** What may stand between a chunk's size and its line end, which nobody needs. */
  #readExtension(buffer: Buffer, at: number, length: number): number {
    const found = buffer.indexOf(lf, at);
    const end = found === -1 || found >= length ? length : found;
    this.#extensionBytes += end - at;
    if (this.#extensionBytes > maxExtensionBytes) throw notHttp('a chunk extension without an end');
    if (end === length) return length;
    this.#extensionBytes = 0;
    this.#beginChunk();
    return end + 1;
  }

  #beginChunk(): void {
    this.#state = this.#left === 0 ? 'trailers' : 'chunk-data';
  }

  #readChunkEnd(buffer: Buffer, at: number): number {
    // `#left` is 0 here, and counts the two bytes down from there.
    const expected = this.#left === 0 ? cr : lf;
    if (buffer[at] !== expected) throw notHttp('a chunk longer than its size');
    if (expected === cr) this.#left = -1;
    else {
      this.#left = 0;
      this.#state = 'chunk-size';
    }
    return at + 1;
  }

  #readTrailers(buffer: Buffer, at: number, length: number): number {
    const before = this.#held.length;
    const text = this.#held + buffer.toString('latin1', at, Math.min(length, at + maxTrailerBytes + 4));
    // Without trailers the closing empty line comes at once.
    const end = text.startsWith('\r\n') ? 2 : endOf(text, '\r\n\r\n', before);
    if (end === -1) {
      if (text.length > maxTrailerBytes) throw notHttp('trailers without an end');
      this.#held = text;
      return length;
    }
    this.#held = '';
    this.#state = 'whole';
    return at + end - before;
  }

  #readHead(buffer: Buffer, at: number, length: number): number {
    const before = this.#held.length;
    const text = this.#held + buffer.toString('latin1', at, Math.min(length, at + maxHeadBytes + 4));
    const end = endOf(text, '\r\n\r\n', before);
    if (end === -1) {
      if (text.length > maxHeadBytes) throw notHttp(`a head above ${maxHeadBytes} bytes`);
      if (!'HTTP/1.'.startsWith(text.slice(0, 7))) throw notHttp('no HTTP at all');
      this.#held = text;
      return length;
    }
    this.#held = '';
    this.#onHead(text.slice(0, end - 4));
    return at + end - before;
  }

  #onHead(head: string): void {
    const { status, isHttp10, fields } = parseHead(head);
    if (status === 101) throw notHttp('an upgrade that nobody asked for');
    if (status < 200) return;
    const connection = (fields.get('connection') ?? '').toLowerCase();
    this.#keepsAlive = isHttp10 ? /\bkeep-alive\b/.test(connection) : !/\bclose\b/.test(connection);
    const timeout = /\btimeout\s*=\s*"?(\d{1,6})/i.exec(fields.get('keep-alive') ?? '')?.[1];
    if (timeout !== undefined) this.#keepAliveMs = Number(timeout) * 1_000;
    this.#state = this.#bodyState(status, fields);
    this.#listener.onHead(status);
  }

  #bodyState(status: number, fields: ReadonlyMap<string, string>): State {
    if (status === 204 || status === 304) return 'whole';
    const coding = fields.get('transfer-encoding');
    const declared = fields.get('content-length');
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw notHttp('a transfer coding that nobody asked for');
      // An answer that says both was put together by two hands: nothing after it can be trusted.
      if (declared !== undefined) this.#keepsAlive = false;
      return 'chunk-size';
    }
    if (declared === undefined) {
      this.#keepsAlive = false;
      return 'close';
    }
    if (!/^\d{1,15}$/.test(declared)) throw notHttp('a length that is no number');
    this.#left = Number(declared);
    return this.#left === 0 ? 'whole' : 'length';
  }
}

type Head = { readonly status: number; readonly isHttp10: boolean; readonly fields: ReadonlyMap<string, string> };

const parseHead = (head: string): Head => {
  const [first = '', ...lines] = head.split('\r\n');
  const start = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(first);
  if (start === null) throw notHttp('a status line of another kind');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0 || /[\s\0]/.test(line.slice(0, colon))) throw notHttp('a header without a name');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = fields.get(name);
    // A repeated length must say the same; other repeated fields are lists.
    if (name === 'content-length' && earlier !== undefined && earlier !== value) throw notHttp('two lengths');
    fields.set(name, earlier === undefined || name === 'content-length' ? value : `${earlier}, ${value}`);
  }
  return { status: Number(start[2]), isHttp10: start[1] === '0', fields };
};

/** Index after the first `mark` in `text`, whose first `before` characters were looked through already; -1 without one. */
const endOf = (text: string, mark: string, before: number): number => {
  const at = text.indexOf(mark, Math.max(0, before - mark.length + 1));
  return at === -1 ? -1 : at + mark.length;
};

const hexDigit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
};

const notHttp = (what: string): WorkerError =>
  new WorkerError('worker-reset', `The worker’s answer is not HTTP/1.1: ${what}.`, { mayRunAgain: true });
