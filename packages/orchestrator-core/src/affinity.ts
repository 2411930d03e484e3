/**
 * Where a session's KV cache probably still lies. A worker keeps the cache of a task that ended in the slot it used until
 * another task needs that slot; this file keeps that book, it moves nothing (ORCH-3023).
 */
import type { PoolSpec, TaskSpec } from './model.ts';
import type { Replica } from './replica.ts';
import type { Session } from './session.ts';

/**
 * A task takes a slot of `replica`: its own session's cache is used up by it, and where no slot without a cache is left
 * the least recently left one is overwritten.
 *
 * @req ORCH-3022
 */
export function takeKvSlot(replica: Replica, session: Session): void {
  const { residents } = replica;
  const own = residents.indexOf(session);
  if (own !== -1) residents.splice(own, 1);
  while (residents.length > 0 && residents.length > replica.freeSlots) {
    const lost = residents.shift();
    if (lost !== undefined && lost.replica === replica) lost.kvTokens = 0;
  }
}

/** A good turn ended on `replica`: its `tokens` stay cached there for now, and the session is at home there. */
export function leaveKv(replica: Replica, session: Session, tokens: number): void {
  session.replica = replica;
  session.kvTokens = tokens;
  replica.residents.push(session);
}

/** The replica is gone, and with it every cache. */
export function loseKv(replica: Replica): void {
  for (const session of replica.residents) {
    if (session.replica === replica) session.kvTokens = 0;
  }
  replica.residents.length = 0;
}

/** Whether `replica` still holds the KV of the session's last good turn. */
export function isWarm(replica: Replica, session: Session): boolean {
  return session.replica === replica && session.kvTokens > 0 && !replica.gone;
}

/**
 * Whether the engine may reuse its prompt cache: `strict` tasks only where reuse was shown equal.
 *
 * @req ORCH-3045
 */
export function mayReuseKv(pool: PoolSpec, task: TaskSpec): boolean {
  return task.kvHint === 'reuse' && (task.determinism === 'best_effort' || pool.kvReuseVerified);
}

/**
 * The session's replica where that has a free slot now; never a reason to wait.
 *
 * @req ORCH-3009
 */
export function affineReplica(session: Session): Replica | null {
  const { replica } = session;
  return replica !== null && replica.canTake ? replica : null;
}
