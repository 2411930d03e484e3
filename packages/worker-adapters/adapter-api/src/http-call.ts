/** One request with a whole answer. It owns the answer's size and time bounds; it maps no status. */
import type { Dispatcher } from 'undici';
import type { ConnectionAware } from './tracked-client.ts';
import { abortedError, timeoutError } from './transport-error.ts';
import { WorkerError } from './worker-error.ts';

/** An answer with any status. `body`: text. */
export type HttpAnswer = { readonly status: number; readonly body: string };

export type HttpCallOptions = {
  readonly signal: AbortSignal;
  /** `leftMs` of the `wholeMs` that the caller gave; `null` = no limit. */
  readonly timeout: { readonly wholeMs: number; readonly leftMs: number } | null;
  readonly maxBodyBytes: number;
};

/** Handler of one dispatch. `answer` settles exactly once, then no timer or listener is left. */
export class HttpCall implements Dispatcher.DispatchHandler, ConnectionAware {
  readonly answer: Promise<HttpAnswer>;
  reusedConnection = false;
  /** Whether the head of an answer came. */
  answered = false;
  readonly #options: HttpCallOptions;
  readonly #timer: NodeJS.Timeout | null;
  #controller: Dispatcher.DispatchController | null = null;
  #failure: WorkerError | null = null;
  #settled = false;
  #status = 0;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #resolve: (answer: HttpAnswer) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(options: HttpCallOptions) {
    this.#options = options;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { timeout } = options;
    this.#timer = timeout === null ? null : setTimeout(() => this.#cut(timeoutError(timeout.wholeMs)), timeout.leftMs);
    options.signal.addEventListener('abort', this);
  }

  /** The caller's abort. */
  handleEvent(): void {
    this.#cut(abortedError(this.#options.signal.reason));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, not aborted: an abort here would close a connection that others can use.
    if (this.#failure !== null) throw this.#failure;
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.answered = true;
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#options.maxBodyBytes) return;
    this.#cut(
      new WorkerError('worker-reset', `The engine’s answer is larger than ${this.#options.maxBodyBytes} bytes.`, { mayRunAgain: true }),
    );
  }

  onResponseEnd(): void {
    if (!this.#settle()) return;
    this.#resolve({ status: this.#status, body: Buffer.concat(this.#chunks).toString('utf8') });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  #cut(error: WorkerError): void {
    if (!this.#settle()) return;
    this.#failure = error;
    this.#chunks = [];
    this.#controller?.abort(error);
    this.#reject(error);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#options.signal.removeEventListener('abort', this);
    return true;
  }
}
