/** When the scheduler is told of a pool. */
import type { CoreEvent } from '@llama-orch/orchestrator-core';
import { createLogger } from '@llama-orch/service-kit';
import { expect, test } from 'vitest';
import type { PoolEntry } from './pool-entry.ts';
import { PoolTelling } from './pool-telling.ts';

const replica = { replica_id: 'p/1', engine_version: 'b1', numerics: 'n', slots_total: 8 };

test('[ORCH-3019] a change of a pool is told once, with the lower of both slot counts', () => {
  const told: CoreEvent[] = [];
  const entry = {
    pool: { id: 'p', engine: 'llamacpp', slots: 4 },
    phase: { kind: 'ready', replica },
    worker: { replicaId: 'p/1', report: replica },
    status: null,
    suspect: false,
    told: '',
  } as unknown as PoolEntry;
  const clock = { nowMs: () => 1, epochMs: () => 1 };
  const telling = new PoolTelling({
    clock,
    log: createLogger({ service: 'test', level: 'info', pretty: false, stream: { write: () => undefined } }),
    emit: (event) => told.push(event),
  });
  telling.tell(entry);
  telling.tell(entry);
  expect(told).toMatchObject([{ kind: 'replicaUp', replica: { replicaId: 'p/1', slots: 4 } }]);
  entry.suspect = true;
  telling.tell(entry);
  telling.tell(entry);
  expect(told.slice(1)).toMatchObject([
    { kind: 'replicaPaused', replicaId: 'p/1' },
    { kind: 'poolState', state: 'starting' },
  ]);
});
