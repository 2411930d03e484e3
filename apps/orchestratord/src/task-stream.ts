/**
 * One client's SSE stream: a cursor on a task's log, written to the body of a raw `node:http` response. It leaves the web
 * framework because one write for each engine read is what keeps the cost of a relayed token near a bare relay's.
 * It never touches the task: a client that goes away cancels nothing.
 */
import type { ServerResponse } from 'node:http';
import { keepAliveComment, metricsFrame } from './sse.ts';
import { StreamBody } from './stream-body.ts';
import type { LogCursor, LogReader, TaskLog } from './task-log.ts';

/** Characters rendered for one write of a reader that is behind; the socket's own buffer is the only other bound. */
const maxChunkChars = 16_384;

export type TaskStreamOptions = {
  readonly response: ServerResponse;
  readonly log: TaskLog;
  readonly cursor: LogCursor;
  /** When it was opened. */
  readonly nowMs: number;
  /** Renders the terminal frame of a client whose `Last-Event-ID` is not of this text. */
  readonly renderMismatch: () => string;
  readonly onClose: (stream: TaskStream) => void;
};

/** Writes while its socket takes it; else waits for `drain` with nothing buffered here (DESIGN 4.4). */
export class TaskStream implements LogReader {
  readonly log: TaskLog;
  readonly #body: StreamBody;
  readonly #cursor: LogCursor;
  readonly #options: TaskStreamOptions;
  #blocked = false;
  #wroteSinceSweep = false;
  #ended = false;
  #wroteSinceOffer = false;
  #wroteMetrics = false;
  #quietSinceMs: number;
  #pendingMetrics = '';

  constructor(options: TaskStreamOptions) {
    this.#options = options;
    this.#quietSinceMs = options.nowMs;
    this.#body = new StreamBody(options.response, this.#onDrain);
    this.#cursor = options.cursor;
    this.log = options.log;
    this.log.subscribe(this);
    options.response.on('close', this.#onClose);
    options.response.on('error', this.#onClose);
    this.onLogChanged();
    // Else the head would wait for the first event, and with it the client. Waiting for the end of this turn, in the hope of that
    // event, made the first token of a loaded relay come three times later.
    if (!this.#ended) this.#body.begin();
  }

  onLogChanged(): void {
    while (!this.#blocked && !this.#ended) {
      const read = this.log.read(this.#cursor, maxChunkChars);
      if (read.kind === 'nothing') return;
      if (read.kind === 'mismatch') {
        this.#end(this.#options.renderMismatch());
        return;
      }
      if (this.#cursor.done) this.#end(read.frames);
      else if (this.#pendingMetrics === '') this.#write(read.frames);
      else {
        const metrics = this.#pendingMetrics;
        this.#pendingMetrics = '';
        this.#wroteMetrics = true;
        this.#write(read.frames + metrics);
      }
    }
  }

  /** Bytes that the socket has not taken yet may hold tokens, so such a stream is closed; a resume gets the end. */
  onTextCut(): void {
    if (this.#body.waitingBytes > 0) this.#body.destroy();
  }

  /**
   * Offer a planning signal; skipped when the client is slow or the stream is over. It rides on the next token's write:
   * a write of its own would wake the client once more for nothing. An idle stream gets it at once.
   */
  offerMetrics(data: string): void {
    if (this.#ended || !this.log.isOpen) return;
    const isIdle = !this.#wroteSinceOffer;
    if (isIdle && !this.#blocked) {
      // An older one may still wait for a token that did not come.
      this.#pendingMetrics = '';
      this.#wroteMetrics = true;
      this.#write(metricsFrame(data));
    } else this.#pendingMetrics = metricsFrame(data);
    this.#wroteSinceOffer = false;
  }

  /**
   * Called at least once a second: a stream on which nothing was written for `keepAliveMs` gets a comment; one whose client
   * took nothing for `stalledMs` is closed, and may resume.
   *
   * @returns whether a `metrics` event went out since the last call.
   */
  sweep(nowMs: number, { keepAliveMs, stalledMs }: { readonly keepAliveMs: number; readonly stalledMs: number }): boolean {
    const wroteMetrics = this.#wroteMetrics;
    this.#wroteMetrics = false;
    if (this.#wroteSinceSweep) this.#quietSinceMs = nowMs;
    this.#wroteSinceSweep = false;
    if (this.#blocked && nowMs - this.#quietSinceMs >= stalledMs) this.#body.destroy();
    if (nowMs - this.#quietSinceMs >= keepAliveMs && !this.#blocked && !this.#ended) {
      this.#quietSinceMs = nowMs;
      this.#blocked = !this.#body.write(keepAliveComment);
    }
    return wroteMetrics;
  }

  /** Close without a terminal event; the client resumes elsewhere or later (ORCH-3054). */
  close(): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#body.end();
    }
  }

  #write(frames: string): void {
    this.#wroteSinceSweep = true;
    this.#wroteSinceOffer = true;
    if (!this.#body.write(frames)) this.#blocked = true;
  }

  #end(frames: string): void {
    this.#ended = true;
    this.#body.end(frames);
  }

  readonly #onDrain = (): void => {
    this.#blocked = false;
    this.onLogChanged();
  };

  readonly #onClose = (): void => {
    this.#ended = true;
    this.log.unsubscribe(this);
    this.#options.onClose(this);
  };
}
