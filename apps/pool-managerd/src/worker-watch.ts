/**
 * A worker that passed its self-test, probed and measured for as long as it is left alone. It tells what it sees; what an answer or a miss
 * means is its owner's.
 */
import type { LiveWorker } from './live-worker.ts';
import type { PoolSpec } from './pool-spec.ts';
import type { WorkerGauges } from './worker-gauges.ts';

export type WorkerWatchDeps = {
  readonly readGauges: (worker: LiveWorker, spec: PoolSpec, signal: AbortSignal) => Promise<WorkerGauges>;
  /** Tail of a worker's log that is kept and read for causes. */
  readonly logBytes: number;
  /** Wall time that never jumps. */
  readonly nowMs: () => number;
  /** Resolves after `ms`, rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type WorkerSights = {
  readonly onAnswer: () => void;
  /** @param misses - In a row. */
  readonly onMiss: (misses: number, why: string) => void;
  readonly onGauges: (gauges: WorkerGauges) => void;
  /** The figures say that it has given tokens since the watch began; told with each that does. */
  readonly onTokens: () => void;
};

/** Figures are read this often; faster polls would keep llama.cpp from noticing cancels (it waits for a second of silence). */
const gaugeIntervalMs = 5_000;

/**
 * @param spec - Of the pool, as it is when it is asked for.
 * @returns once `signal` is aborted, or rejects with its reason.
 */
export const watchWorker = async (
  worker: LiveWorker,
  { spec, onAnswer, onMiss, onGauges, onTokens }: WorkerSights & { readonly spec: () => PoolSpec },
  deps: WorkerWatchDeps,
  signal: AbortSignal,
): Promise<void> => {
  let misses = 0;
  let gaugesAtMs = Number.NEGATIVE_INFINITY;
  let firstTokens: number | null = null;
  for (;;) {
    const health = await worker.adapter.health(signal);
    if (signal.aborted) return;
    misses = health.kind === 'ready' ? 0 : misses + 1;
    if (health.kind === 'ready') onAnswer();
    else onMiss(misses, `${health.kind}: ${health.message}`);
    if (signal.aborted) return;

    if (misses === 0 && deps.nowMs() - gaugesAtMs >= gaugeIntervalMs) {
      gaugesAtMs = deps.nowMs();
      const gauges = await deps.readGauges(worker, spec(), signal);
      onGauges(gauges);
      const { tokensTotal } = gauges;
      firstTokens ??= tokensTotal;
      if (!signal.aborted && tokensTotal !== null && tokensTotal > (firstTokens ?? 0)) onTokens();
      await worker.log?.trim(deps.logBytes);
    }
    await deps.sleep(spec().timeouts.probeIntervalMs, signal);
  }
};
