/**
 * One kept-alive HTTP/1.1 connection as a client, on a raw socket: the client shares its core with the engine, so it
 * must cost little. It reads well-formed answers of our own services; it is no general client.
 */
import { connect, type Socket } from 'node:net';

export type Exchange = {
  readonly request: string;
  /** The head of a 2xx came. */
  readonly onHead?: (() => void) | undefined;
  /** Gets each piece of a 2xx's body, ASCII, as it comes; without it the body is collected. */
  readonly onBody?: ((piece: string) => void) | undefined;
};
export type Answer = { readonly status: number; readonly body: string };

type Pending = Omit<Exchange, 'request'> & { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void };

/** All sockets read into one buffer: what is read is used up before the next read. */
const sharedBuffer = Buffer.allocUnsafeSlow(64 * 1024);

export class HttpConnection {
  readonly #socket: Socket;
  #pending: Pending | null = null;
  #part: 'head' | 'size' | 'chunk' | 'chunk-end' | 'trailer' | 'sized' = 'head';
  /** Bytes of a line or head that is not whole yet. */
  #held = '';
  /** Bytes left of the chunk or of the sized body. */
  #left = 0;
  #status = 0;
  #body = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    const onGone = (): void =>
      this.#pending?.reject(new Error(`The connection was closed within an answer (${this.#status}): ${this.#body.slice(0, 500)}`));
    socket.on('error', onGone);
    socket.on('close', onGone);
  }

  static async open(port: number): Promise<HttpConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onread = {
      buffer: sharedBuffer,
      callback: (bytes: number): boolean => {
        connection.#onBytes(sharedBuffer.toString('latin1', 0, bytes));
        return true;
      },
    };
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread });
    socket.once('connect', resolve);
    socket.once('error', reject);
    const connection = new HttpConnection(socket);
    await promise;
    socket.off('error', reject);
    return connection;
  }

  /** Send one request and read its whole answer. One at a time. */
  exchange({ request, onHead, onBody }: Exchange): Promise<Answer> {
    if (this.#pending !== null) throw new Error('One exchange at a time.');
    return new Promise((resolve, reject) => {
      this.#pending = { onHead, onBody, resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#pending = null;
    this.#socket.destroy();
  }

  #onBytes(bytes: string): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#part) {
        case 'head':
          at = this.#readHead(bytes, at);
          break;
        case 'chunk':
        case 'sized':
          at = this.#readBody(bytes, at);
          break;
        case 'size':
        case 'chunk-end':
        case 'trailer':
          at = this.#readLine(bytes, at);
          break;
      }
    }
  }

  #readHead(bytes: string, at: number): number {
    const before = this.#held.length;
    const whole = this.#held + bytes.slice(at);
    const end = whole.indexOf('\r\n\r\n');
    if (end === -1) {
      this.#held = whole;
      return bytes.length;
    }
    this.#held = '';
    const head = whole.slice(0, end);
    this.#status = Number(head.slice(9, 12));
    this.#body = '';
    if (this.#status < 300) this.#pending?.onHead?.();
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#part = 'size';
    else {
      this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      this.#part = 'sized';
      if (this.#left === 0) this.#finish();
    }
    return at + end + 4 - before;
  }

  #readLine(bytes: string, at: number): number {
    const end = bytes.indexOf('\n', at);
    if (end === -1) {
      this.#held += bytes.slice(at);
      return bytes.length;
    }
    const line = this.#held + bytes.slice(at, end);
    this.#held = '';
    if (this.#part === 'size') {
      this.#left = Number.parseInt(line, 16);
      this.#part = this.#left === 0 ? 'trailer' : 'chunk';
    } else if (this.#part === 'chunk-end') this.#part = 'size';
    else this.#finish();
    return end + 1;
  }

  #readBody(bytes: string, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    const piece = bytes.slice(at, end);
    this.#left -= end - at;
    const onBody = this.#pending?.onBody;
    // A refusal is kept for the message, whoever reads the stream.
    if (onBody === undefined || this.#status >= 300) this.#body += piece;
    else onBody(piece);
    if (this.#left === 0) {
      if (this.#part === 'sized') this.#finish();
      else this.#part = 'chunk-end';
    }
    return end;
  }

  #finish(): void {
    this.#part = 'head';
    const pending = this.#pending;
    this.#pending = null;
    pending?.resolve({ status: this.#status, body: this.#body });
  }
}
