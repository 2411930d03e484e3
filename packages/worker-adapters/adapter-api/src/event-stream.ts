/**
 * A streamed answer as an async iterable of batches. It owns pacing between socket and consumer, aborting and the order
 * of events and failures; what the bytes mean is the decoder's.
 */
import type { HttpAnswer } from './http-call.ts';
import type { StreamController, StreamHandler } from './stream-connection.ts';
import { abortedError, isReset, transportError } from './transport-error.ts';
import { WorkerError } from './worker-error.ts';

/** Turns the bytes of one answer into events. Every method may throw a {@link WorkerError} to fail the stream. */
export interface StreamDecoder<T> {
  /** The head of a successful answer came. */
  open(out: T[]): void;
  /** The bytes are valid only during the call: what is kept of them is copied. */
  push(chunk: Buffer, out: T[]): void;
  /** The answer ended as HTTP wants it to end. Gives what is left, or throws where the engine had not said it is complete. */
  end(): readonly T[] | Promise<readonly T[]>;
}

export type EventStreamOptions<T> = {
  /** `isAgain`: the request was sent once before, on a kept-alive connection that had died. */
  readonly dispatch: (handler: StreamHandler, again: { readonly isAgain: boolean }) => void;
  readonly decoder: StreamDecoder<T>;
  readonly signal: AbortSignal;
  readonly toError: (refusal: HttpAnswer) => WorkerError;
};

/** Bytes read ahead of the consumer before the connection is paused. */
const readAheadBytes = 256 * 1024;
const maxRefusalBytes = 64 * 1024;

/**
 * States: `idle` (nothing sent) → `open` → `over` (nothing more comes: `#failure` says how it ended, `null` = whole).
 *
 * A batch gathers all that one read from the network gave: the connection calls back once per HTTP chunk, and the read's end hands
 * the batch over; a microtask does where the connection does not tell it (`undici`). So a token costs no promise; a batch costs one.
 */
export class EventStream<T> implements AsyncIterableIterator<readonly T[]>, StreamHandler {
  reusedConnection = false;
  readonly #options: EventStreamOptions<T>;
  #state: 'idle' | 'open' | 'over' = 'idle';
  #controller: StreamController | null = null;
  #batch: T[] = [];
  #waitingBytes = 0;
  #failure: WorkerError | null = null;
  #waiter: Waiter<T> | null = null;
  #flushScheduled = false;
  #retried = false;
  #status = 0;
  #refusal: Buffer[] = [];
  #refusalBytes = 0;

