/**
 * What an earlier run of the controller left behind becomes state again (ORCH-3302), and what of the state the next run will need.
 * It knows no journal; times come converted to this run's clock.
 */
import { demandOf, outBudgetOf } from './admission.ts';
import { assert } from './assert.ts';
import type { CoreState } from './core-state.ts';
import type { RestoredState, RestoredTask } from './event.ts';
import { CLASSES } from './fairness.ts';
import type { Lane } from './lane.ts';
import type { BudgetLevel, SetName, Spend } from './model.ts';
import type { TokenBucket } from './rate-limit.ts';
import { laneFor } from './reconfiguration.ts';
import { ReplicaSet } from './replica-set.ts';
import { Task } from './task.ts';
import { failed, finishTask, retryMs, unservedEnd } from './task-end.ts';
import { enterQueue } from './waiting.ts';

/**
 * 1. Sessions, then buckets: their levels, and what was taken since those were written down.
 * 2. Every task takes its place in its lane, its tenant and its session; one whose lane is gone moves as at a reload.
 * 3. A `best_effort` task that showed text ends with `worker-reset`: other bytes might follow.
 * 4. Tasks that never ran wait in their old order, with their old deadlines.
 * 5. Tasks that had been dispatched go before them, the oldest first, to the set they are pinned to.
 *
 * A task that the restart interrupted did not fail: its attempts stay what they were.
 *
 * @req ORCH-3302, ORCH-3301
 */
export function restore(state: CoreState, { tasks, sessions, budgets, spends }: RestoredState): void {
  assert(state.configured && state.tasks.size === 0, 'restored comes after configured and before any task');
  // 1
  for (const session of sessions.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)) {
    state.sessions.restore(session, session.account === undefined ? null : state.tenants.get(session.account.tenantId, state.nowMs));
  }
  for (const { owner, id, unit, level, atMs } of budgets) bucketOf(state, { owner, id, unit })?.restore(level, atMs);
  for (const spend of spends) takeAgain(state, spend);
  // 2
  const again: Task[] = [];
  for (const restored of tasks) {
    const task = takeBack(state, restored);
    if (task === null) continue;
    if (restored.firstTokenShown && task.spec.determinism === 'best_effort') {
      // 3
      const message = 'The controller was restarted after the first token of a best_effort task. Send it again.';
      finishTask(state, task, failed('worker-reset', message, retryMs(state, task.lane)));
    } else if (task.attempts > 0) again.push(task);
    // 4
    else enterQueue(state, task);
  }
  // 5
  for (const task of again.toReversed()) {
    state.frontOrder -= 1;
    task.order = state.frontOrder;
    enterQueue(state, task);
  }
  state.sweepAtMs = state.nowMs;
}

/** @returns `null` where nothing can serve it any more: it has ended. */
function takeBack(state: CoreState, restored: RestoredTask): Task | null {
  const { spec, acceptance, acceptedAtMs, attempts, set } = restored;
  const { nowMs } = state;
  const tenant = state.tenants.get(spec.tenantId, nowMs);
  const maxTokens = acceptance.maxTokens ?? 0;
  const lane = homeOf(state, restored);
  if (lane === null) {
    tenant.tokens?.giveBack(spec.promptTokens + maxTokens);
    state.emit({ kind: 'finish', taskKey: spec.taskKey, end: unservedEnd(state, acceptance.laneId) });
    return null;
  }
  const klass = spec.priority === 'interactive' ? 0 : 1;
  const outBudget = outBudgetOf(spec, maxTokens);
  const kvBytes = (lane.kvBytesPerToken ?? 0) * (spec.promptTokens + maxTokens);
  const serviceMs = lane.model(klass).workMs(spec.promptTokens, outBudget);
  state.lastOrder += 1;
  const task = new Task({
    spec,
    tenant,
    klass,
    session: state.sessions.rejoin(spec.sessionKey, nowMs),
    acceptedAtMs,
    deadlineAtMs: acceptance.deadlineMs === null ? Infinity : acceptedAtMs + acceptance.deadlineMs,
    ctxTokens: acceptance.ctxTokens,
    maxTokens,
    outBudget,
    kvBytes,
    held: demandOf(tenant, lane, { promptTokens: spec.promptTokens, maxTokens, serviceMs }),
    predictedStartMs: null,
    forecastMs: 0,
    predictedServiceMs: Math.round(serviceMs),
    lane,
    order: state.lastOrder,
  });
  task.attempts = attempts;
  task.failedOn = restored.failedOn;
  if (set !== null) task.set = setOf(lane, set);
  task.session.tenant = tenant;
  if (task.held !== null) task.session.hold(task.held);
  tenant.live += 1;
  tenant.kvBytes += kvBytes;
  state.tasks.add(task);
  if (task.deadlineAtMs !== Infinity) state.deadlines.push(task);
  return task;
}

/** The lane it was admitted to, or one that keeps what it was promised; a task pinned to a set stays with its lane. */
function homeOf(state: CoreState, { spec, acceptance, set }: RestoredTask): Lane | null {
  const lane = state.fleet.lanes.get(acceptance.laneId);
  const isServed = spec.pinPoolId === null || state.pinnedPool(spec)?.lane === lane;
  if (lane !== undefined && isServed) return lane;
  const { engine, samplerProfileVersion, ctxTokens, maxTokens } = acceptance;
  return set === null ? laneFor(state, { ...spec, engine, samplerProfileVersion, ctxTokens, maxTokens }) : null;
}

/** Made by name where no replica of it has come back yet; the first one that does finds it. */
function setOf(lane: Lane, { id, engineVersion }: SetName): ReplicaSet {
  const known = lane.sets.get(id);
  if (known !== undefined) return known;
  const made = new ReplicaSet(id, engineVersion);
  lane.sets.set(id, made);
  return made;
}

/** Buckets that are not full, as the next run must find them. */
export function budgetLevels(state: CoreState, nowMs: number): readonly BudgetLevel[] {
  const levels: BudgetLevel[] = [];
  const add = (name: Omit<BudgetLevel, 'level'>): void => {
    const level = bucketOf(state, name)?.levelAt(nowMs) ?? null;
    if (level !== null) levels.push({ ...name, level });
  };
  for (const id of CLASSES) add({ owner: 'class', id, unit: 'requests' });
  for (const { id } of state.tenants.values()) {
    add({ owner: 'tenant', id, unit: 'requests' });
    add({ owner: 'tenant', id, unit: 'tokens' });
  }
  return levels;
}

function takeAgain(state: CoreState, { tenantId, priority, tokens, atMs }: Spend): void {
  const { requests, tokens: perMinute } = state.tenants.get(tenantId, state.nowMs);
  requests?.takeEarlier(1, atMs);
  state.classBuckets[priority === CLASSES[0] ? 0 : 1]?.takeEarlier(1, atMs);
  perMinute?.takeEarlier(tokens, atMs);
}

/** `null` where the config sets no limit. */
function bucketOf(state: CoreState, { owner, id, unit }: Omit<BudgetLevel, 'level'>): TokenBucket | null {
  if (owner === 'class') return state.classBuckets[id === CLASSES[0] ? 0 : 1];
  const tenant = state.tenants.get(id, state.nowMs);
  return unit === 'requests' ? tenant.requests : tenant.tokens;
}
