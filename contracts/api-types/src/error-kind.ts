/**
 * The one table of everything that can go wrong, finer than the wire's codes. It owns code, HTTP status and
 * retriability of each kind; it knows nothing of how an error is rendered.
 */

/** Codes on the wire (spec section 2, "Errors"). */
export type ErrorCode =
  | 'INVALID_PARAMS'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'ADMISSION_REJECT'
  | 'QUEUE_FULL_DROP_LRU'
  | 'MODEL_DEPRECATED'
  | 'UNTRUSTED_ARTIFACT'
  | 'POOL_UNREADY'
  | 'POOL_UNAVAILABLE'
  | 'REPLICA_EXHAUSTED'
  | 'DEADLINE_UNMET'
  | 'WORKER_RESET'
  | 'DECODE_TIMEOUT'
  | 'INTERNAL';

/** What one kind of error means to a client and to an operator. */
export type ErrorInfo = {
  readonly code: ErrorCode;
  /** HTTP status where the error answers a request; an `error` event of a stream has none. */
  readonly status: number;
  /** True only where the same request may pass later (ORCH-3025). */
  readonly retriable: boolean;
  readonly meaning: string;
  readonly remedy: string;
};

const info = (code: ErrorCode, status: number, retriable: boolean, meaning: string, remedy: string): ErrorInfo => ({
  code,
  status,
  retriable,
  meaning,
  remedy,
});

/**
 * Every error kind, in the order of the spec's table.
 *
 * @req ORCH-2006, ORCH-3025
 */
