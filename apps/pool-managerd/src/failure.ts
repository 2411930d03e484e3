/**
 * What can go wrong with a pool on this host, as values. It owns the closed list of failure kinds and their wire codes;
 * it knows nothing of how one is detected or what is done about it.
 */
import type { ErrorCode } from '@llama-orch/api-types';

/**
 * How the supervisor answers a failure.
 *
 * - `fault`: the worker (or its start) broke: backoff, counted by the breaker.
 * - `shortage`: the host cannot hold it now: backoff without the breaker, for memory comes back by itself.
 * - `final`: trying again cannot help until somebody changes the host or the pool: the pool is refused, its checks are
 *   repeated now and then.
 */
export type FailureClass = 'fault' | 'shortage' | 'final';

const info = (code: ErrorCode, failureClass: FailureClass) => ({ code, class: failureClass });

/** Every kind of pool failure. Kinds are metric labels (`reason`), so the list stays short. */
export const failureKinds = {
  // Before a process exists.
  'no-nvidia-device': info('POOL_UNAVAILABLE', 'final'),
  'unknown-device': info('POOL_UNAVAILABLE', 'final'),
  'device-partitioned': info('POOL_UNAVAILABLE', 'final'),
  'device-conflict': info('POOL_UNAVAILABLE', 'final'),
  'split-needs-ratios': info('POOL_UNAVAILABLE', 'final'),
  'cpu-not-allowed': info('POOL_UNAVAILABLE', 'final'),
  'adapter-missing': info('POOL_UNAVAILABLE', 'final'),
  'launcher-missing': info('POOL_UNAVAILABLE', 'final'),
  'invalid-pool': info('POOL_UNAVAILABLE', 'final'),
  'key-missing': info('POOL_UNAVAILABLE', 'final'),
  'untrusted-artifact': info('UNTRUSTED_ARTIFACT', 'final'),
  'model-missing': info('POOL_UNAVAILABLE', 'final'),
  'device-fault': info('POOL_UNAVAILABLE', 'shortage'),
  'driver-unreachable': info('POOL_UNAVAILABLE', 'shortage'),
  'device-memory-short': info('POOL_UNAVAILABLE', 'shortage'),
  'host-memory-short': info('POOL_UNAVAILABLE', 'shortage'),
  // The process.
  'spawn-failed': info('POOL_UNAVAILABLE', 'fault'),
  'port-in-use': info('POOL_UNAVAILABLE', 'fault'),
  'bad-launch-flag': info('POOL_UNAVAILABLE', 'fault'),
  'model-load-failed': info('POOL_UNAVAILABLE', 'fault'),
  'device-oom': info('WORKER_RESET', 'fault'),
  'host-oom': info('WORKER_RESET', 'fault'),
  'driver-error': info('WORKER_RESET', 'fault'),
  'ecc-error': info('WORKER_RESET', 'fault'),
  killed: info('WORKER_RESET', 'fault'),
  crashed: info('WORKER_RESET', 'fault'),
  exited: info('WORKER_RESET', 'fault'),
  // What it answers.
  'start-timeout': info('POOL_UNAVAILABLE', 'fault'),
  'self-test-failed': info('POOL_UNREADY', 'fault'),
  'engine-version-mismatch': info('POOL_UNREADY', 'final'),
  unresponsive: info('WORKER_RESET', 'fault'),
  'restart-requested': info('WORKER_RESET', 'fault'),
  internal: info('INTERNAL', 'fault'),
} as const satisfies Record<string, { readonly code: ErrorCode; readonly class: FailureClass }>;

export type FailureKind = keyof typeof failureKinds;

/** One failure of a pool, as it is shown to operators. */
export type Failure = {
  readonly kind: FailureKind;
  /** What was expected, what was found, what to do. */
  readonly message: string;
  /** The evidence: last lines of the worker's log, the tool's output; bounded, `null` without any. */
  readonly cause: string | null;
};

/** Make a failure; `cause` is cut to its last 4,096 characters. */
export const createFailure = (kind: FailureKind, message: string, cause: string | null = null): Failure => ({
  kind,
  message,
  cause: cause === null || cause.length <= 4096 ? cause : `…${cause.slice(-4095)}`,
});

/** A failure on its way up from an activity; everything else thrown there is a bug and becomes `internal`. */
export class PoolFailure extends Error {
  override readonly name = 'PoolFailure';
  readonly failure: Failure;

  constructor(kind: FailureKind, message: string, cause: string | null = null) {
    super(message);
    this.failure = createFailure(kind, message, cause);
  }

  /** Read whatever was thrown as a failure. */
  static toFailure(thrown: unknown): Failure {
    if (thrown instanceof PoolFailure) return thrown.failure;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return createFailure('internal', `Unexpected error of the agent: ${error.message}`, error.stack ?? null);
  }
}
