/**
 * What becomes of the second workers of pools, which are started beside the first ones to follow them (ORCH-2102). Pure; the supervisor
 * carries it out.
 */
import { canonicalJson } from './canonical-json.ts';
import { type PoolSpec, workerDigest } from './pool-spec.ts';

export type Succession =
  /** It goes on beside the first one, or is to be started. */
  | { readonly kind: 'keep'; readonly spec: PoolSpec }
  /** It takes the first one's place; that one is ended. */
  | { readonly kind: 'promote' }
  /** Nobody wants it. */
  | { readonly kind: 'drop' };

/**
 * 1. Without a second worker: what is desired as one is to be started.
 * 2. It still is what is desired to follow → it goes on.
 * 3. The pool itself is desired like it now, and was not before → it takes the place.
 * 4. Else it is dropped.
 *
 * @param first - What the pool's first worker runs for; `null` = there is none.
 * @param second - What its second worker runs for; `null` = there is none.
 * @param desired - What the pool is to be, and what is to follow; `null` = the pool is not desired.
 * @req ORCH-2102
 */
export const decideSuccession = (
  first: PoolSpec | null,
  second: PoolSpec | null,
  desired: { readonly spec: PoolSpec; readonly successor: PoolSpec | null } | null,
): Succession => {
  const next = desired?.successor ?? null;
  // 1
  if (second === null) return next === null ? { kind: 'drop' } : { kind: 'keep', spec: next };
  // 2
  if (next !== null && workerDigest(next) === workerDigest(second)) return { kind: 'keep', spec: next };
  // 3
  if (desired !== null && workerDigest(desired.spec) === workerDigest(second)) {
    const isNews = first === null || workerDigest(first) !== workerDigest(desired.spec) || !isSame(first, desired.spec);
    if (isNews) return { kind: 'promote' };
  }
  // 4
  return { kind: 'drop' };
};

/** Restarts that were asked for meanwhile do not make it another pool. */
const isSame = (one: PoolSpec, other: PoolSpec): boolean =>
  canonicalJson({ ...one, minStartCount: 0 }) === canonicalJson({ ...other, minStartCount: 0 });
