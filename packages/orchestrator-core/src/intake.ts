/** A task comes in: admitted with all that is promised to it, or refused with all that its client needs to know. */
import {
  checkDeadline,
  checkLimits,
  checkSession,
  chooseRoute,
  demandOf,
  findAvailable,
  findCandidates,
  findRoom,
  outBudgetOf,
  type Refusal,
  type Room,
  type Route,
} from './admission.ts';
import { assert } from './assert.ts';
import type { CoreState } from './core-state.ts';
import { startTask } from './dispatch.ts';
import { isForCanary } from './canary.ts';
import { backoffMs, gapMs } from './forecast.ts';
import type { Acceptance } from './effect.ts';
import type { Lane, Pool } from './lane.ts';
import type { SessionUsage, TaskKey, TaskSpec } from './model.ts';
import type { Session } from './session.ts';
import { Task } from './task.ts';
import { failed, finishTask } from './task-end.ts';
import type { Tenant } from './tenant.ts';
import { enterQueue } from './waiting.ts';

/**
 * Admit or refuse one task. Nothing is taken from a bucket, a quota or a queue before the last step.
 *
 * 1. Lanes of its side of a canary that could serve it ({@link sideOf}, {@link findCandidates}).
 * 2. Of those, lanes that can serve it now or soon ({@link findAvailable}).
 * 3. Its route: earliest predicted finish ({@link chooseRoute}); rates and quotas ({@link checkLimits}).
 * 4. What its session has left ({@link checkSession}).
 * 5. Its deadline against its predicted start ({@link checkDeadline}).
 * 6. Room in the queue where it must wait; a victim hears of it first ({@link findRoom}).
 * 7. Admitted: it starts in a free slot or waits.
 *
 * @req ORCH-2001, ORCH-2007, ORCH-2013, ORCH-3005, ORCH-3006, ORCH-3079, ORCH-3099
 */
export function onEnqueue(state: CoreState, spec: TaskSpec): void {
  assert(state.configured, 'configured comes before enqueue');
  if (state.tasks.get(spec.taskKey) !== undefined) throw new Error(`task key ${spec.taskKey} lives already`);
  const nowMs = state.nowMs;
  const klass = spec.priority === 'interactive' ? 0 : 1;
  // 1
  const pinned = state.pinnedPool(spec);
  const session = state.sessions.find(spec.sessionKey, nowMs);
  const side = sideOf(state, spec, pinned, session);
  const fallback = side.arm === 'canary' && side.mayFallBack && !side.lanes.some((lane) => lane.available);
  const lanes = fallback ? state.fleet.directory.lanesOf(spec.modelDigest) : side.lanes;
  const candidates = findCandidates(lanes, spec, pinned);
  if (candidates.kind === 'refused') return refuse(state, spec.taskKey, candidates);
  // 2
  const available = findAvailable(candidates, pinned, state.recoveryMs, nowMs);
  if (available.kind === 'refused') return refuse(state, spec.taskKey, available);
  // 3
  const tenant = state.tenants.get(spec.tenantId, nowMs);
  const route = chooseRoute(available, { task: spec, tenant, klass, session, pinned, recoveryMs: state.recoveryMs, nowMs });
  const { lane, maxTokens } = route;
  const kvBytes = (lane.kvBytesPerToken ?? 0) * (spec.promptTokens + maxTokens);
  const demand = { tokens: spec.promptTokens + maxTokens, kvBytes, waits: route.replica === null };
  const limited = checkLimits(lane, tenant, state.classBuckets[klass], demand, nowMs);
  if (limited !== null) return refuse(state, spec.taskKey, limited);
  // 4
  const held = demandOf(tenant, lane, { promptTokens: spec.promptTokens, maxTokens, serviceMs: route.serviceMs });
  const spent = checkSession(lane, tenant, session, held, nowMs);
  if (spent !== null) return refuse(state, spec.taskKey, spent);
  // 5
  const deadlineMs = spec.deadlineMs ?? (pinned === null ? lane.defaultDeadlineMs : pinned.spec.defaultDeadlineMs);
  const predictedStartMs = lane.measured ? Math.round(route.waitMs * lane.model(klass).waitCorrection) : null;
  const late = checkDeadline(deadlineMs, predictedStartMs);
  if (late !== null) return refuse(state, spec.taskKey, late);
  // 6
  if (route.replica === null) {
    const room = findRoom(lane, klass, nowMs);
    if (room.kind === 'refused') return refuse(state, spec.taskKey, { ...room, retryAfterMs: nextRoomMs(state, lane) });
    makeRoom(state, lane, room);
  }
  // 7
  const canary = side.canaryId === null ? null : { id: side.canaryId, arm: fallback ? 'base' : side.arm, fallback };
  const task = admit(state, spec, tenant, klass, route, { session, kvBytes, held, deadlineMs, predictedStartMs, canary });
  if (canary !== null && !fallback && side.mayFallBack) {
    task.session.canaryId = canary.id;
    task.session.onCanary = canary.arm === 'canary';
  }
  if (route.replica === null) enterQueue(state, task);
  else startTask(state, task, route.replica, lane.queue.class(klass).rank.size);
}

