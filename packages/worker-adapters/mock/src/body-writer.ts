/**
 * Writes one streamed HTTP body as cheaply as a socket allows, or as badly as a script wants: in slices, cut off, reset.
 * It owns bytes and HTTP chunks; it knows no event.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EngineScript } from './script.ts';

export class BodyWriter {
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #sliceBytes: number | null;
  readonly #cut: { readonly afterBytes: number; readonly framing: 'broken' | 'whole' | 'reset' } | null;
  #written = 0;
  #isCut = false;
  #closed = false;
  /** Slices that wait for their turn; only with `sliceBytes`. */
  #slices: Buffer[] = [];
  #ending = false;

  constructor(response: ServerResponse, socket: Socket, script: EngineScript) {
    this.#response = response;
    this.#socket = socket;
    this.#sliceBytes = script.sliceBytes;
    this.#cut = script.fault?.kind === 'cut' ? script.fault : null;
  }

  head(contentType: string, headers: Readonly<Record<string, string>> = {}): void {
    this.#response.writeHead(200, { ...headers, 'Content-Type': contentType, 'Transfer-Encoding': 'chunked' });
    this.#response.flushHeaders();
    if (this.#cut?.afterBytes === 0) this.#cutOff();
  }

  /** @returns false where the reader is slow; `onDrain` tells when to go on. */
  write(text: string): boolean {
    if (this.#closed) return true;
    if (this.#sliceBytes !== null || this.#cut !== null) this.#writeBadly(Buffer.from(text));
    // Not response.write: a chunk head and its text in one string is one write call, and most of what a token costs.
    else this.#socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
    return !this.#socket.writableNeedDrain;
  }

  onDrain(go: () => void): void {
    this.#socket.once('drain', go);
  }

  end(): void {
    if (this.#closed) return;
    this.#ending = true;
    if (this.#slices.length === 0) this.#close();
  }

  /** Write the first half of this, and reset once it is on its way. */
  tear(text: string): void {
    const bytes = Buffer.from(text);
    const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
    this.#closed = true;
    this.#socket.write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), half]), () => this.#socket.resetAndDestroy());
  }

  reset(): void {
    this.#closed = true;
    this.#socket.resetAndDestroy();
  }

  #close(): void {
    this.#closed = true;
    this.#response.end();
  }

  #writeBadly(bytes: Buffer): void {
    const room = this.#cut === null ? bytes.length : Math.min(bytes.length, this.#cut.afterBytes - this.#written);
    this.#written += room;
    const kept = bytes.subarray(0, room);
    const size = this.#sliceBytes ?? Math.max(1, kept.length);
    const idle = this.#slices.length === 0;
    for (let at = 0; at < kept.length; at += size) this.#slices.push(kept.subarray(at, at + size));
    if (this.#cut !== null && this.#written >= this.#cut.afterBytes) {
      this.#isCut = true;
      this.#ending = true;
    }
    if (idle) this.#nextSlice();
  }

  #nextSlice(): void {
    const [slice] = this.#slices;
    if (this.#closed) return;
    if (slice === undefined) {
      if (this.#isCut) this.#cutOff();
      else if (this.#ending) this.#close();
      return;
    }
    this.#socket.write(Buffer.concat([Buffer.from(`${slice.length.toString(16)}\r\n`), slice, Buffer.from('\r\n')]), () => {
      this.#slices.shift();
      // A turn of the loop between two writes lets the peer read them apart.
      setImmediate(() => this.#nextSlice());
    });
  }

  #cutOff(): void {
    if (this.#cut?.framing === 'whole') this.#close();
    else if (this.#cut?.framing === 'reset') this.reset();
    else {
      this.#closed = true;
      this.#socket.end();
    }
  }
}
