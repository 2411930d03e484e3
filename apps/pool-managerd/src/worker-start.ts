/**
 * A worker from its start to its self-test, within the pool's start timeout. It waits, tests and says why it was too late; it changes no
 * state and writes no record.
 */
import { PoolFailure } from './failure.ts';
import type { LiveWorker } from './live-worker.ts';
import type { PoolSpec } from './pool-spec.ts';
import type { Tested } from './self-test.ts';

export type WorkerStartDeps = {
  readonly selfTest: (worker: LiveWorker, spec: PoolSpec, signal: AbortSignal) => Promise<Tested>;
  /** Wall time that never jumps. */
  readonly nowMs: () => number;
  /** Resolves after `ms`, rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/**
 * @param spec - Of the pool, as it is when it is asked for.
 * @returns once the engine has loaded the model, or `signal` is aborted.
 * @throws PoolFailure `start-timeout`.
 */
export const awaitLoaded = async (worker: LiveWorker, spec: () => PoolSpec, deps: WorkerStartDeps, signal: AbortSignal): Promise<void> => {
  for (let waitMs = 25; ; waitMs = Math.min(500, waitMs * 2)) {
    const health = await worker.adapter.health(signal);
    if (signal.aborted || health.kind === 'ready') return;
    if (deps.nowMs() >= startDeadline(worker, spec())) return failLate(worker, spec(), `load, ${health.message}`);
    await deps.sleep(waitMs, signal);
  }
};

/** @throws PoolFailure of the self-test, or `start-timeout`. */
export const testInTime = async (worker: LiveWorker, spec: () => PoolSpec, deps: WorkerStartDeps, signal: AbortSignal): Promise<Tested> => {
  const limit = AbortSignal.timeout(Math.max(1, startDeadline(worker, spec()) - deps.nowMs()));
  try {
    return await deps.selfTest(worker, spec(), AbortSignal.any([signal, limit]));
  } catch (error) {
    if (limit.aborted && !signal.aborted) return failLate(worker, spec(), 'self-test');
    throw error;
  }
};

const startDeadline = (worker: LiveWorker, { timeouts }: PoolSpec): number => worker.record.startedAtMs + timeouts.startMs;

const failLate = async (worker: LiveWorker, { timeouts }: PoolSpec, step: string): Promise<never> => {
  throw new PoolFailure(
    'start-timeout',
    `The worker was not ready ${timeouts.startMs} ms after its start (step: ${step}); look at its log, or raise \`timeouts.start_ms\`.`,
    (await worker.log?.tail(2_000)) ?? null,
  );
};
