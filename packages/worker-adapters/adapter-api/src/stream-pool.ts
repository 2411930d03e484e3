/**
 * The connections that one adapter's streams use: bounded in number, kept alive for a short while, requests beyond them
 * waiting in order. It knows no engine and no answer.
 */
import { StreamConnection, type StreamHandler } from './stream-connection.ts';
import { WorkerError } from './worker-error.ts';

export type StreamPoolOptions = {
  /** `http://host:port`. */
  readonly baseUrl: string;
  readonly maxConnections: number;
  readonly maxRequestsPerConnection: number;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly nowMs: () => number;
};

export type StreamRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

type Waiting = { readonly text: string; readonly handler: StreamHandler };

/** What is taken off an engine's own idle limit: a request may be on its way when the engine gives up. */
const keepAliveMarginMs = 2_000;
/** How often idle connections are looked through. */
const sweepMs = 500;

export class StreamPool {
  readonly #options: StreamPoolOptions;
  /** For the `host` header. */
  readonly #authority: string;
  readonly #host: string;
  readonly #port: number;
  readonly #all = new Set<StreamConnection>();
  /** The one that became idle last is used first. */
  readonly #idle: StreamConnection[] = [];
  readonly #waiting: Waiting[] = [];
  #sweeper: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: StreamPoolOptions) {
    this.#options = options;
    const { host, hostname, port } = new URL(options.baseUrl);
    this.#authority = host;
    this.#host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.#port = Number(port === '' ? 80 : port);
  }

  /**
   * Send one request.
   *
   * @param isAgain - It was sent before, on a connection that had died: only a new one will do.
   * @throws a TypeError for a head that HTTP cannot carry; what befalls the request later goes to the handler.
   */
  dispatch(request: StreamRequest, handler: StreamHandler, { isAgain }: { readonly isAgain: boolean }): void {
    if (this.#closed) throw closedError();
    const waiting = { text: toText(request, this.#authority), handler };
    if (isAgain && this.#isFull) this.#dropIdle(1);
    const connection = isAgain ? this.#open() : (this.#takeIdle() ?? this.#open());
    if (connection === null) this.#waiting.push(waiting);
    else this.#send(connection, waiting);
  }

  close(): void {
    this.#closed = true;
    this.#stopSweeper();
    for (const { handler } of this.#waiting.splice(0)) handler.onResponseError(null, closedError());
    for (const connection of this.#all) connection.close(closedError());
  }

  onFree(connection: StreamConnection, keepAliveMs: number): void {
    const { maxRequestsPerConnection, idleTimeoutMs, nowMs } = this.#options;
    const idleMs = Math.min(idleTimeoutMs, keepAliveMs - keepAliveMarginMs);
    if (this.#closed || idleMs <= 0 || connection.requests >= maxRequestsPerConnection) {
      connection.close();
      return;
    }
    this.#park(connection, nowMs() + idleMs);
    this.#sendWaiting();
  }

  onClosed(connection: StreamConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#sendWaiting();
  }

  get #isFull(): boolean {
    return this.#all.size >= this.#options.maxConnections;
  }

  #send(connection: StreamConnection, { text, handler }: Waiting): void {
    try {
      connection.send(text, handler);
    } catch {
      // It was aborted while it waited; the connection is as it was.
      this.#park(connection, Math.max(connection.idleUntilMs, this.#options.nowMs() + 1));
    }
  }

  #park(connection: StreamConnection, idleUntilMs: number): void {
    connection.idleUntilMs = idleUntilMs;
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs).unref();
  }

  #sendWaiting(): void {
    while (this.#waiting.length > 0 && !this.#closed) {
      const connection = this.#takeIdle() ?? this.#open();
      if (connection === null) return;
      this.#send(connection, this.#waiting.shift() as Waiting);
    }
  }

  /** `null` where there are as many as there may be. */
  #open(): StreamConnection | null {
    if (this.#isFull) return null;
    const connection = new StreamConnection({
      host: this.#host,
      port: this.#port,
      connectTimeoutMs: this.#options.connectTimeoutMs,
      owner: this,
    });
    this.#all.add(connection);
    return connection;
  }

  #takeIdle(): StreamConnection | null {
    const connection = this.#idle.pop();
    if (connection === undefined) return null;
    if (this.#options.nowMs() < connection.idleUntilMs) return connection;
    // It was the youngest: the others are too old too.
    this.#idle.push(connection);
    this.#dropIdle(this.#idle.length);
    return null;
  }

  /** Close the `count` that have been idle longest. */
  #dropIdle(count: number): void {
    for (const connection of this.#idle.splice(0, count)) {
      this.#all.delete(connection);
      connection.close();
    }
  }

  #sweep(): void {
    const soonMs = this.#options.nowMs() + sweepMs;
    this.#dropIdle(this.#idle.filter(({ idleUntilMs }) => idleUntilMs <= soonMs).length);
    if (this.#idle.length === 0) this.#stopSweeper();
  }

  #stopSweeper(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
  }
}

const toText = ({ method, path, headers, body }: StreamRequest, host: string): string => {
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${host}`, 'connection: keep-alive'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== null) lines.push(`content-length: ${Buffer.byteLength(body)}`);
  for (const line of lines) {
    if (!/^[\x20-\x7e\t]*$/.test(line)) throw new TypeError('A request line or header holds a character that HTTP does not take.');
  }
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
};

const closedError = (): WorkerError => new WorkerError('aborted', 'The adapter was closed.', { mayRunAgain: false });
