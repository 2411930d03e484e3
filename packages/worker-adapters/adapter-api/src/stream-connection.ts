/**
 * One connection to an engine for streams, on a bare socket. It owns the socket and the answer that comes on it; which
 * request it gets next is the pool's.
 */
import { connect, type Socket } from 'node:net';
import { ResponseReader, type ResponseListener } from './response-reader.ts';
import { abortedError, transportError } from './transport-error.ts';

/** What the handler of a request may do to its connection. */
export interface StreamController {
  readonly paused: boolean;
  /** Whether {@link StreamHandler.onReadEnd} follows what the handler is told now; a connection of `undici` never says. */
  readonly isReading?: boolean;
  pause(): void;
  resume(): void;
  /** The handler hears nothing more. */
  abort(error: Error): void;
}

/** Who hears of one request; after `onResponseEnd` or `onResponseError` nothing comes but the read’s end. None of them throws but the first. */
export interface StreamHandler {
  /** Whether the request goes out on a connection that served another before. */
  reusedConnection: boolean;
  /** @throws where the request is wanted no more; then it is not sent. */
  onRequestStart(controller: StreamController): void;
  onResponseStart(controller: StreamController, status: number): void;
  /** The bytes are valid only during the call. */
  onResponseData(controller: StreamController, bytes: Buffer): void;
  /** All that one read from the network gave has been told; it may have ended the answer. */
  onReadEnd(): void;
  onResponseEnd(): void;
  onResponseError(controller: StreamController | null, error: Error): void;
}

export interface ConnectionOwner {
  /** Its answer is whole, and it may serve again within `keepAliveMs` (0 = it may not). */
  onFree(connection: StreamConnection, keepAliveMs: number): void;
  onClosed(connection: StreamConnection): void;
}

export type ConnectionOptions = {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly owner: ConnectionOwner;
};

/**
 * All sockets read into this one: bytes are looked at inside the call that brings them, and a buffer for each read would
 * be most of what a token leaves to the garbage collector.
 */
const reads = Buffer.allocUnsafeSlow(64 * 1024);
/** As other clients do: a peer whose machine is gone is noticed by the system's probes, however silent a stream may be. */
const keepAliveProbeMs = 60_000;

export class StreamConnection implements StreamController, ResponseListener {
  /** When it became idle, for its pool. */
  idleUntilMs = 0;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | null;
  #handler: StreamHandler | null = null;
  #reader: ResponseReader | null = null;
  #error: Error | null = null;
  #requests = 0;
  #paused = false;
  #isReading = false;

  constructor({ host, port, connectTimeoutMs, owner }: ConnectionOptions) {
    this.#owner = owner;
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveProbeMs,
      onread: { buffer: reads, callback: (length) => this.#onRead(length) },
    });
    this.#timer = setTimeout(() => this.#socket.destroy(connectTimeout()), connectTimeoutMs);
    this.#socket
      .on('connect', () => this.#endTimer())
      .on('end', () => this.#onEnd())
      .on('error', (error) => {
        this.#error ??= error;
      })
      .on('close', () => this.#onClose());
  }

  get requests(): number {
    return this.#requests;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  /** Send one request; the answer to the one before is whole. @throws what the handler throws where it wants it no more. */
  send(request: string, handler: StreamHandler): void {
    handler.reusedConnection = this.#requests > 0;
    handler.onRequestStart(this);
    this.#requests += 1;
    this.#handler = handler;
    this.#reader = new ResponseReader(this);
    this.#socket.write(request);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  abort(): void {
    this.#handler = null;
    this.#reader?.stop();
    this.#socket.destroy();
  }

  /** End it; a request under way fails with `error`. */
  close(error: Error = abortedError()): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  onHead(status: number): void {
    this.#handler?.onResponseStart(this, status);
  }

  onBody(bytes: Buffer): void {
    this.#handler?.onResponseData(this, bytes);
  }

  /** @returns false to stop reading. */
  #onRead(length: number): boolean {
    const reader = this.#reader;
    const handler = this.#handler;
    if (reader === null) {
      // Nobody asked: a farewell (408), or the rest of an answer that had said it was whole.
      this.#socket.destroy();
      return true;
    }
    this.#isReading = true;
    try {
      if (reader.push(reads, length)) this.#onWhole(reader);
    } catch (thrown) {
      this.#error ??= thrown as Error;
      this.#socket.destroy();
    }
    this.#isReading = false;
    handler?.onReadEnd();
    return !this.#paused;
  }

  /** The peer sends no more. It will not be sent the rest of a request either. */
  #onEnd(): void {
    const reader = this.#reader;
    if (reader !== null && reader.end()) this.#onWhole(reader);
    this.#socket.destroy();
  }

  #onWhole(reader: ResponseReader): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#reader = null;
    // A request that is still being sent when its answer ends would be the beginning of the next one.
    const keepAliveMs = this.#socket.writableLength === 0 && !this.#paused ? reader.keepAliveMs : 0;
    this.#owner.onFree(this, keepAliveMs);
    handler?.onResponseEnd();
  }

  #onClose(): void {
    this.#endTimer();
    const handler = this.#handler;
    const hasBegun = this.#reader?.hasBegun === true;
    this.#handler = null;
    this.#reader = null;
    this.#owner.onClosed(this);
    const error = this.#error ?? closedByPeer();
    // As a WorkerError it is no reset to anybody: a request whose answer had begun is not sent again.
    handler?.onResponseError(null, hasBegun ? transportError(error) : error);
  }

  #endTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

const closedByPeer = (): Error => Object.assign(new Error('The peer closed the connection.'), { code: 'ECONNRESET' });
const connectTimeout = (): Error => Object.assign(new Error('The connection was not made in time.'), { code: 'ETIMEDOUT' });
