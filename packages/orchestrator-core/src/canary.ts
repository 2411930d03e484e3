/**
 * Which side of a canary a task is on (ORCH-3033). A pure function of its session's key, so that it repeats in a simulation and after a
 * restart; it admits nothing.
 */
import type { CanarySpec, SessionKey, TaskSpec } from './model.ts';
import type { Session } from './session.ts';

/**
 * 1. A task with the canary's label → the canary.
 * 2. A share of nothing or of everything decides for all sessions, so that an abort and a promotion count at once.
 * 3. A session that lives keeps its side.
 * 4. Else by a hash of canary and session: raising the percentage only moves sessions to the canary, lowering it only back.
 *
 * @req ORCH-3033
 */
export function isForCanary(canary: CanarySpec, task: TaskSpec, session: Session | undefined): boolean {
  // 1
  if (canary.label !== null && task.label === canary.label) return true;
  // 2
  if (canary.percent <= 0 || canary.percent >= 100) return canary.percent > 0;
  // 3
  if (session !== undefined && session.canaryId === canary.id) return session.onCanary;
  // 4
  return placeOf(canary.id, task.sessionKey) < canary.percent;
}

/** Where a session stands, evenly spread over [0, 100): FNV-1a, then mixed, for keys that differ in little. */
function placeOf(canaryId: string, sessionKey: SessionKey): number {
  let hash = 0x811c9dc5;
  const key = `${canaryId}/${sessionKey}`;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return ((hash >>> 0) / 2 ** 32) * 100;
}
