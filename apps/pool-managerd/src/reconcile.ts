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
  /** False once it was told to stop. */
  readonly wanted: boolean;
};

/** A worker that an earlier agent left behind. */
export type FoundWorker = {
  readonly record: WorkerRecord;
  /**
   * `adoptable`: it lives and is the recorded one. `foreign`: the recorded process lives but carries another nonce.
   * `dead`: it is gone, or its agent died before it was recorded.
   */
  readonly condition: 'adoptable' | 'foreign' | 'dead';
};

export type Action =
  /** Take over a running worker. */
  | { readonly kind: 'adopt'; readonly spec: PoolSpec; readonly record: WorkerRecord }
  /** End what an earlier agent left behind, dead or alive, and forget it. */
  | {
      readonly kind: 'end';
      readonly record: WorkerRecord;
      readonly reason: 'not-desired' | 'spec-changed' | 'requested' | 'foreign-nonce' | 'dead' | 'adapter-missing';
    }
  | { readonly kind: 'start'; readonly spec: PoolSpec }
  /** Apply new clocks and labels to a pool; nothing is restarted. */
  | { readonly kind: 'update'; readonly spec: PoolSpec }
  /** Its worker was started from something else. */
  | { readonly kind: 'replace'; readonly spec: PoolSpec }
  /** The controller wants another worker. */
  | { readonly kind: 'restart'; readonly spec: PoolSpec }
  | { readonly kind: 'stop'; readonly spec: PoolSpec }
  /** No longer desired: stop it and forget it. */
  | { readonly kind: 'remove'; readonly poolId: string };

export type ReconcileInput = {
  readonly desired: readonly PoolSpec[];
  readonly managed: ReadonlyMap<string, ManagedPool>;
  /** Workers found at the start of the agent and not dealt with yet. */
  readonly found: ReadonlyMap<string, FoundWorker>;
  readonly hasAdapter: (spec: PoolSpec) => boolean;
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
export const reconcile = ({ desired, managed, found, hasAdapter }: ReconcileInput): readonly Action[] => {
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
      if (action !== null) (action.kind === 'start' || action.kind === 'update' ? starts : ends).push(action);
      continue;
    }
    // 2 and 3
    if (worker !== undefined) {
      const reason = reasonToEnd(spec, worker, hasAdapter);
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

const reasonToEnd = (
  spec: PoolSpec,
  { record, condition }: FoundWorker,
  hasAdapter: ReconcileInput['hasAdapter'],
): Extract<Action, { kind: 'end' }>['reason'] | null => {
  if (condition === 'dead') return 'dead';
  if (condition === 'foreign') return 'foreign-nonce';
  if (!spec.preload) return 'not-desired';
  if (record.digest !== workerDigest(spec)) return 'spec-changed';
  if (!hasAdapter(spec)) return 'adapter-missing';
  return record.startCount < spec.minStartCount ? 'requested' : null;
};

const changeOf = (spec: PoolSpec, pool: ManagedPool): Action | null => {
  // 2
  if (!spec.preload) return pool.wanted || !isSame(spec, pool.spec) ? { kind: 'stop', spec } : null;
  if (!pool.wanted) return { kind: 'start', spec };
  // 4
  if (workerDigest(spec) !== workerDigest(pool.spec)) return { kind: 'replace', spec };
  if (pool.liveStartCount !== null && pool.liveStartCount < spec.minStartCount) return { kind: 'restart', spec };
  // 5
  return isSame(spec, pool.spec) ? null : { kind: 'update', spec };
};

const isSame = (one: PoolSpec, other: PoolSpec): boolean => canonicalJson(one) === canonicalJson(other);
