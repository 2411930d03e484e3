/** What a call can fail with, and the wait that an answer advises. It owns these classes; when to try again is the caller's decision. */
import type { ErrorEnvelope } from '@llama-orch/api-types';

/** A non-2xx answer. */
export class OrchApiError extends Error {
  override readonly name = 'OrchApiError';
  /** HTTP status. */
  readonly status: number;
  /** The typed error; `null` where something on the way answered instead of the service. */
  readonly envelope: ErrorEnvelope | null;
  /** Advised wait in milliseconds, from `X-Backoff-Ms`, the envelope or `Retry-After`; `null` where none is advised. */
  readonly retryAfterMs: number | null;
  /** Position the task would have had, from `X-Queue-Position`. */
  readonly queuePosition: number | null;
  /** Milliseconds until it would have started, from `X-Queue-ETA-Ms`. */
  readonly queueEtaMs: number | null;

  constructor(response: Response, body: unknown) {
    const envelope = isEnvelope(body) ? body : null;
    super(
      envelope === null
        ? `${response.status} without an error envelope: expected an answer of orchestratord, got one of something in between`
        : `${response.status} ${envelope.code}: ${envelope.message} (correlation id ${envelope.correlation_id})`,
    );
    this.status = response.status;
    this.envelope = envelope;
    this.retryAfterMs = numberHeader(response, 'x-backoff-ms') ?? envelope?.retry_after_ms ?? retryAfterMs(response);
    this.queuePosition = numberHeader(response, 'x-queue-position');
    this.queueEtaMs = numberHeader(response, 'x-queue-eta-ms');
  }

  /** Whether the same request may pass later: what the envelope says, else whether the status is one of a passing condition. */
  get retriable(): boolean {
    return this.envelope?.retriable ?? [408, 425, 429, 502, 503, 504].includes(this.status);
  }
}

/** The stream's text is not the text that the service hashed: something was lost, doubled or changed on the way. */
export class StreamDigestMismatch extends Error {
  override readonly name = 'StreamDigestMismatch';
  /** SHA-256 in hex that `end` carried. */
  readonly expected: string;
  /** SHA-256 in hex of the text received. */
  readonly actual: string;

  constructor(taskId: string, expected: string, actual: string) {
    super(`task ${taskId}: expected text with SHA-256 ${expected}, got ${actual}; read the stream again from its start`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** The stream broke its contract: an unknown order, an index that is not the next one, data that is not JSON. */
export class StreamProtocolError extends Error {
  override readonly name = 'StreamProtocolError';
}

/** The connection was lost as often as allowed without any progress; `cause` is the last reason, `lastEventId` where to resume. */
export class StreamLost extends Error {
  override readonly name = 'StreamLost';
  readonly lastEventId: string | null;

  constructor(taskId: string, attempts: number, lastEventId: string | null, cause: unknown) {
    super(`task ${taskId}: no progress in ${attempts} attempts to read its stream; resume after id ${lastEventId ?? '(none)'}`, { cause });
    this.lastEventId = lastEventId;
  }
}

function isEnvelope(body: unknown): body is ErrorEnvelope {
  return (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    typeof body.code === 'string' &&
    'message' in body &&
    typeof body.message === 'string' &&
    'retriable' in body &&
    typeof body.retriable === 'boolean' &&
    'correlation_id' in body &&
    typeof body.correlation_id === 'string'
  );
}

function numberHeader(response: Response, name: string): number | null {
  const text = response.headers.get(name);
  return text !== null && /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
}

/** `Retry-After` in seconds or as a date. */
function retryAfterMs(response: Response): number | null {
  const seconds = numberHeader(response, 'retry-after');
  if (seconds !== null) {
    return seconds * 1000;
  }
  const until = Date.parse(response.headers.get('retry-after') ?? '');
  return Number.isNaN(until) ? null : Math.max(0, until - Date.now());
}
