/**
 * A Server-Sent Events answer: one write per event, a ping comment in silence. Not bounded by the reader's speed: a slot
 * makes at most its context in tokens, so that much (some 100 kB) is the most that a slow reader can pile up.
 */
import type { ServerResponse } from 'node:http';
import { toErrorBody } from './errors.ts';

export class EventStream {
  readonly #response: ServerResponse;
  readonly #pingIntervalMs: number;
  #ping: NodeJS.Timeout | undefined;

  /** `pingIntervalMs` of 0 or less: no pings. */
  constructor(response: ServerResponse, pingIntervalMs: number) {
    this.#response = response;
    this.#pingIntervalMs = pingIntervalMs;
  }

  /** Sends the headers: the client learns that the request has left the queue. */
  open(): void {
    this.#response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    this.#response.flushHeaders();
    this.#response.on('close', () => clearInterval(this.#ping));
    if (this.#pingIntervalMs > 0)
      this.#ping = setInterval(() => this.#response.write(':\n\n'), Math.min(this.#pingIntervalMs, 0x7fff_ffff));
  }

  get isOpen(): boolean {
    return this.#response.headersSent;
  }

  send(event: unknown): void {
    this.#ping?.refresh();
    this.#response.write(`data: ${JSON.stringify(event)}\n\n`);
  }

  end(): void {
    clearInterval(this.#ping);
    this.#response.end();
  }

  /** The envelope as the last event: the status can no longer be changed. */
  fail(error: unknown): void {
    this.send(toErrorBody(error));
    this.end();
  }
}