  constructor(options: EventStreamOptions<T>) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<readonly T[], undefined>> {
    if (this.#state === 'idle') this.#start();
    if (this.#batch.length > 0) return Promise.resolve({ done: false, value: this.#take() });
    if (this.#state !== 'over') {
      return new Promise((resolve, reject) => {
        this.#waiter = { resolve, reject };
      });
    }
    const failure = this.#failure;
    this.#failure = null;
    return failure === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(failure);
  }

  /** The consumer leaves early: abort the request. */
  return(): Promise<IteratorResult<readonly T[], undefined>> {
    this.#abort(abortedError());
    this.#failure = null;
    return Promise.resolve({ done: true, value: undefined });
  }

  /** The caller's signal. */
  handleEvent(): void {
    this.#abort(abortedError(this.#options.signal.reason));
  }

  onRequestStart(controller: StreamController): void {
    // Thrown, not aborted: an abort here would close a connection that others can use.
    if (this.#state === 'over') throw abortedError();
    this.#controller = controller;
  }

  onResponseStart(_controller: StreamController, status: number): void {
    if (status < 200 || this.#state === 'over') return;
    this.#status = status;
    if (status >= 300) return;
    try {
      this.#options.decoder.open(this.#batch);
    } catch (thrown) {
      this.#failDecoding(thrown);
      return;
    }
    if (this.#batch.length > 0) this.#scheduleFlush();
  }

  onResponseData(controller: StreamController, chunk: Buffer): void {
    if (this.#state === 'over') return;
    if (this.#status >= 300) {
      this.#collectRefusal(chunk);
      return;
    }
    try {
      this.#options.decoder.push(chunk, this.#batch);
    } catch (thrown) {
      this.#failDecoding(thrown);
      return;
    }
    if (this.#batch.length === 0) return;
    if (this.#waiter !== null) this.#scheduleFlush();
    else {
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes > readAheadBytes) controller.pause();
    }
  }

  onReadEnd(): void {
    this.#flush();
  }

  onResponseEnd(): void {
    // From here on the connection may serve another stream: an abort must not reach it.
    this.#controller = null;
    if (this.#state === 'over') return;
    if (this.#status >= 300) {
      this.#finish(this.#refusalError());
      return;
    }
    let rest: readonly T[] | Promise<readonly T[]>;
    try {
      rest = this.#options.decoder.end();
    } catch (thrown) {
      this.#finish(transportError(thrown));
      return;
    }
    if (rest instanceof Promise) {
      rest.then(
        (events) => this.#complete(events),
        (thrown: unknown) => this.#finish(transportError(thrown)),
      );
    } else this.#complete(rest);
  }

  onResponseError(_controller: StreamController | null, error: Error): void {
    this.#controller = null;
    if (this.#state === 'over') return;
    if (this.#status === 0 && this.reusedConnection && !this.#retried && isReset(error)) {
      this.#retried = true;
      this.reusedConnection = false;
      this.#dispatch();
    } else this.#finish(transportError(error));
  }

  #start(): void {
    if (this.#options.signal.aborted) {
      this.#state = 'over';
      this.#failure = abortedError(this.#options.signal.reason);
      return;
    }
    this.#state = 'open';
    this.#options.signal.addEventListener('abort', this);
    this.#dispatch();
  }

  #dispatch(): void {
    try {
      this.#options.dispatch(this, { isAgain: this.#retried });
    } catch (thrown) {
      this.#finish(transportError(thrown));
    }
  }

  #failDecoding(thrown: unknown): void {
    this.#finish(thrown instanceof WorkerError ? thrown : decoderBug(thrown));
    this.#controller?.abort(abortedError());
  }

  #collectRefusal(chunk: Buffer): void {
    this.#refusal.push(Buffer.from(chunk));
    this.#refusalBytes += chunk.length;
    if (this.#refusalBytes < maxRefusalBytes) return;
    this.#finish(this.#refusalError());
    this.#controller?.abort(abortedError());
  }

  #refusalError(): WorkerError {
    const body = Buffer.concat(this.#refusal).toString('utf8', 0, maxRefusalBytes);
    return this.#options.toError({ status: this.#status, body });
  }

  #complete(events: readonly T[]): void {
    if (this.#state === 'over') return;
    this.#batch.push(...events);
    this.#finish(null);
  }

  /** Nothing more comes. What was decoded before is still handed over first. */
  #finish(failure: WorkerError | null): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#failure = failure;
    this.#options.signal.removeEventListener('abort', this);
    this.#scheduleFlush();
  }

  /** As {@link #finish}, but what still waits is dropped: whoever aborts wants no more. */
  #abort(error: WorkerError): void {
    const controller = this.#controller;
    if (this.#state === 'over') {
      this.#batch = [];
      return;
    }
    this.#batch = [];
    this.#finish(error);
    controller?.abort(error);
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#waiter === null || this.#controller?.isReading === true) return;
    this.#flushScheduled = true;
    queueMicrotask(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const waiter = this.#waiter;
    if (waiter === null || (this.#batch.length === 0 && this.#state !== 'over')) return;
    this.#waiter = null;
    if (this.#batch.length > 0) waiter.resolve({ done: false, value: this.#take() });
    else if (this.#failure === null) waiter.resolve({ done: true, value: undefined });
    else {
      const failure = this.#failure;
      this.#failure = null;
      waiter.reject(failure);
    }
  }

  #take(): readonly T[] {
    const batch = this.#batch;
    this.#batch = [];
    this.#waitingBytes = 0;
    if (this.#controller?.paused === true) this.#controller.resume();
    return batch;
  }
}

type Waiter<T> = {
  readonly resolve: (result: IteratorResult<readonly T[], undefined>) => void;
  readonly reject: (error: unknown) => void;
};

const decoderBug = (cause: unknown): WorkerError =>
  new WorkerError('internal', 'The adapter failed to decode the engine’s answer.', { mayRunAgain: false, cause });
