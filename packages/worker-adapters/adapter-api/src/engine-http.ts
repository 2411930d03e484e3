/**
 * HTTP to one engine: a bounded pool of kept-alive connections, single calls and event streams over them. It owns
 * connections, time limits and retries; it knows no engine's paths or bodies.
 */
import { Pool } from 'undici';
import { EventStream, type StreamDecoder } from './event-stream.ts';
import { type HttpAnswer, HttpCall } from './http-call.ts';
import { StreamPool, type StreamPoolOptions, type StreamRequest } from './stream-pool.ts';
import { TrackedClient } from './tracked-client.ts';
import { abortedError, isReset, transportError } from './transport-error.ts';
import type { AdapterOptions } from './worker-adapter.ts';
import { WorkerError } from './worker-error.ts';

export type EngineHttpOptions = Pick<AdapterOptions, 'baseUrl' | 'apiKey' | 'maxConnections' | 'callTimeoutMs' | 'nowMs'> & {
  /** How the adapter's engine words its refusals. */
  readonly toError: (refusal: HttpAnswer) => WorkerError;
};

export type EngineRequest = {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type CallOptions = {
  readonly signal: AbortSignal;
  /** True where sending the request twice does no harm; default: `GET` only. */
  readonly idempotent?: boolean;
  /** ms; `null` = as long as the caller waits. Default {@link AdapterOptions.callTimeoutMs}. */
  readonly timeoutMs?: number | null;
  /** Largest answer that is read, bytes. Default 16 MiB. */
  readonly maxBodyBytes?: number;
};

/** Below the 5 s after which llama-server closes an idle connection, the shortest of the engines. */
const idleTimeoutMs = 3_000;
/** Below the 100 requests after which llama-server closes a connection. */
const maxRequestsPerConnection = 90;
const connectTimeoutMs = 5_000;
const defaultMaxBodyBytes = 16 * 1024 * 1024;

/**
 * The connections of one adapter. Every call throws a {@link WorkerError} and nothing else.
 *
 * A kept-alive connection may be closed by the engine at the moment it is used again. A call that dies so, before any
 * byte of an answer, is sent once more on another connection; idempotent calls are, after any reset.
 */
export class EngineHttp {
  readonly #pool: Pool;
  /** `null` over TLS: then streams go the way of calls. */
  readonly #streams: StreamPool | null;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: EngineHttpOptions;

  constructor(options: EngineHttpOptions) {
    this.#options = options;
    this.#headers = options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
    this.#pool = new Pool(options.baseUrl, {
      connections: options.maxConnections,
      factory: (origin, clientOptions) => new TrackedClient(origin, clientOptions),
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: idleTimeoutMs,
      keepAliveMaxTimeout: idleTimeoutMs,
      maxRequestsPerClient: maxRequestsPerConnection,
      connectTimeout: connectTimeout(options),
      // A queued or slow generation is silent for as long as it likes; the caller's watchdog judges it.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#streams = options.baseUrl.startsWith('http:') ? new StreamPool(streamPoolOptions(options)) : null;
  }

  /** The answer's JSON. @errors `worker-reset` also where the body of a success is not JSON. */
  async requestJson(request: EngineRequest, options: CallOptions): Promise<unknown> {
    const text = await this.requestText(request, options);
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new WorkerError('worker-reset', `${request.method} ${request.path} was answered by something that is not JSON.`, {
        mayRunAgain: true,
        cause,
      });
    }
  }

  /** The answer's text. @errors the adapter's own for a refusal. */
  async requestText(request: EngineRequest, options: CallOptions): Promise<string> {
    const answer = await this.request(request, options);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw this.#options.toError(answer);
  }

  /** The answer as it is, refusals included; only a connection that fails throws. */
  async request(request: EngineRequest, options: CallOptions): Promise<HttpAnswer> {
    const timeoutMs = options.timeoutMs === undefined ? this.#options.callTimeoutMs : options.timeoutMs;
    const startedMs = this.#options.nowMs();
    const dispatchOptions = this.#dispatchOptions(request);
    const maxBodyBytes = options.maxBodyBytes ?? defaultMaxBodyBytes;
    const idempotent = options.idempotent ?? request.method === 'GET';
    for (let attempt = 1; ; attempt += 1) {
      if (options.signal.aborted) throw abortedError(options.signal.reason);
      const leftMs = (timeoutMs ?? 0) - (this.#options.nowMs() - startedMs);
      const timeout = timeoutMs === null ? null : { wholeMs: timeoutMs, leftMs: Math.max(1, leftMs) };
      const call = new HttpCall({ maxBodyBytes, timeout, signal: options.signal });
      this.#pool.dispatch(dispatchOptions, call);
      try {
        return await call.answer;
      } catch (thrown) {
        const again = attempt === 1 && isReset(thrown) && (idempotent || (call.reusedConnection && !call.answered));
        if (!again) throw transportError(thrown);
      }
    }
  }

  /**
   * Send the request and decode its body as it comes: one batch for each read from the network, as soon as it came.
   *
   * Nothing is sent, nor `toRequest` called, before the first `next()`. At most 256 KiB wait for a slow consumer; then the connection is paused.
   * Leaving the iteration early, or the signal, aborts the request.
   */
  openEventStream<T>(toRequest: () => EngineRequest, decoder: StreamDecoder<T>, signal: AbortSignal): AsyncIterable<readonly T[]> {
    return new EventStream({
      dispatch: (handler, again) => {
        const request = this.#dispatchOptions(toRequest());
        if (this.#streams === null) this.#pool.dispatch(request, handler);
        else this.#streams.dispatch(request, handler, again);
      },
      decoder,
      signal,
      toError: this.#options.toError,
    });
  }

  /** Close every connection; calls and streams in flight end as `aborted`. */
  async close(): Promise<void> {
    this.#streams?.close();
    await this.#pool.destroy();
  }

  #dispatchOptions({ method, path, headers, body }: EngineRequest): StreamRequest {
    return {
      method,
      path,
      headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    };
  }
}

const connectTimeout = ({ callTimeoutMs }: EngineHttpOptions): number => Math.min(connectTimeoutMs, callTimeoutMs);

const streamPoolOptions = (options: EngineHttpOptions): StreamPoolOptions => ({
  baseUrl: options.baseUrl,
  maxConnections: options.maxConnections,
  maxRequestsPerConnection,
  idleTimeoutMs,
  connectTimeoutMs: connectTimeout(options),
  nowMs: options.nowMs,
});
