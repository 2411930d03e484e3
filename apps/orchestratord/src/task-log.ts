/**
 * The event log of one task: its text in the pieces in which it came, `started`, and one terminal event. Readers are
 * cursors on it; a reader has no buffer of its own. It knows no socket, no scheduler and no engine.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { extendCrc, type LogPosition, terminalCrc } from './event-id.ts';
import { startedFrame, terminalFrame, tokenFrame } from './sse.ts';

/** The last event of a task; `data` is its JSON. */
export type TerminalEvent = { readonly event: 'end' | 'error'; readonly data: string };

/** Told when there may be something new to read. */
export interface LogReader {
  onLogChanged(): void;
  /** The task was canceled: what is still unsent must never be sent (ORCH-3026). */
  onTextCut(): void;
}

/** A reader's place. Owned by the log that made it; readers only pass it back. */
export type LogCursor = {
  /** Number of the next event to send. */
  number: number;
  bytes: number;
  crc: number;
  pieceIndex: number;
  /** UTF-16 units of that piece already sent: a resume cuts by bytes, a re-run may have sliced otherwise. */
  pieceOffset: number;
  /** Where the client says it is, until the log has got there and agreed. */
  claimed: LogPosition | null;
  done: boolean;
};

/** What a reader's `Last-Event-ID` amounts to. */
export type CursorAnswer =
  | { readonly kind: 'cursor'; readonly cursor: LogCursor }
  /** The client already has the terminal event: 204. */
  | { readonly kind: 'complete' };

/** What {@link TaskLog.read} found. `mismatch`: the client's checksum is not of this text (`resume-mismatch`). */
export type LogRead = { readonly kind: 'frames'; readonly frames: string } | { readonly kind: 'nothing' } | { readonly kind: 'mismatch' };

const nothing: LogRead = { kind: 'nothing' };

/** Estimated bytes that one stored piece costs beside its text. */
const pieceOverheadBytes = 40;

/**
 * States: open → (`cut` →) `finish`ed. Text is appended only while open; `started` comes before any text; the terminal
 * event is last and unique.
 *
 * @req ORCH-2002, ORCH-2010, ORCH-3026
 */
export class TaskLog {
  readonly #pieces: string[] = [];
  readonly #readers = new Set<LogReader>();
  #bytes = 0;
  #crc = 0;
  #started: string | null = null;
  #terminal: TerminalEvent | null = null;
  #cut = false;
  /** Records that must be stable before any of this may be seen. */
  #holds = 0;
  /** Frames of the newest batch, rendered once for all readers that are exactly there. */
  #batchFrom = -1;
  #batchFrames = '';

  /** UTF-8 bytes of text. */
  get textBytes(): number {
    return this.#bytes;
  }

  /** Number of `token` events. */
  get pieceCount(): number {
    return this.#pieces.length;
  }

  get hasStarted(): boolean {
    return this.#started !== null;
  }

  get terminal(): TerminalEvent | null {
    return this.#terminal;
  }

