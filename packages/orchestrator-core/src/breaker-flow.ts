/**
 * Where what happens to attempts meets the breakers of their replica and their pool, and what follows when one of them changes. It keeps
 * nothing itself.
 */
import type { ErrorKind } from '@llama-orch/api-types';
import type { Breaker } from './breaker.ts';
import type { CoreState } from './core-state.ts';
import type { Pool } from './lane.ts';
import type { BreakerSpec, SloLimit } from './model.ts';
import type { Replica } from './replica.ts';
import type { Attempt } from './task.ts';

type Scope = 'replica' | 'pool';

/** Ends that say nothing against a worker: it had no room, or the task itself is at fault. */
const blameless = new Set<ErrorKind>(['pool-unready', 'prompt-too-long']);

/** @req ORCH-3040 */
export function judgeSuccess(state: CoreState, attempt: Attempt): void {
  const { breaker: spec } = state.config;
  if (spec === null) return;
  const { replica } = attempt;
  if (replica.breaker.onSucceeded(attempt, spec.replica, state.nowMs)) onChanged(state, replica, 'replica');
  if (isOfPool(state, replica) && replica.pool.breaker.onSucceeded(attempt, spec.pool, state.nowMs)) onChanged(state, replica, 'pool');
}

/**
 * A failed attempt counts where it is its task's first failure: a task that breaks every worker it gets counts against the first of them, and
 * from then on against nobody but itself.
 *
 * @req ORCH-3040, ORCH-3301
 */
export function judgeFailure(state: CoreState, attempt: Attempt, error: ErrorKind): void {
  const { breaker: spec } = state.config;
  if (spec === null || blameless.has(error) || attempt.task.failedOn.length > 0) return;
  const { replica } = attempt;
  if (replica.breaker.onFailed(attempt, spec.replica, spec, state.nowMs)) {
    onChanged(state, replica, 'replica');
    askForAnother(state, replica, spec);
  }
  if (isOfPool(state, replica) && replica.pool.breaker.onFailed(attempt, spec.pool, spec, state.nowMs)) onChanged(state, replica, 'pool');
}

/**
 * A first token came. What counts is the time since its dispatch: the queue is not the replica's.
 *
 * A replica is late where too many of its first tokens of interactive tasks are, while the others of its lane are in time: where all are
 * late the lane has too little, and with one less it would have even less.
 *
 * @req ORCH-3040, ORCH-3041
 */
export function judgeFirstToken(state: CoreState, attempt: Attempt): void {
  const { breaker: spec } = state.config;
  const slo = spec?.slo ?? null;
  if (spec === null || slo === null) return;
  const { replica, task } = attempt;
  const { breaker } = replica;
  const isLate = state.nowMs - attempt.dispatchedAtMs > slo.firstTokenMs;
  if (isLate && breaker.onLateProbe(attempt, spec, state.nowMs)) return onChanged(state, replica, 'replica');
  if (task.klass !== 0) return;
  breaker.onFirstToken(isLate, spec.replica, state.nowMs);
  if (!isLate || breaker.state !== 'closed') return;
  const { late, all } = breaker.firstTokens(spec.replica, state.nowMs);
  if (late < slo.misses || late < slo.ratio * all || !othersAreInTime(replica, spec, slo, state.nowMs)) return;
  breaker.open('slo', spec, state.nowMs);
  onChanged(state, replica, 'replica');
}

/** Those whose pause is over let one attempt at a time through. */
export function endPauses(state: CoreState): void {
  const { nowMs } = state;
  state.breakUntilMs = Infinity;
  for (const lane of state.fleet.lanes.values()) {
    for (const pool of [...lane.pools, ...lane.leaving]) {
      for (const [scope, breaker] of breakersOf(pool)) {
        if (breaker.state !== 'open') continue;
        if (breaker.untilMs > nowMs) {
          state.breakUntilMs = Math.min(state.breakUntilMs, breaker.untilMs);
          continue;
        }
        breaker.onPauseOver();
        announce(state, pool, pool.replica, scope, breaker);
        if (pool.replica !== null) state.fleet.readiness.onBreaker(pool.replica, nowMs);
      }
    }
  }
}

/** A reload turned breakers off. */
export function closeBreakers(state: CoreState): void {
  for (const lane of state.fleet.lanes.values()) {
    for (const pool of [...lane.pools, ...lane.leaving]) {
      for (const [scope, breaker] of breakersOf(pool)) {
        if (breaker.state === 'closed') continue;
        breaker.close();
        announce(state, pool, pool.replica, scope, breaker);
        if (pool.replica !== null) state.fleet.readiness.onBreaker(pool.replica, state.nowMs);
      }
    }
  }
}

function othersAreInTime(replica: Replica, spec: BreakerSpec, slo: SloLimit, nowMs: number): boolean {
  let late = 0;
  let all = 0;
  for (const { replica: other } of replica.lane.pools) {
    if (other === null || other === replica || !other.ready) continue;
    const seen = other.breaker.firstTokens(spec.replica, nowMs);
    late += seen.late;
    all += seen.all;
  }
  return all >= slo.misses && late < (slo.ratio / 2) * all;
}

/** What a pool's former workers do says nothing of the pool as it is now. */
function isOfPool({ fleet }: CoreState, { pool }: Replica): boolean {
  return fleet.pools.get(pool.id) === pool;
}

function onChanged(state: CoreState, replica: Replica, scope: Scope): void {
  const { pool } = replica;
  const breaker = scope === 'replica' ? replica.breaker : pool.breaker;
  if (breaker.state === 'open') state.breakUntilMs = Math.min(state.breakUntilMs, breaker.untilMs);
  announce(state, pool, replica, scope, breaker);
  const live = scope === 'replica' ? replica : pool.replica;
  if (live !== null && !live.gone) state.fleet.readiness.onBreaker(live, state.nowMs);
}

function announce(state: CoreState, pool: Pool, replica: Replica | null, scope: Scope, breaker: Breaker): void {
  state.emit({
    kind: 'breaker',
    poolId: pool.id,
    replicaId: replica?.id ?? null,
    scope,
    state: breaker.state,
    cause: breaker.cause,
    pauseMs: breaker.state === 'open' ? breaker.untilMs - state.nowMs : null,
  });
}

/** What its worker does is no accident any more: health checks pass, work does not. */
function askForAnother(state: CoreState, replica: Replica, { restartAfter }: BreakerSpec): void {
  if (replica.gone || replica.restartAsked || replica.breaker.opens < restartAfter) return;
  replica.restartAsked = true;
  const cause = `its attempts failed again at each of ${replica.breaker.opens - 1} probes after its breaker opened`;
  state.emit({ kind: 'restartReplica', replicaId: replica.id, poolId: replica.pool.id, cause });
}

function breakersOf(pool: Pool): [Scope, Breaker][] {
  const ofPool: [Scope, Breaker] = ['pool', pool.breaker];
  return pool.replica === null ? [ofPool] : [['replica', pool.replica.breaker], ofPool];
}
