/**
 * Failures of the connection to an engine, as typed errors. It owns what a socket can do to a call; what an engine says
 * in an answer is its adapter's to map.
 */
import { WorkerError } from './worker-error.ts';

/** The answer to the caller's own abort. */
export const abortedError = (cause?: unknown): WorkerError =>
  new WorkerError('aborted', 'The caller aborted the call.', { mayRunAgain: false, cause });

/** The engine did not answer a call in time. @param timeoutMs - ms. */
export const timeoutError = (timeoutMs: number): WorkerError =>
  new WorkerError('worker-reset', `The engine did not answer within ${timeoutMs} ms.`, { mayRunAgain: true });

/**
 * What a failed connection means: always that the worker is gone or broke off, so another replica may run the task.
 *
 * @returns `aborted` when our own `close` ended it, else `worker-reset`.
 */
export const transportError = (thrown: unknown): WorkerError => {
  if (thrown instanceof WorkerError) return thrown;
  const code = codeOf(thrown);
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return new WorkerError('aborted', 'The adapter was closed.', { mayRunAgain: false, cause: thrown });
  }
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new WorkerError('worker-reset', `${meanings.get(code) ?? 'The connection to the worker failed'} (${code ?? said}).`, {
    mayRunAgain: true,
    cause: thrown,
  });
};

/** True where the peer closed or reset a connection, as it may do at any time to one that was kept alive. */
export const isReset = (thrown: unknown): boolean => {
  const code = codeOf(thrown);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
};

const broken = 'The worker closed the connection in the middle of its answer';
const unreachable = 'The worker’s host does not answer';
const meanings: ReadonlyMap<string | undefined, string> = new Map([
  ['ECONNREFUSED', 'Nothing listens at the worker’s address'],
  ['ENOTFOUND', 'The worker’s host name does not resolve'],
  ['EAI_AGAIN', 'The worker’s host name does not resolve'],
  ['EHOSTUNREACH', unreachable],
  ['ENETUNREACH', unreachable],
  ['ETIMEDOUT', unreachable],
  ['UND_ERR_CONNECT_TIMEOUT', unreachable],
  ['ECONNRESET', broken],
  ['EPIPE', broken],
  ['UND_ERR_SOCKET', broken],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', broken],
  ['HPE_INVALID_EOF_STATE', broken],
]);

const codeOf = (thrown: unknown): string | undefined => {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
};
