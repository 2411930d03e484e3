/**
 * Reads a task's stream to its end over as many connections as it takes. It owns reconnecting, order and the digest; frames come from
 * the parser, connections from whoever calls.
 */
import { createHash } from 'node:crypto';
import { isTerminal, type StreamEvent } from '@llama-orch/api-types';
import { OrchApiError, StreamDigestMismatch, StreamLost, StreamProtocolError } from './api-error.ts';
import { type Backoff, defaultBackoff, waitBeforeRetry } from './backoff.ts';
import { createSseParser, type SseFrame, SseLineTooLong } from './sse-parser.ts';

/** An event and the id that resumes after it; `metrics` carry none. */
export type TaskEvent = StreamEvent & { readonly id: string | null };

export type StreamOptions = {
  /** Ends the reading; the iteration throws its reason. The task itself goes on: `cancel` stops it. */
  readonly signal?: AbortSignal | undefined;
  /** Resume after this event; the digest is then not checked, for the text before it is not known. */
  readonly lastEventId?: string | undefined;
  /** Failed attempts in a row without progress before giving up; default 10. */
  readonly maxAttempts?: number | undefined;
  /** A connection silent for so long is dead; the service sends something every 15 s. Default 45,000. */
  readonly idleTimeoutMs?: number | undefined;
  readonly backoff?: Backoff | undefined;
};

/** Opens one connection after `lastEventId`; `null` means that nothing follows it (204). Throws {@link OrchApiError} for a refusal. */
export type Connect = (lastEventId: string | null, signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | null>;

/** A connection that brought bytes for so long did not fail, even if it brought no event: a task may be queued for long. */
const healthyMs = 10_000;

/**
 * The events of a task in order, each once, until its terminal event.
 *
 * 1. Connect after the last id received. A refusal that may pass is tried again, another one is thrown.
 * 2. Yield what comes. A connection that ends without the terminal event is resumed from 1; half a frame is forgotten, it comes again.
 * 3. At `end`, if the text is known from its start, check its digest.
 *
 * @throws StreamDigestMismatch, StreamProtocolError, StreamLost, OrchApiError, or the signal's reason.
 * @req ORCH-2002, ORCH-2010
 */
export async function* readTaskStream(
  taskId: string,
  connect: Connect,
  options: StreamOptions = {},
): AsyncGenerator<TaskEvent, void, undefined> {
  const { signal, maxAttempts = 10, idleTimeoutMs = 45_000, backoff = defaultBackoff } = options;
  const order = createOrderCheck(taskId, options.lastEventId === undefined);
  let lastEventId = options.lastEventId ?? null;
  let failures = 0;
  for (;;) {
    signal?.throwIfAborted();
    const connection = createConnection(idleTimeoutMs, signal);
    let cause: unknown;
    let advisedMs: number | null = null;
    try {
      const body = await connection.awaiting(connect(lastEventId, connection.signal));
      if (body === null) {
        if (order.sawAnything()) {
          throw new StreamProtocolError(`task ${taskId}: expected a terminal event after id ${lastEventId}, got none`);
        }
        return;
      }
      for await (const frame of framesOf(body, connection)) {
        const event = order.check(frame);
        if (event === null) {
          continue;
        }
        failures = 0;
        lastEventId = event.id ?? lastEventId;
        yield event;
        if (isTerminal(event)) {
          return;
        }
      }
      cause = new Error('the connection ended without a terminal event');
    } catch (error) {
      signal?.throwIfAborted();
      if (!mayPass(error)) {
        throw error;
      }
      cause = connection.signal.aborted ? connection.signal.reason : error;
      advisedMs = error instanceof OrchApiError ? error.retryAfterMs : null;
    } finally {
      connection.close();
    }
    failures = connection.aliveMs() >= healthyMs ? 1 : failures + 1;
    if (failures >= maxAttempts) {
      throw new StreamLost(taskId, failures, lastEventId, cause);
    }
    await waitBeforeRetry(failures, { backoff, advisedMs, signal });
  }
}

/** Whether another attempt makes sense: what the network did may pass, what the service said may or may not, broken rules do not. */
function mayPass(error: unknown): boolean {
  if (error instanceof OrchApiError) {
    return error.retriable;
  }
  return !(error instanceof StreamProtocolError || error instanceof StreamDigestMismatch || error instanceof SseLineTooLong);
}

type Connection = {
  readonly signal: AbortSignal;
  /** Awaits something of the other side; silence for too long ends the connection. While nothing is awaited, nothing is overdue. */
  awaiting<Value>(promise: Promise<Value>): Promise<Value>;
  /** Bytes came. */
  touch(): void;
  /** Milliseconds from the opening to the last bytes. */
  aliveMs(): number;
  /** Ends the connection, in whatever state it is. */
  close(): void;
};

/** One connection's lifetime: ended by the caller's signal, by silence, or by `close`. */
function createConnection(idleTimeoutMs: number, outer: AbortSignal | undefined): Connection {
  const inner = new AbortController();
  const openedMs = performance.now();
  let lastBytesMs = openedMs;
  const onAbort = (): void => inner.abort(outer?.reason);
  outer?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: inner.signal,
    async awaiting(promise) {
      const silence = setTimeout(() => inner.abort(new Error(`nothing came for ${idleTimeoutMs} ms`)), idleTimeoutMs);
      try {
        return await promise;
      } finally {
        clearTimeout(silence);
      }
    },
    touch: () => {
      lastBytesMs = performance.now();
    },
    aliveMs: () => lastBytesMs - openedMs,
    close: () => {
      outer?.removeEventListener('abort', onAbort);
      inner.abort(new Error('the connection is no longer needed'));
    },
  };
}

