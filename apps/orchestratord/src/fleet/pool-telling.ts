/**
 * Where each pool stands, as events for the scheduler and lines for the log. What a pool is worth is in `pool-phase.ts`; here it is only
 * said.
 */
import type { PoolStatus } from '@llama-orch/api-types';
import type { CoreEvent } from '@llama-orch/orchestrator-core';
import type { Logger } from '@llama-orch/service-kit';
import type { Clock } from '../clock.ts';
import type { PoolEntry } from './pool-entry.ts';
import { spreadOf } from './spread.ts';

export type PoolTellingOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly emit: (event: CoreEvent) => void;
};

export class PoolTelling {
  readonly #options: PoolTellingOptions;

  constructor(options: PoolTellingOptions) {
    this.#options = options;
  }

  /**
   * Each change once.
   *
   * @req ORCH-3019
   */
  tell(entry: PoolEntry): void {
    const { clock, log, emit } = this.#options;
    const { phase, worker, pool } = entry;
    const nowMs = clock.nowMs();
    const serving = phase.kind === 'ready' && worker !== null && !entry.suspect;
    const hopeful = phase.kind === 'starting' || (phase.kind === 'paused' && phase.mayRecover) || (phase.kind === 'ready' && entry.suspect);
    const slots = serving ? Math.min(pool.slots, phase.replica.slots_total) : 0;
    const telling = `${worker?.replicaId ?? ''} ${serving ? `ready ${slots}` : hopeful ? 'hopeful' : 'down'}`;
    if (telling === entry.told) return;
    entry.told = telling;
    if (serving) {
      const { engine_version: engineVersion, numerics } = worker.report;
      log.info(
        {
          event: 'replica_ready',
          pool_id: pool.id,
          replica_id: worker.replicaId,
          engine: pool.engine,
          engine_version: engineVersion,
          slots,
        },
        'replica is ready',
      );
      emit({
        kind: 'replicaUp',
        nowMs,
        replica: { replicaId: worker.replicaId, poolId: pool.id, engineVersion, numerics, slots, spread: spreadOf(worker.report.topology) },
      });
      return;
    }
    if (worker !== null) emit({ kind: 'replicaPaused', nowMs, replicaId: worker.replicaId });
    emit({ kind: 'poolState', nowMs, poolId: pool.id, state: hopeful ? 'starting' : 'down' });
    const reason = 'reason' in phase ? phase.reason : 'suspect';
    log.info(
      { event: 'pool_not_ready', pool_id: pool.id, state: hopeful ? 'starting' : 'down', reason, ...mishaps(entry.status) },
      'pool is not ready',
    );
  }
}

/** What befell a pool's workers so far, for its log lines (ORCH-3027). */
const mishaps = (status: PoolStatus | null) => ({
  oom_events: (status?.oom_events.device ?? 0) + (status?.oom_events.host ?? 0),
  driver_reset_events: status?.driver_reset_events ?? 0,
  ecc_events: status?.ecc_events ?? 0,
});
