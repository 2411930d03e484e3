/**
 * The workers that this controller speaks to, those that only finish what they have included: made, looked up and closed here. Which
 * pool has which worker is the fleet's to say.
 */
import type { ReplicaReport } from '@llama-orch/api-types';
import type { PoolConfig } from '@llama-orch/config-schema';
import type { Logger } from '@llama-orch/service-kit';
import type { Clock } from '../clock.ts';
import { readEngineKey } from './engine-key.ts';
import { type AdapterTable, createWorker, type Worker } from './worker.ts';

/** A worker that was replaced, or whose pool is gone: it finishes what it has. */
export type LeavingWorker = { readonly worker: Worker; readonly poolId: string };

export type LiveWorkersOptions = {
  readonly adapters: AdapterTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a call to a worker that is not a stream may take, ms. */
  readonly callTimeoutMs: number;
  /** It is looked up no more. */
  readonly onGone: (worker: Worker, reason: string) => void;
};

export type OpenedWorker = { readonly kind: 'opened'; readonly worker: Worker } | { readonly kind: 'impossible'; readonly reason: string };

export class LiveWorkers {
  readonly #options: LiveWorkersOptions;
  readonly #workers = new Map<string, Worker>();
  readonly #leaving = new Map<string, LeavingWorker>();

  constructor(options: LiveWorkersOptions) {
    this.#options = options;
  }

  get(replicaId: string): Worker | undefined {
    return this.#workers.get(replicaId);
  }

  all(): Iterable<Worker> {
    return this.#workers.values();
  }

  open(pool: PoolConfig, replica: ReplicaReport): OpenedWorker {
    const { adapters, callTimeoutMs, clock } = this.#options;
    const createAdapter = adapters[replica.engine];
    if (createAdapter === undefined) return { kind: 'impossible', reason: `this controller has no adapter for ${replica.engine}` };
    const engineKey = readEngineKey(pool);
    if (engineKey.kind === 'missing') return { kind: 'impossible', reason: engineKey.reason };
    const apiKey = engineKey.kind === 'key' ? { apiKey: engineKey.key } : {};
    const worker = createWorker(pool, replica, createAdapter, { ...apiKey, callTimeoutMs, nowMs: () => clock.nowMs() });
    this.#workers.set(worker.replicaId, worker);
    return { kind: 'opened', worker };
  }

  /** It was replaced, or its pool is gone: from now on it only finishes what it has. */
  letGo(worker: Worker, poolId: string): void {
    this.#leaving.set(worker.replicaId, { worker, poolId });
    this.#options.log.info(
      { event: 'replica_leaving', pool_id: poolId, replica_id: worker.replicaId, running: worker.running },
      'replica finishes what it has, and gets nothing new',
    );
  }

  isLeaving(replicaId: string): boolean {
    return this.#leaving.has(replicaId);
  }

  leaving(): readonly LeavingWorker[] {
    return [...this.#leaving.values()];
  }

  /** It has finished, or its time is up. */
  dropLeaving({ worker }: LeavingWorker): void {
    if (!this.#leaving.delete(worker.replicaId)) return;
    this.forget(worker, 'it was replaced');
  }

  /** It is gone. */
  forget(worker: Worker, reason: string): void {
    const { log, onGone } = this.#options;
    this.#workers.delete(worker.replicaId);
    onGone(worker, reason);
    worker.adapter.close().catch((cause: unknown) => log.warn({ event: 'adapter_close_failed', err: cause }, 'closing an adapter failed'));
    log.info({ event: 'replica_down', pool_id: worker.pool.id, replica_id: worker.replicaId }, 'replica is gone');
  }

  /** Close every adapter; running streams are aborted. */
  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.adapter.close()));
    this.#workers.clear();
  }
}
