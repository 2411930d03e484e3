/**
 * The error envelope of llama-server: `{"error":{code,message,type}}` and the status of each type.
 * Knows nothing of routes; what raises an error and when is the business of the file that raises it.
 */

const statusOf = {
  invalid_request_error: 400,
  exceed_context_size_error: 400,
  authentication_error: 401,
  not_found_error: 404,
  server_error: 500,
  not_supported_error: 501,
  unavailable_error: 503,
} as const satisfies Record<string, number>;

export type WireErrorType = keyof typeof statusOf;

/** An error whose message may be shown to the client as it is. Anything else thrown becomes a plain `server_error`. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly type: WireErrorType;
  /** More members of the envelope, e.g. `n_prompt_tokens`. */
  readonly details: Readonly<Record<string, number>>;

  constructor(type: WireErrorType, message: string, details: Readonly<Record<string, number>> = {}) {
    super(message);
    this.type = type;
    this.details = details;
  }

  get status(): number {
    return statusOf[this.type];
  }
}

export type ErrorBody = { readonly error: { readonly code: number; readonly message: string; readonly type: WireErrorType } };

/** The body for `error`. The text of an unexpected error stays in the log: it may hold paths of this machine. */
export function toErrorBody(error: unknown): ErrorBody {
  const known = error instanceof WireError ? error : new WireError('server_error', 'internal error of the worker, see its log');
  return { error: { code: known.status, message: known.message, type: known.type, ...known.details } };
}

export function toStatus(error: unknown): number {
  return error instanceof WireError ? error.status : statusOf.server_error;
}
