/**
 * One streamed answer over gRPC as an async iterable of batches. It owns pacing between the call and its consumer, aborting
 * and the order of events and failures; what a message says is its reader's.
 */
import { status as grpcStatus } from '@grpc/grpc-js';
import { abortedError, WorkerError, type WorkerEvent } from '@llama-orch/adapter-api';
import { toGrpcError } from './errors.ts';
import type { InferCall } from './grpc-channel.ts';
import type { ModelStreamInferResponse } from './grpc-wire.ts';

export type GrpcStreamOptions = {
  readonly open: () => InferCall;
  /** @returns true for the message that ends the answer. May throw a WorkerError to fail the stream. */
  readonly onMessage: (message: ModelStreamInferResponse, out: WorkerEvent[]) => boolean;
  readonly signal: AbortSignal;
  /** Whether an earlier call on this channel was answered, so that this one may have met a closing connection. */
  readonly isReused: () => boolean;
  readonly onOpen: (stream: GrpcStream) => void;
  readonly onAnswered: () => void;
  readonly onOver: (stream: GrpcStream) => void;
};

/** Messages read ahead of the consumer before the call is paused. Each is at most some hundred bytes of text. */
const readAheadMessages = 1_024;

/** States: `idle` (nothing sent) → `open` → `over` (`#failure` says how it ended, `null` = whole). As `EventStream`. */
export class GrpcStream implements AsyncIterableIterator<readonly WorkerEvent[]> {
  readonly #options: GrpcStreamOptions;
  #state: 'idle' | 'open' | 'over' = 'idle';
  #call: InferCall | null = null;
  #batch: WorkerEvent[] = [];
  #waiting = 0;
  #failure: WorkerError | null = null;
  #waiter: Waiter | null = null;
  #flushScheduled = false;
  #answered = false;
  #retried = false;

  constructor(options: GrpcStreamOptions) {
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<readonly WorkerEvent[], undefined>> {
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

  /** The consumer leaves early: cancel the call. */
  return(): Promise<IteratorResult<readonly WorkerEvent[], undefined>> {
    this.abort(abortedError());
    this.#failure = null;
    return Promise.resolve({ done: true, value: undefined });
  }

  /** The caller's signal. */
  handleEvent(): void {
    this.abort(abortedError(this.#options.signal.reason));
  }

  /** What still waits is dropped: whoever aborts wants no more. */
  abort(error: WorkerError): void {
    this.#batch = [];
    if (this.#state === 'over') return;
    this.#finish(error);
    this.#call?.cancel();
  }

  #start(): void {
    const { signal } = this.#options;
    if (signal.aborted) {
      this.#state = 'over';
      this.#failure = abortedError(signal.reason);
      return;
    }
    this.#state = 'open';
    signal.addEventListener('abort', this);
    this.#options.onOpen(this);
    this.#open();
  }

  #open(): void {
    let call: InferCall;
    try {
      call = this.#options.open();
    } catch (thrown) {
      this.#finish(thrown instanceof WorkerError ? thrown : toGrpcError(grpcStatus.INTERNAL, String(thrown)));
      return;
    }
    this.#call = call;
    call.on('metadata', () => {
      this.#answered = true;
      this.#options.onAnswered();
    });
    call.on('data', (message: ModelStreamInferResponse) => this.#onData(message));
    // The library reports every end as a status; `error` repeats a bad one, and an emitter without a listener would throw.
    call.on('error', () => {});
    call.on('status', ({ code, details }) => this.#onStatus(code, details));
  }

  #onData(message: ModelStreamInferResponse): void {
    if (this.#state === 'over') return;
    let isLast: boolean;
    try {
      isLast = this.#options.onMessage(message, this.#batch);
    } catch (thrown) {
      this.#finish(thrown instanceof WorkerError ? thrown : decoderBug(thrown));
      this.#call?.cancel();
      return;
    }
    if (isLast) this.#finish(null);
    else if (this.#waiter !== null) this.#scheduleFlush();
    else {
      this.#waiting += 1;
      if (this.#waiting > readAheadMessages) this.#call?.pause();
    }
  }

  #onStatus(code: grpcStatus, details: string): void {
    if (this.#state === 'over') return;
    if (code === grpcStatus.OK) {
      this.#finish(new WorkerError('worker-reset', 'The engine’s stream ended before its final response.', { mayRunAgain: true }));
      return;
    }
    const error = toGrpcError(code, details);
    // As over HTTP: a call that dies with a connection that was idle before, and before any sign of life, is made once more.
    if (error.kind === 'worker-reset' && code === grpcStatus.UNAVAILABLE && !this.#answered && !this.#retried && this.#options.isReused()) {
      this.#retried = true;
      this.#open();
    } else this.#finish(error);
  }

  /** Nothing more comes. What was decoded before is still handed over first. */
  #finish(failure: WorkerError | null): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#failure = failure;
    this.#options.signal.removeEventListener('abort', this);
    this.#options.onOver(this);
    this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#waiter === null) return;
    this.#flushScheduled = true;
    // The library hands over the messages of one read in several ticks; a turn of the loop gathers them into one batch.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushScheduled = false;
    const waiter = this.#waiter;
    // A message without anything to say: its waiter goes on waiting.
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

  #take(): readonly WorkerEvent[] {
    const batch = this.#batch;
    this.#batch = [];
    this.#waiting = 0;
    if (this.#call?.isPaused() === true) this.#call.resume();
    return batch;
  }
}

type Waiter = {
  readonly resolve: (result: IteratorResult<readonly WorkerEvent[], undefined>) => void;
  readonly reject: (error: unknown) => void;
};

const decoderBug = (cause: unknown): WorkerError =>
  new WorkerError('internal', 'The adapter failed to decode the engine’s answer.', { mayRunAgain: false, cause });