async function* framesOf(body: ReadableStream<Uint8Array>, connection: Connection): AsyncGenerator<SseFrame, void, undefined> {
  const parser = createSseParser();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await connection.awaiting(reader.read());
      if (done) {
        return;
      }
      connection.touch();
      yield* parser.push(value);
    }
  } finally {
    // Closing the connection ends the body too, unless the caller's own `fetch` ignores signals. A broken body has nothing to cancel.
    void reader.cancel().catch(() => undefined);
  }
}

type OrderCheck = {
  /** The typed event of a frame, `null` for a kind this version does not know. */
  check(frame: SseFrame): TaskEvent | null;
  sawAnything(): boolean;
};

/** Holds the stream to its framing: one `started` first, tokens numbered without gaps, the digest right. */
function createOrderCheck(taskId: string, fromStart: boolean): OrderCheck {
  const hash = fromStart ? createHash('sha256') : null;
  let nextIndex = fromStart ? 0 : null;
  let started = false;
  let seen = false;
  const broken = (what: string): StreamProtocolError => new StreamProtocolError(`task ${taskId}: ${what}`);

  const check = (frame: SseFrame): TaskEvent | null => {
    const event = toEvent(frame, broken);
    if (event === null) {
      return null;
    }
    if (event.event === 'started') {
      if (started || (nextIndex ?? 0) > 0) {
        throw broken('expected one `started` before any token, got another');
      }
      started = true;
    } else if (event.event === 'token') {
      if (fromStart && !started) {
        throw broken('expected `started`, got a token');
      }
      if (event.data.i !== (nextIndex ?? event.data.i)) {
        throw broken(`expected token ${nextIndex}, got ${event.data.i}`);
      }
      nextIndex = event.data.i + 1;
      hash?.update(event.data.t, 'utf8');
    } else if (event.event === 'end' && hash !== null && event.data.stream_digest !== null) {
      const actual = hash.digest('hex');
      if (actual !== event.data.stream_digest) {
        throw new StreamDigestMismatch(taskId, event.data.stream_digest, actual);
      }
    }
    seen ||= event.id !== null;
    return event;
  };
  return { check, sawAnything: () => seen };
}

function toEvent(frame: SseFrame, broken: (what: string) => StreamProtocolError): TaskEvent | null {
  const { event } = frame;
  if (event !== 'started' && event !== 'token' && event !== 'metrics' && event !== 'end' && event !== 'error') {
    // A later version may send more kinds; they are additive.
    return null;
  }
  const data = parseObject(frame.data);
  if (data === null) {
    throw broken(`expected a JSON object as data of \`${event}\`, got something else`);
  }
  if (event === 'token' && (typeof data['t'] !== 'string' || !Number.isSafeInteger(data['i']))) {
    throw broken('expected `t` and `i` in a token, got something else');
  }
  // The parser repeats the last id; `metrics` have none of their own. The service is held to the other fields by its own tests.
  return { event, data, id: event === 'metrics' ? null : frame.id } as TaskEvent;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