export const errorKinds = {
  'invalid-params': info('INVALID_PARAMS', 400, false, 'The request does not fit its schema.', 'Correct the fields listed in `details`.'),
  'unknown-model': info(
    'INVALID_PARAMS',
    400,
    false,
    'No pool is configured for this `model_ref`.',
    'Use a model that `GET /v1/capabilities` lists.',
  ),
  'model-not-served': info(
    'INVALID_PARAMS',
    400,
    false,
    'The model is known, but no configured pool serves it with this engine, workload or pin.',
    'Drop `engine` or `pin_pool_id`, or use a combination that `GET /v1/capabilities` lists.',
  ),
  'ctx-above-limit': info(
    'INVALID_PARAMS',
    400,
    false,
    '`ctx` is above the limit of the model.',
    'Send a `ctx` of at most the limit named in `details`.',
  ),
  'prompt-too-long': info(
    'INVALID_PARAMS',
    400,
    false,
    'Prompt tokens plus `max_tokens` do not fit `ctx`.',
    'Shorten the prompt or lower `max_tokens`.',
  ),
  'determinism-not-served': info(
    'INVALID_PARAMS',
    400,
    false,
    'Only pools with `determinism: none` serve this model, and the task is `strict`.',
    'Send `determinism: best_effort`, as `details.accepted_determinism` says.',
  ),
  'unknown-sampler-profile': info(
    'INVALID_PARAMS',
    400,
    false,
    'No lane of this model has this `sampler_profile_version`.',
    'Use a version that `GET /v1/capabilities` lists.',
  ),
  'bad-last-event-id': info(
    'INVALID_PARAMS',
    400,
    false,
    '`Last-Event-ID` is not an id that this service sent.',
    'Send the last id received, unchanged, or none.',
  ),
  'host-not-allowed': info(
    'INVALID_PARAMS',
    400,
    false,
    'Without keys only loopback names are accepted in `Host`.',
    'Use the loopback address, or configure API keys.',
  ),
  'method-not-allowed': info('INVALID_PARAMS', 405, false, 'The path exists, the method does not.', 'Use a method of the `Allow` header.'),
  'task-id-conflict': info(
    'INVALID_PARAMS',
    409,
    false,
    'This `task_id` was already used with another body.',
    'Use a new `task_id`, or repeat the first body exactly.',
  ),
  'agent-name-taken': info(
    'INVALID_PARAMS',
    409,
    false,
    'Another live instance reports under this agent name.',
    'Stop the other instance, or give this one its own name.',
  ),
  'operation-conflict': info(
    'INVALID_PARAMS',
    409,
    false,
    'Another operation of the same pool goes on.',
    'Wait until it has ended; see `GET /v1/operations`.',
  ),
  'generation-conflict': info(
    'INVALID_PARAMS',
    409,
    false,
    'The active config is not the expected generation.',
    'Read `GET /v1/config`, make the change again, send it with that generation.',
  ),
  'no-previous-generation': info(
    'INVALID_PARAMS',
    409,
    false,
    'There is no earlier generation to go back to.',
    'Apply the wanted config, or reload the wanted model.',
  ),
  'body-too-large': info(
    'INVALID_PARAMS',
    413,
    false,
    'The request body is above the limit.',
    'Send a body of at most the limit named in `details`.',
  ),
  'unsupported-media-type': info(
    'INVALID_PARAMS',
    415,
    false,
    'The body is not `application/json`.',
    'Send `Content-Type: application/json`.',
  ),
  'headers-too-large': info('INVALID_PARAMS', 431, false, 'The request head is above the limit.', 'Send fewer or shorter headers.'),
  'request-timeout': info(
    'INVALID_PARAMS',
    400,
    false,
    'The request did not arrive whole in time.',
    'Send the head and the body without long pauses.',
  ),
  unauthenticated: info('UNAUTHENTICATED', 401, false, 'No valid API key came with the request.', 'Send `Authorization: Bearer KEY`.'),
  forbidden: info('FORBIDDEN', 403, false, 'The key lacks the scope of this operation.', 'Use a key with the scope named in `details`.'),
  'not-found': info(
    'NOT_FOUND',
    404,
    false,
    'Unknown, already forgotten, or of another tenant.',
    'Check the id; results are kept for the retention time only.',
  ),
  'queue-full': info(
    'ADMISSION_REJECT',
    429,
    true,
    'The queue is full under `reject` or `shed-low-priority`.',
    'Wait for `Retry-After`, then send it again.',
  ),
  'rate-limited': info(
    'ADMISSION_REJECT',
    429,
    true,
    'The rate limit of the tenant or its class is used up.',
    'Wait for `Retry-After`, then send it again.',
  ),
  'quota-exceeded': info(
    'ADMISSION_REJECT',
    429,
    true,
    'A quota of the tenant is used up; `details` names it.',
    'Wait until some of the tenant’s tasks have ended.',
  ),
  'session-budget-spent': info('ADMISSION_REJECT', 429, false, 'The budget of the session is spent.', 'Start a new session.'),
  'queue-full-no-victim': info(
    'QUEUE_FULL_DROP_LRU',
    429,
    true,
    'The queue is full and holds no task that may be dropped for this one.',
    'Wait for `Retry-After`, then send it again.',
  ),
  dropped: info(
    'QUEUE_FULL_DROP_LRU',
    429,
    true,
    'This waiting task was dropped for a newer one under `drop-lru` or `shed-low-priority`.',
    'Send it again after the advised wait.',
  ),
  'model-deprecated': info('MODEL_DEPRECATED', 410, false, 'The model’s lifecycle state refuses new sessions.', 'Use its successor.'),
  'untrusted-artifact': info(
    'UNTRUSTED_ARTIFACT',
    422,
    false,
    'The model’s checksum or trust check failed.',
    'Restore the artifact, or correct its digest in the catalog.',
  ),
  'pool-unready': info('POOL_UNREADY', 503, true, 'The pinned pool is not Ready.', 'Send it again later, or without `pin_pool_id`.'),
  'rollout-failed': info(
    'POOL_UNREADY',
    503,
    true,
    'The new worker did not become Ready; the old one goes on.',
    'Correct the cause that the operation names, then start it again.',
  ),
  'pool-unavailable': info(
    'POOL_UNAVAILABLE',
    503,
    true,
    'No pool can serve this lane now.',
    'Look at `GET /v1/pools/{id}/health`; send it again later.',
  ),
  'controller-draining': info(
    'POOL_UNAVAILABLE',
    503,
    true,
    'The controller is shutting down and takes no new tasks.',
    'Send it again in a moment.',
  ),
  'replica-exhausted': info(
    'REPLICA_EXHAUSTED',
    503,
    true,
    'Every attempt this task may make has failed.',
    'Look at the pool’s last error; send it again later.',
  ),
  'deadline-unmeetable': info(
    'DEADLINE_UNMET',
    503,
    true,
    'The deadline lies before the predicted start.',
    'Allow more time, or send it when the queue is shorter.',
  ),
  'deadline-passed': info('DEADLINE_UNMET', 503, true, 'The deadline passed before the task ended.', 'Allow more time.'),
  'worker-reset': info('WORKER_RESET', 502, true, 'The worker died or broke the stream, and the task may not fail over.', 'Send it again.'),
  'shut-down': info('WORKER_RESET', 502, true, 'The service stopped while the task ran, without a durable journal.', 'Send it again.'),
  'determinism-mismatch': info(
    'WORKER_RESET',
    502,
    false,
    'A re-run gave other bytes than were already sent.',
    'Report the pool: its replicas are not interchangeable.',
  ),
  'resume-mismatch': info(
    'WORKER_RESET',
    502,
    false,
    '`Last-Event-ID` does not match the text of this task.',
    'Read the stream from its start.',
  ),
  'engine-rejected': info(
    'INTERNAL',
    500,
    false,
    'The engine refused a request that the controller had admitted.',
    'Look at the pool’s last error.',
  ),
  'wall-timeout': info(
    'DECODE_TIMEOUT',
    504,
    true,
    'The task ran longer than the pool’s wall timeout.',
    'Lower `max_tokens`, or raise `timeouts.wall_ms`.',
  ),
  'idle-timeout': info(
    'DECODE_TIMEOUT',
    504,
    true,
    'The worker sent nothing for the pool’s idle timeout.',
    'Look at the pool’s health; send it again.',
  ),
  internal: info('INTERNAL', 500, false, 'Our fault.', 'Report it with the correlation id.'),
  'journal-unavailable': info(
    'INTERNAL',
    503,
    true,
    'The journal cannot be written, so nothing can be promised.',
    'Send it again later; look at the data directory.',
  ),
} satisfies Record<string, ErrorInfo>;

/** Every kind of error this system knows; finer than {@link ErrorCode}. */
export type ErrorKind = keyof typeof errorKinds;
