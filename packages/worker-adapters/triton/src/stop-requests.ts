/**
 * Stop requests for canceled ones, until the engine answered them. It owns that they are sent and not forgotten; what one
 * looks like is the front's.
 */
import { abortedError } from '@llama-orch/adapter-api';
import type { InferRequest } from './kserve-front.ts';

export class StopRequests {
  readonly #stop: (request: InferRequest, signal: AbortSignal) => Promise<void>;
  readonly #closing = new AbortController();
  /** Those that are not answered yet, by their id. */
  readonly #open = new Map<string, { readonly request: InferRequest; readonly sending: Promise<void> }>();

  constructor(stop: (request: InferRequest, signal: AbortSignal) => Promise<void>) {
    this.#stop = stop;
  }

  /** Stop the request of this id. Nobody need wait for it. */
  send(request: InferRequest): void {
    if (this.#closing.signal.aborted) return;
    const sending = this.#send(request);
    this.#open.set(request.id, { request, sending });
    // Whoever waits sees it fail.
    sending.catch(() => {});
  }

  /**
   * Wait until every one so far was answered. One that fails is sent again for the next who waits.
   *
   * @errors `aborted` when `signal` fires first; else what became of the stop request.
   */
  async settled(signal: AbortSignal): Promise<void> {
    for (const { request, sending } of Array.from(this.#open.values())) {
      try {
        await orAbort(sending, signal);
      } catch (thrown) {
        if (!signal.aborted) this.send(request);
        throw thrown;
      }
    }
  }

  close(): void {
    this.#closing.abort(new Error('The adapter was closed.'));
  }

  async #send(request: InferRequest): Promise<void> {
    await this.#stop(request, this.#closing.signal);
    this.#open.delete(request.id);
  }
}

const orAbort = async (pending: Promise<void>, signal: AbortSignal): Promise<void> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(abortedError(signal.reason));
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    await Promise.race([pending, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};
