/** What the scheduler shows of its state, derived on demand. It changes nothing. */
import { isWarm } from './affinity.ts';
import { forecastWaitMs } from './forecast.ts';
import type { Lane, Pool } from './lane.ts';
import type { SessionBudgets } from './model.ts';
import type { BreakerFigures, LaneFigures, ReplicaFigures, SessionFigures, ShareFigures, TaskFigures } from './ports.ts';
import { onTimeProbability } from './prediction.ts';
import type { Replica } from './replica.ts';
import type { Session } from './session.ts';
import { budgetsLeft } from './session-budget.ts';
import type { Task } from './task.ts';
import type { Tenant } from './tenant.ts';

/** @req ORCH-2009, ORCH-2013, ORCH-3081 */
export function taskFigures(task: Task, recoveryMs: number, nowMs: number): TaskFigures {
  const { lane, attempt } = task;
  const figures = { laneId: lane.id, laneDepth: lane.queue.size, attempt: task.attempts };
  const model = lane.model(task.klass);
  const serviceMs = model.workMs(task.spec.promptTokens, task.outBudget);
  const dueBound = task.deadlineAtMs !== Infinity && lane.measured;
  if (attempt !== null) {
    const { dispatchedAtMs } = attempt;
    const probability = dueBound
      ? onTimeProbability(serviceMs, model.spread, nowMs - dispatchedAtMs, task.deadlineAtMs - dispatchedAtMs)
      : null;
    return { ...figures, state: 'running', queuePosition: null, predictedStartMs: null, onTimeProbability: probability };
  }
  const queuePosition = lane.queue.position(task);
  const fraction = queuePosition / lane.queue.class(task.klass).rank.size;
  const pool = task.gateFlow?.gate.scope.pool ?? null;
  const waitMs = forecastWaitMs(lane, { tenant: task.tenant, klass: task.klass, pool, fraction }, recoveryMs, nowMs) * model.waitCorrection;
  return {
    ...figures,
    state: 'queued',
    queuePosition,
    predictedStartMs: lane.measured ? Math.round(waitMs) : null,
    onTimeProbability: dueBound ? onTimeProbability(waitMs + serviceMs, model.spread, 0, task.deadlineAtMs - nowMs) : null,
  };
}

const NO_BUDGETS: SessionBudgets = { tokens: null, slotMs: null, cost: null };

/** @req ORCH-2004, ORCH-3099 */
export function sessionFigures(session: Session, ttlMsRemaining: number): SessionFigures {
  const { replica, turns, kvTokens, account, tenant } = session;
  const perToken = replica?.pool.spec.kvBytesPerToken ?? null;
  return {
    ttlMsRemaining,
    turns,
    kvBytes: perToken === null ? null : kvTokens * perToken,
    kvWarmth: replica !== null && isWarm(replica, session),
    lastReplicaId: replica?.id ?? null,
    budgetsLeft: budgetsLeft(tenant?.spec.sessionBudgets ?? NO_BUDGETS, account),
    used: account?.used ?? null,
  };
}

/** @req ORCH-2104 */
export function replicaFigures(replica: Replica): ReplicaFigures {
  const { id: replicaId, slots, running, releasing } = replica;
  return {
    replicaId,
    poolId: replica.pool.id,
    setId: replica.set.id,
    laneId: replica.lane.id,
    state: replica.serves ? 'ready' : 'paused',
    slots,
    running,
    releasing,
    waiting: replica.pool.leaving ? (replica.lane.closing ? replica.lane.queue.size : replica.pool.pins.size) : 0,
  };
}

/** @req ORCH-3040 */
export function breakerFigures({ breaker: ofPool, replica }: Pool, nowMs: number): BreakerFigures {
  const ofReplica = replica === null || replica.breaker.state === 'closed' ? null : replica.breaker;
  const scope = ofPool.state === 'closed' && ofReplica !== null ? 'replica' : 'pool';
  const breaker = scope === 'replica' && ofReplica !== null ? ofReplica : ofPool;
  const { state, cause, untilMs } = breaker;
  return { state, scope, cause, pauseMs: state === 'open' ? Math.max(0, untilMs - nowMs) : null };
}

/** @req ORCH-3028 */
export function laneFigures(lane: Lane, nowMs: number): LaneFigures {
  const perMs = lane.drain.perMs(nowMs);
  return {
    laneId: lane.id,
    poolIds: lane.pools.map((pool) => pool.id),
    capacity: lane.capacity,
    queued: { interactive: lane.queue.class(0).rank.size, batch: lane.queue.class(1).rank.size },
    running: lane.running,
    available: lane.available,
    drainPerSecond: perMs === null ? null : perMs * 1000,
  };
}

/** Shares of the slot time of all ended attempts; 0 each before the first. @req ORCH-3075 */
export function shareFigures(servedMs: readonly [number, number], tenants: Iterable<Tenant>): ShareFigures {
  const totalMs = servedMs[0] + servedMs[1];
  const share = (ms: number): number => (totalMs > 0 ? ms / totalMs : 0);
  const byTenant = new Map<string, number>();
  for (const tenant of tenants) byTenant.set(tenant.id, share(tenant.servedMs));
  return { byClass: { interactive: share(servedMs[0]), batch: share(servedMs[1]) }, byTenant };
}