  get isOpen(): boolean {
    return this.#terminal === null && !this.#cut;
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** Estimated bytes held: text, `started` and the terminal event, which may hold thousands of vectors. */
  get memoryBytes(): number {
    return this.#bytes + this.#pieces.length * pieceOverheadBytes + (this.#started?.length ?? 0) + (this.#terminal?.data.length ?? 0);
  }

  text(): string {
    return this.#pieces.join('');
  }

  /** SHA-256 of the text's UTF-8 bytes, hex. */
  digest(): string {
    const hash = createHash('sha256');
    for (const piece of this.#pieces) hash.update(piece, 'utf8');
    return hash.digest('hex');
  }

  /** Write `started`; a re-run does not write it again. */
  start(data: string): void {
    assert(this.#started === null && this.#pieces.length === 0, 'started comes once and before any text');
    this.#started = data;
    // Text mostly comes in the same read of the engine, and then both are one write.
    queueMicrotask(() => this.#notify());
  }

  /** Append one batch: each text becomes one `token` event. Texts are never empty. */
  append(texts: readonly string[]): void {
    assert(this.#started !== null && this.isOpen, 'text comes after started and before the end');
    let frames = '';
    const from = this.#pieces.length;
    for (const text of texts) {
      this.#bytes += Buffer.byteLength(text, 'utf8');
      this.#crc = extendCrc(this.#crc, text);
      this.#pieces.push(text);
      if (this.#readers.size > 0) frames += tokenFrame(this.#pieces.length, this.#bytes, this.#crc, text);
    }
    this.#batchFrom = this.#readers.size > 0 ? from : -1;
    this.#batchFrames = frames;
    this.#notify();
    this.#batchFrom = -1;
    this.#batchFrames = '';
  }

  /** Stop all text at once: readers go straight to the terminal event that {@link finish} will bring. */
  cut(): void {
    if (this.#terminal !== null || this.#cut) return;
    this.#cut = true;
    for (const reader of this.#readers) reader.onTextCut();
  }

  /** Show no reader anything until {@link release}; each hold needs its own. */
  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    this.#notify();
  }

  /** Write the terminal event. */
  finish(terminal: TerminalEvent): void {
    assert(this.#terminal === null, 'a task ends once');
    this.#terminal = terminal;
    this.#notify();
  }

  subscribe(reader: LogReader): void {
    this.#readers.add(reader);
  }

  unsubscribe(reader: LogReader): void {
    this.#readers.delete(reader);
  }

  /** Place a reader: at the start, or after what `lastEventId` says it has. */
  open(lastEventId: LogPosition | null): CursorAnswer {
    if (lastEventId !== null && this.#terminal !== null && lastEventId.bytes <= this.#bytes && this.#isTerminalId(lastEventId))
      return { kind: 'complete' };
    return { kind: 'cursor', cursor: { number: 0, bytes: 0, crc: 0, pieceIndex: 0, pieceOffset: 0, claimed: lastEventId, done: false } };
  }

  /**
   * Render what comes next for a reader and move it on.
   *
   * 0. A held log shows nothing.
   * 1. A claimed position is settled first: ahead of the log it waits; of other text it is a mismatch.
   * 2. A cut log has no text to give: the terminal event or nothing.
   * 3. A reader exactly at the newest batch gets the shared rendering.
   * 4. Any other reader gets its own, up to `maxChars` and at least one event.
   *
   * @returns `nothing` when the reader is up to date.
   */
  read(cursor: LogCursor, maxChars: number): LogRead {
    if (cursor.done || this.#holds > 0) return nothing;
    if (cursor.claimed !== null) {
      const settled = this.#settle(cursor, cursor.claimed);
      if (settled !== undefined) return settled;
    }
    if (this.#cut) return this.#terminal === null ? nothing : { kind: 'frames', frames: this.#readTerminal(cursor) };
    if (cursor.pieceIndex === this.#batchFrom && cursor.pieceOffset === 0 && cursor.number === cursor.pieceIndex + 1) {
      cursor.pieceIndex = this.#pieces.length;
      cursor.number = this.#pieces.length + 1;
      cursor.bytes = this.#bytes;
      cursor.crc = this.#crc;
      return { kind: 'frames', frames: this.#batchFrames };
    }
    const frames = this.#renderFrom(cursor, maxChars);
    return frames === '' ? nothing : { kind: 'frames', frames };
  }

  #renderFrom(cursor: LogCursor, maxChars: number): string {
    let frames = '';
    if (cursor.number === 0) {
      if (this.#started === null) return this.#terminal === null ? '' : this.#readTerminal(cursor);
      frames = startedFrame(this.#started);
      cursor.number = 1;
    }
    while (cursor.pieceIndex < this.#pieces.length) {
      if (frames.length >= maxChars) return frames;
      const piece = this.#pieces[cursor.pieceIndex] as string;
      const text = cursor.pieceOffset === 0 ? piece : piece.slice(cursor.pieceOffset);
      cursor.bytes += Buffer.byteLength(text, 'utf8');
      cursor.crc = extendCrc(cursor.crc, text);
      frames += tokenFrame(cursor.number, cursor.bytes, cursor.crc, text);
      cursor.number += 1;
      cursor.pieceIndex += 1;
      cursor.pieceOffset = 0;
    }
    return this.#terminal === null ? frames : frames + this.#readTerminal(cursor);
  }

  #readTerminal(cursor: LogCursor): string {
    const { event, data } = this.#terminal as TerminalEvent;
    cursor.done = true;
    return terminalFrame(event, cursor.number, this.#bytes, this.#crc, data);
  }

  #isTerminalId(position: LogPosition): boolean {
    return position.bytes === this.#bytes && position.crc === terminalCrc(this.#crc);
  }

  /** Find the claimed place in the text, check it, and put the cursor there. `undefined` = settled, read on. */
  #settle(cursor: LogCursor, claimed: LogPosition): LogRead | undefined {
    if (claimed.bytes > this.#bytes) {
      if (this.#terminal === null) return nothing;
      // The task succeeded, and this is all its text.
      if (this.#terminal.event === 'end' && !this.#cut) return { kind: 'mismatch' };
      // It ended before a re-run got as far as the client is: no text follows, and the client learns why.
      cursor.claimed = null;
      cursor.number = claimed.number + 1;
      cursor.pieceIndex = this.#pieces.length;
      return undefined;
    }
    let bytes = 0;
    let crc = 0;
    let index = 0;
    for (; index < this.#pieces.length && bytes < claimed.bytes; index += 1) {
      const piece = this.#pieces[index] as string;
      const pieceBytes = Buffer.byteLength(piece, 'utf8');
      if (bytes + pieceBytes > claimed.bytes) break;
      bytes += pieceBytes;
      crc = extendCrc(crc, piece);
    }
    let offset = 0;
    if (bytes < claimed.bytes) {
      const piece = this.#pieces[index] as string;
      for (const character of piece) {
        if (bytes >= claimed.bytes) break;
        bytes += Buffer.byteLength(character, 'utf8');
        offset += character.length;
      }
      crc = extendCrc(crc, piece.slice(0, offset));
    }
    if (bytes !== claimed.bytes || crc !== claimed.crc) return { kind: 'mismatch' };
    cursor.claimed = null;
    cursor.number = claimed.number + 1;
    cursor.bytes = bytes;
    cursor.crc = crc;
    cursor.pieceIndex = index;
    cursor.pieceOffset = offset;
    return undefined;
  }

  #notify(): void {
    if (this.#holds > 0) return;
    for (const reader of this.#readers) reader.onLogChanged();
  }
}