/** The lanes of one side. */
type Side = {
  readonly lanes: readonly Lane[];
  readonly canaryId: string | null;
  readonly arm: 'base' | 'canary';
  /** Nobody asked for the canary, so a task of its share may go to the base when the canary cannot serve. */
  readonly mayFallBack: boolean;
};

/**
 * 1. A pinned pool: its lane, whichever side that is on.
 * 2. A model without a canary: its lanes.
 * 3. Else as {@link isForCanary} says.
 *
 * @req ORCH-3033
 */
function sideOf(state: CoreState, spec: TaskSpec, pinned: Pool | null, session: Session | undefined): Side {
  const { fleet } = state;
  const canary = fleet.directory.canaryOf(spec.modelDigest);
  const base: Side = { lanes: fleet.directory.lanesOf(spec.modelDigest), canaryId: canary?.id ?? null, arm: 'base', mayFallBack: true };
  // 2
  if (canary === undefined) return base;
  const lanes = fleet.directory.lanesOfCanary(canary.id);
  const asked = pinned === null ? canary.label !== null && spec.label === canary.label : lanes.includes(pinned.lane);
  // 1 and 3
  const isOn = pinned === null ? isForCanary(canary, spec, session) : asked;
  return isOn ? { lanes, canaryId: canary.id, arm: 'canary', mayFallBack: !asked } : { ...base, mayFallBack: pinned === null };
}

function makeRoom(state: CoreState, lane: Lane, room: Exclude<Room, Refusal>): void {
  if (room.kind === 'room') return;
  const message = `Dropped for a newer task under ${lane.fullPolicy}. Send it again after the advised wait.`;
  finishTask(state, room.victim, failed('dropped', message, nextRoomMs(state, lane), lane.fullPolicy));
}

function admit(
  state: CoreState,
  spec: TaskSpec,
  tenant: Tenant,
  klass: number,
  route: Route,
  terms: {
    readonly session: Session | undefined;
    readonly kvBytes: number;
    readonly held: SessionUsage | null;
    readonly deadlineMs: number | null;
    readonly predictedStartMs: number | null;
    readonly canary: Acceptance['canary'];
  },
): Task {
  const nowMs = state.nowMs;
  const { lane, ctxTokens, maxTokens } = route;
  const { kvBytes, held, deadlineMs, predictedStartMs, canary } = terms;
  tenant.requests?.take(1, nowMs);
  state.classBuckets[klass]?.take(1, nowMs);
  tenant.tokens?.take(spec.promptTokens + maxTokens, nowMs);
  tenant.live += 1;
  tenant.kvBytes += kvBytes;
  state.lastOrder += 1;
  const task = new Task({
    spec,
    tenant,
    klass,
    session: state.sessions.beginTurn(spec.sessionKey, terms.session, nowMs),
    acceptedAtMs: nowMs,
    deadlineAtMs: deadlineMs === null ? Infinity : nowMs + deadlineMs,
    ctxTokens,
    maxTokens,
    outBudget: outBudgetOf(spec, maxTokens),
    kvBytes,
    held,
    predictedStartMs,
    forecastMs: Math.round(route.waitMs),
    predictedServiceMs: Math.round(route.serviceMs),
    lane,
    order: state.lastOrder,
  });
  task.session.tenant = tenant;
  if (held !== null) task.session.hold(held);
  state.tasks.add(task);
  if (deadlineMs !== null) state.deadlines.push(task);
  lane.arrival(klass).add(route.serviceMs, nowMs);
  state.emit({
    kind: 'accept',
    taskKey: spec.taskKey,
    acceptance: {
      laneId: lane.id,
      engine: lane.shape.engine,
      modelDigest: lane.shape.modelDigest,
      canary,
      ctxTokens,
      maxTokens: spec.workload === 'completion' ? maxTokens : null,
      deadlineMs,
      samplerProfileVersion: lane.shape.samplerProfileVersion,
      queuePosition: lane.queue.class(klass).rank.size,
      predictedStartMs,
      backoffMs: backoffMs(lane, nowMs),
      sessionTurns: task.session.turns,
    },
  });
  return task;
}

function refuse(state: CoreState, taskKey: TaskKey, refusal: Refusal): void {
  const { error, message, retryAfterMs, policyLabel, queuePosition, details } = refusal;
  state.emit({ kind: 'refuse', taskKey, error, message, retryAfterMs, policyLabel, queuePosition, details });
}

/**
 * When the next client that found the lane full should come back: each one a drained place later than the one before,
 * and none later than when the whole queue has drained; so they do not all return at once.
 *
 * @req ORCH-2007
 */
function nextRoomMs(state: CoreState, lane: Lane): number {
  const nowMs = state.nowMs;
  const gap = gapMs(lane, nowMs);
  lane.nextRoomMs = Math.min(Math.max(lane.nextRoomMs, nowMs) + gap, nowMs + Math.max(1, lane.queue.size) * gap);
  return Math.max(1, Math.ceil(lane.nextRoomMs - nowMs));
}
