/**
 * From what should run and what does run to what must be done. Pure; the supervisor carries it out.
 */
import { canonicalJson } from './canonical-json.ts';
import { type PoolSpec, workerDigest } from './pool-spec.ts';
import type { WorkerRecord } from './worker-state-file.ts';

/** One pool that the agent manages now. */
export type ManagedPool = {
  readonly spec: PoolSpec;
  /** Start count of the live worker; `null` without one. */
  readonly liveStartCount: number | null;
  readonly stopped: boolean;
};

/** A worker that an earlier agent left behind. */
export type FoundWorker = { readonly record: WorkerRecord; readonly alive: boolean };

export type Action =
  /** Take over a running worker. */
  | { readonly kind: 'adopt'; readonly spec: PoolSpec; readonly record: WorkerRecord }
  /** End what an earlier agent left behind, dead or alive, and forget it. */
  | { readonly kind: 'end'; readonly record: WorkerRecord; readonly reason: 'not-desired' | 'spec-changed' | 'requested' | 'not-alive' }
  | { readonly kind: 'start'; readonly spec: PoolSpec }
  /** Apply new clocks and labels to a pool; nothing is restarted. */
  | { readonly kind: 'update'; readonly spec: PoolSpec }
  | { readonly kind: 'restart'; readonly spec: PoolSpec; readonly reason: 'spec-changed' | 'requested' }
  | { readonly kind: 'stop'; readonly spec: PoolSpec }
  /** No longer desired: stop it and forget it. */
  | { readonly kind: 'remove'; readonly poolId: string };

export type ReconcileInput = {
  readonly desired: readonly PoolSpec[];
  readonly managed: ReadonlyMap<string, ManagedPool>;
  /** Workers found at the start of the agent and not dealt with yet. */
  readonly found: ReadonlyMap<string, FoundWorker>;
};

/**
 * Decide what to do, ends and stops first so that their devices are free for what starts.
 *
 * 1. A managed pool that nobody wants is removed; so is a found worker (ended).
 * 2. A pool with `preload: false` stays stopped.
 * 3. A found worker is adopted when it lives, was started from what is wanted now, and its start count is not below
 *    `minStartCount`; else it is ended and the pool started.
 * 4. A managed pool restarts when its worker was started from something else, or its start count is below `minStartCount`.
 * 5. Other changes are applied to the living worker.
 *
 * @req ORCH-2109, ORCH-3002
 */
export const reconcile = ({ desired, managed, found }: ReconcileInput): readonly Action[] => {
  const wanted = new Map(desired.map((spec) => [spec.id, spec]));
  const ends: Action[] = [];
  const starts: Action[] = [];

  // 1
  for (const poolId of managed.keys()) if (!wanted.has(poolId)) ends.push({ kind: 'remove', poolId });
  for (const [poolId, worker] of found) if (!wanted.has(poolId)) ends.push({ kind: 'end', record: worker.record, reason: 'not-desired' });

  for (const spec of desired) {
    const worker = found.get(spec.id);
    const pool = managed.get(spec.id);
    if (pool !== undefined) {
      const action = changeOf(spec, pool);
      if (action !== null) (action.kind === 'stop' || action.kind === 'restart' ? ends : starts).push(action);
      continue;
    }
    // 2 and 3
    if (worker !== undefined) {
      const reason = reasonToEnd(spec, worker);
      if (reason === null) {
        starts.push({ kind: 'adopt', spec, record: worker.record });
        continue;
      }
      ends.push({ kind: 'end', record: worker.record, reason });
    }
    starts.push({ kind: spec.preload ? 'start' : 'stop', spec });
  }
  return [...ends, ...starts];
};

const reasonToEnd = (spec: PoolSpec, { record, alive }: FoundWorker): Extract<Action, { kind: 'end' }>['reason'] | null => {
  if (!alive) return 'not-alive';
  if (!spec.preload) return 'not-desired';
  if (record.digest !== workerDigest(spec)) return 'spec-changed';
  return record.startCount < spec.minStartCount ? 'requested' : null;
};

const changeOf = (spec: PoolSpec, pool: ManagedPool): Action | null => {
  // 2
  if (!spec.preload) return pool.stopped && isSame(spec, pool.spec) ? null : { kind: 'stop', spec };
  if (pool.stopped) return { kind: 'start', spec };
  // 4
  if (workerDigest(spec) !== workerDigest(pool.spec)) return { kind: 'restart', spec, reason: 'spec-changed' };
  if (pool.liveStartCount !== null && pool.liveStartCount < spec.minStartCount) return { kind: 'restart', spec, reason: 'requested' };
  // 5
  return isSame(spec, pool.spec) ? null : { kind: 'update', spec };
};

const isSame = (one: PoolSpec, other: PoolSpec): boolean => canonicalJson(one) === canonicalJson(other);
