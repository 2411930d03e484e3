/**
 * The body of one streamed answer on a `node:http` response, each piece one write call on its socket. It owns framing and
 * back-pressure; it knows no event.
 */
import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * `ServerResponse.write` makes a chunk of three buffers, a tick that uncorks them and a vectored write, for each token. Here a chunk is one string, which the socket copies without a buffer. All pieces go this way, for
 * what the response's `write` holds back until the end of the tick would come after what its socket got meanwhile.
 */
export class StreamBody {
  readonly #response: ServerResponse;
  /** `null` where another answer of a pipelining client is not out yet: then the response has to keep the order itself. */
  readonly #socket: Socket | null;
  readonly #onDrain: () => void;
  #begun = false;
  /** Known once the head is out. Clients of HTTP/1.0, nginx by default among them, get the bytes unframed. */
  #isChunked = true;

  /** @param onDrain - A client that was slow takes more. */
  constructor(response: ServerResponse, onDrain: () => void) {
    this.#response = response;
    this.#socket = response.socket;
    this.#onDrain = onDrain;
  }

  /** Bytes that the socket has not taken yet. */
  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  /** Send the head alone, where nothing follows at once. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#response.flushHeaders();
    this.#isChunked = this.#response.chunkedEncoding;
  }

  /** @returns false where the client is slow: write no more until `onDrain`. */
  write(text: string): boolean {
    const socket = this.#socket;
    if (socket === null) {
      this.#begun = true;
      return this.#response.write(text) || this.#waitOn(this.#response);
    }
    if (this.#begun) return this.#writeChunk(socket, text) || this.#waitOn(socket);
    // Head and first piece are one packet.
    socket.cork();
    this.begin();
    const isTaken = this.#writeChunk(socket, text) || this.#waitOn(socket);
    socket.uncork();
    return isTaken;
  }

  /** The last piece, and the end of the body. */
  end(text?: string): void {
    this.#response.end(text);
  }

  /** Cut the connection. */
  destroy(): void {
    this.#response.destroy();
  }

  #writeChunk(socket: Socket, text: string): boolean {
    const bytes = Buffer.byteLength(text);
    const framed = this.#isChunked ? `${bytes.toString(16)}\r\n${text}\r\n` : text;
    // As many bytes as characters is ASCII, which is written without being encoded.
    return socket.write(framed, bytes === text.length ? 'latin1' : 'utf8');
  }

  #waitOn(emitter: EventEmitter): false {
    emitter.once('drain', this.#onDrain);
    return false;
  }
}
