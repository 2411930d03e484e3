/**
 * The scheduler: the only stateful composition of the core. Every event goes in here, changes the state once, and leaves as
 * effects; what to decide is asked of the pure files beside it. No I/O, no clock, no randomness.
 */
import type { ErrorKind } from '@llama-orch/api-types';
import {
  checkDeadline,
  checkLimits,
  chooseRoute,
  findAvailable,
  findCandidates,
  findRoom,
  outBudgetOf,
  type Refusal,
  type Room,
  type Route,
} from './admission.ts';
import { isWarm, leaveKv, mayReuseKv, takeKvSlot } from './affinity.ts';
import { assert, unreachable } from './assert.ts';
import type { AbortReason, CoreEffect, TaskEnd } from './effect.ts';
import type { AttemptOutcome, CoreEvent } from './event.ts';
import { CLASSES, type ClassWeights } from './fairness.ts';
import { decideFailover, type Failure } from './failover.ts';
import { laneFigures, replicaFigures, sessionFigures, shareFigures, taskFigures } from './figures.ts';
import { Fleet } from './fleet.ts';
import { backoffMs, gapMs } from './forecast.ts';
import { IndexedHeap } from './heap.ts';
import type { Lane, Pool } from './lane.ts';
import type { CoreConfig, FullPolicy, TaskKey, TaskSpec } from './model.ts';
import { chooseReplica } from './placement.ts';
import type { LaneFigures, ReplicaFigures, Scheduler, SessionFigures, ShareFigures, TaskFigures } from './ports.ts';
import type { Gate, GateScope } from './queue.ts';
import type { TokenBucket } from './rate-limit.ts';
import { type ReleasingSlot, ReleasingSlots } from './releasing.ts';
import type { Replica } from './replica.ts';
import { type Session, SessionTable } from './session.ts';
import { Attempt, Task } from './task.ts';
import { retuned, type Tenant, TenantTable } from './tenant.ts';
import { findUnserved } from './unserved.ts';
import { nextTimeoutMs, type Timeout, timeoutOf } from './watchdog.ts';

/** Shared by all events that want nothing done. */
const NO_EFFECTS: readonly CoreEffect[] = Object.freeze([]);

const UNCONFIGURED: CoreConfig = {
  pools: [],
  tenants: [],
  defaultTenant: {
    weight: 1,
    rate: null,
    tokensPerMinute: null,
    maxConcurrentTasks: null,
    maxQueuedTasks: null,
    maxKvBytes: null,
  },
  classes: { interactive: { weight: 8, rate: null }, batch: { weight: 1, rate: null } },
  sessions: { ttlMs: 600_000, maxTurns: 8, maxSessions: 1 },
  maxAttempts: 1,
  unavailableGraceMs: 0,
};

/**
 * Build a scheduler. Without `config` it is unusable before its `configured` event; with one it is configured at time 0.
 *
 * @throws Error on a bug of the caller: an `enqueue` before `configured`, or of a task key that still lives.
 */
export function createScheduler(config?: CoreConfig): Scheduler {
  const scheduler = new CoreScheduler();
  if (config !== undefined) scheduler.handle({ kind: 'configured', nowMs: 0, config });
  return scheduler;
}

/**
 * | task     | event                                      | next                                              |
 * | -------- | ------------------------------------------ | ------------------------------------------------- |
 * | –        | `enqueue`                                  | refused; running (a slot is free); queued         |
 * | queued   | a slot frees in its scope                  | running                                           |
 * | queued   | `cancel`, deadline, drop, nothing serves it | ended                                             |
 * | running  | `ended` succeeded                          | ended                                             |
 * | running  | `ended` failed, and it may run again       | queued at the head, or running elsewhere          |
 * | running  | `ended` failed otherwise                   | ended                                             |
 * | running  | `cancel`, deadline, wall or idle limit     | ended; its slot is releasing                      |
 *
 * Between two events no free slot of a Ready replica is in scope of any waiting task: so a task that arrives may take a
 * free slot without passing anybody, and only freed slots need to look into the queues.
 */
class CoreScheduler implements Scheduler {
  #config = UNCONFIGURED;
  #configured = false;
  #nowMs = 0;
  #effects: CoreEffect[] | null = null;

  readonly #weights: ClassWeights = [8, 1];
  readonly #classBuckets: [TokenBucket | null, TokenBucket | null] = [null, null];
  readonly #tenants = new TenantTable(UNCONFIGURED);
  readonly #sessions = new SessionTable(UNCONFIGURED.sessions, (session) => this.#evict(session));
  readonly #fleet = new Fleet(this.#weights, {
    onOffer: (replica) => {
      if (replica.lane.queue.size > 0) this.#offered.push(replica);
    },
    onGone: (replica) => {
      this.#releasing.forgetReplica(replica);
      if (replica.running > 0) this.#orphaned.push(replica);
    },
  });
  readonly #releasing = new ReleasingSlots();
  readonly #tasks = new Map<TaskKey, Task>();
  /** Tasks that have a deadline, the earliest first. */
  readonly #deadlines = new IndexedHeap<Task>(
    (a, b) => a.deadlineAtMs < b.deadlineAtMs || (a.deadlineAtMs === b.deadlineAtMs && a.acceptedAtMs < b.acceptedAtMs),
  );
  /** Replicas that are gone though attempts of theirs have not been reported as ended: watched until they are. */
  #orphaned: Replica[] = [];
  /** Replicas that may have got a free slot in this event. */
  #offered: Replica[] = [];
  /** When queues that nothing can serve must be looked at again. */
  #sweepAtMs = Infinity;
  #lastOrder = 0;
  #frontOrder = 0;
  readonly #classServedMs: [number, number] = [0, 0];

  handle(event: CoreEvent): readonly CoreEffect[] {
    this.#nowMs = Math.max(this.#nowMs, event.nowMs);
    this.#effects = null;
    switch (event.kind) {
      case 'enqueue':
        // A newcomer must find the places of those whose time is up.
        this.#settle();
        this.#onEnqueue(event.task);
        break;
      case 'configured':
        this.#onConfigured(event.config);
        break;
      case 'cancel':
        this.#onCancel(event.taskKey);
        break;
      case 'replicaUp':
        this.#fleet.onUp(event.replica, this.#nowMs);
        this.#sweepAtMs = this.#nowMs;
        break;
      case 'replicaPaused':
        this.#fleet.onPaused(event.replicaId, this.#nowMs);
        this.#sweepAtMs = this.#nowMs;
        break;
      case 'replicaDown':
        this.#fleet.onDown(event.replicaId, this.#nowMs);
        this.#sweepAtMs = this.#nowMs;
        break;
      case 'poolState':
        this.#fleet.onPoolState(event.poolId, event.state, this.#nowMs);
        this.#sweepAtMs = this.#nowMs;
        break;
      case 'started':
      case 'firstToken':
      case 'progress':
        this.#onActivity(event);
        break;
      case 'ended':
        this.#onEnded(event.taskKey, event.attempt, event.outcome, event.slotFree);
        break;
      case 'slotFreed':
        this.#freeReleasing(this.#releasing.take(event.taskKey, event.attempt));
        break;
      case 'sessionDeleted':
        this.#onSessionDeleted(event.sessionKey);
        break;
      case 'tick':
        this.#sessions.expire(this.#nowMs);
        this.#watch();
        break;
      default:
        return unreachable(event);
    }
    this.#settle();
    return this.#effects ?? NO_EFFECTS;
  }

  task(taskKey: TaskKey, nowMs: number): TaskFigures | undefined {
    const task = this.#tasks.get(taskKey);
    return task === undefined ? undefined : taskFigures(task, this.#recoveryMs, nowMs);
  }

  session(sessionKey: string, nowMs: number): SessionFigures | undefined {
    const session = this.#sessions.get(sessionKey, nowMs);
    return session === undefined ? undefined : sessionFigures(session, this.#sessions.ttlMsRemaining(session, nowMs));
  }

  replicas(): readonly ReplicaFigures[] {
    return [...this.#fleet.replicas.values()].map(replicaFigures);
  }

  lanes(): readonly LaneFigures[] {
    return [...this.#fleet.lanes.values()].map((lane) => laneFigures(lane, this.#nowMs));
  }

  shares(): ShareFigures {
    return shareFigures(this.#classServedMs, this.#tenants.values());
  }

  // ---- config ----

  #onConfigured(config: CoreConfig): void {
    this.#config = config;
    this.#configured = true;
    for (const [klass, priority] of CLASSES.entries()) {
      const spec = config.classes[priority];
      const index = klass === 0 ? 0 : 1;
      this.#weights[index] = spec.weight;
      this.#classBuckets[index] = retuned(this.#classBuckets[index], spec.rate, this.#nowMs);
    }
    this.#tenants.configure(config, this.#nowMs);
    this.#sessions.reconfigure(config.sessions);
    const displaced = this.#fleet.configure(config, this.#nowMs);
    this.#relane(displaced);
    for (const lane of this.#fleet.lanes.values()) {
      lane.queue.reweigh();
      for (const replica of lane.free.items) if (lane.queue.size > 0) this.#offered.push(replica);
    }
    this.#sweepAtMs = this.#nowMs;
  }

  /**
   * Tasks whose lane or pool is gone move to a lane that keeps what they were promised (engine, sampler profile, ctx), at
   * the place of their age; the others end. A `strict` task that ran is bound to a set of the lane that is gone.
   */
  #relane(displaced: readonly Task[]): void {
    const moves = new Map<Lane, { task: Task; gate: Gate }[]>();
    for (const task of displaced) {
      task.tenant.queued -= 1;
      if (task.lane.queue.size === 0) task.lane.drain.onEmptied(this.#nowMs);
      const lane = task.set === null ? this.#laneLike(task) : null;
      if (lane === null) {
        this.#finish(task, this.#unserved(task.lane));
        continue;
      }
      task.lane = lane;
      const move = { task, gate: this.#gateOf(task) };
      const moved = moves.get(lane);
      if (moved === undefined) moves.set(lane, [move]);
      else moved.push(move);
    }
    for (const [lane, tasks] of moves) {
      if (lane.queue.size === 0) lane.drain.onFilled(this.#nowMs);
      for (const { task } of tasks) task.tenant.queued += 1;
      lane.queue.merge(tasks);
    }
  }

  #laneLike(task: Task): Lane | null {
    const { engine, samplerProfileVersion } = task.lane.shape;
    const { ctxTokens } = task;
    const maxTokens = task.spec.workload === 'completion' ? task.maxTokens : null;
    const promised: TaskSpec = { ...task.spec, engine, samplerProfileVersion, ctxTokens, maxTokens };
    const found = findCandidates(this.#fleet.lanesOf(task.spec.modelDigest), promised, this.#pinnedPool(task.spec));
    if (found.kind === 'refused') return null;
    return (found.fits.find(({ lane }) => lane.available) ?? found.fits[0])?.lane ?? null;
  }

  // ---- admission ----

  /**
   * Admit or refuse one task. Nothing is taken from a bucket, a quota or a queue before the last step.
   *
   * 1. Lanes that could serve it ({@link findCandidates}).
   * 2. Of those, lanes that can serve it now or soon ({@link findAvailable}).
   * 3. Its route: earliest predicted finish ({@link chooseRoute}); rates and quotas ({@link checkLimits}).
   * 4. Its deadline against its predicted start ({@link checkDeadline}).
   * 5. Room in the queue where it must wait; a victim hears of it first ({@link findRoom}).
   * 6. Admitted: it starts in a free slot or waits.
   *
   * @req ORCH-2001, ORCH-2007, ORCH-2013, ORCH-3005, ORCH-3006, ORCH-3079
   */
  #onEnqueue(spec: TaskSpec): void {
    assert(this.#configured, 'configured comes before enqueue');
    if (this.#tasks.has(spec.taskKey)) throw new Error(`task key ${spec.taskKey} lives already`);
    const nowMs = this.#nowMs;
    const klass = spec.priority === 'interactive' ? 0 : 1;
    // 1
    const pinned = this.#pinnedPool(spec);
    const candidates = findCandidates(this.#fleet.lanesOf(spec.modelDigest), spec, pinned);
    if (candidates.kind === 'refused') return this.#refuse(spec.taskKey, candidates);
    // 2
    const available = findAvailable(candidates, pinned, this.#recoveryMs);
    if (available.kind === 'refused') return this.#refuse(spec.taskKey, available);
    // 3
    const tenant = this.#tenants.get(spec.tenantId, nowMs);
    const session = this.#sessions.find(spec.sessionKey, nowMs);
    const route = chooseRoute(available, { task: spec, tenant, klass, session, pinned, recoveryMs: this.#recoveryMs, nowMs });
    const { lane, maxTokens } = route;
    const kvBytes = (lane.kvBytesPerToken ?? 0) * (spec.promptTokens + maxTokens);
    const demand = { tokens: spec.promptTokens + maxTokens, kvBytes, waits: route.replica === null };
    const limited = checkLimits(lane, tenant, this.#classBuckets[klass], demand, nowMs);
    if (limited !== null) return this.#refuse(spec.taskKey, limited);
    // 4
    const deadlineMs = spec.deadlineMs ?? (pinned === null ? lane.defaultDeadlineMs : pinned.spec.defaultDeadlineMs);
    const predictedStartMs = lane.measured ? Math.round(route.waitMs * lane.model(klass).waitCorrection) : null;
    const late = checkDeadline(deadlineMs, predictedStartMs);
    if (late !== null) return this.#refuse(spec.taskKey, late);
    // 5
    if (route.replica === null) {
      const room = findRoom(lane, klass, nowMs);
      if (room.kind === 'refused') return this.#refuse(spec.taskKey, { ...room, retryAfterMs: this.#nextRoomMs(lane) });
      this.#makeRoom(lane, room);
    }
    // 6
    const task = this.#admit(spec, tenant, klass, route, { session, kvBytes, deadlineMs, predictedStartMs });
    if (route.replica === null) this.#enterQueue(task);
    else this.#start(task, route.replica, lane.queue.class(klass).rank.size);
  }

  #makeRoom(lane: Lane, room: Exclude<Room, Refusal>): void {
    if (room.kind === 'room') return;
    const message = `Dropped for a newer task under ${lane.fullPolicy}. Send it again after the advised wait.`;
    this.#finish(room.victim, failed('dropped', message, this.#nextRoomMs(lane), lane.fullPolicy));
  }

  #admit(
    spec: TaskSpec,
    tenant: Tenant,
    klass: number,
    route: Route,
    terms: {
      readonly session: Session | undefined;
      readonly kvBytes: number;
      readonly deadlineMs: number | null;
      readonly predictedStartMs: number | null;
    },
  ): Task {
    const nowMs = this.#nowMs;
    const { lane, ctxTokens, maxTokens } = route;
    const { kvBytes, deadlineMs, predictedStartMs } = terms;
    tenant.requests?.take(1, nowMs);
    this.#classBuckets[klass]?.take(1, nowMs);
    tenant.tokens?.take(spec.promptTokens + maxTokens, nowMs);
    tenant.live += 1;
    tenant.kvBytes += kvBytes;
    this.#lastOrder += 1;
    const task = new Task({
      spec,
      tenant,
      klass,
      session: this.#sessions.beginTurn(spec.sessionKey, terms.session, nowMs),
      acceptedAtMs: nowMs,
      deadlineAtMs: deadlineMs === null ? Infinity : nowMs + deadlineMs,
      ctxTokens,
      maxTokens,
      outBudget: outBudgetOf(spec, maxTokens),
      kvBytes,
      predictedStartMs,
      forecastMs: Math.round(route.waitMs),
      predictedServiceMs: Math.round(route.serviceMs),
      lane,
      order: this.#lastOrder,
    });
    this.#tasks.set(spec.taskKey, task);
    if (deadlineMs !== null) this.#deadlines.push(task);
    lane.arrival(klass).add(route.serviceMs, nowMs);
    this.#emit({
      kind: 'accept',
      taskKey: spec.taskKey,
      acceptance: {
        laneId: lane.id,
        engine: lane.shape.engine,
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

  #refuse(taskKey: TaskKey, refusal: Refusal): void {
    const { error, message, retryAfterMs, policyLabel, queuePosition, details } = refusal;
    this.#emit({ kind: 'refuse', taskKey, error, message, retryAfterMs, policyLabel, queuePosition, details });
  }

  /**
   * When the next client that found the lane full should come back: each one a drained place later than the one before,
   * and none later than when the whole queue has drained; so they do not all return at once.
   *
   * @req ORCH-2007
   */
  #nextRoomMs(lane: Lane): number {
    const nowMs = this.#nowMs;
    const gap = gapMs(lane, nowMs);
    lane.nextRoomMs = Math.min(Math.max(lane.nextRoomMs, nowMs) + gap, nowMs + Math.max(1, lane.queue.size) * gap);
    return Math.max(1, Math.ceil(lane.nextRoomMs - nowMs));
  }

  // ---- queue and slots ----

  /** Queue a task: a newcomer at the end, a re-run at the head. */
  #enterQueue(task: Task): void {
    if (task.lane.queue.size === 0) task.lane.drain.onFilled(this.#nowMs);
    task.tenant.queued += 1;
    if (task.attempts === 0) task.lane.queue.push(task, this.#gateOf(task));
    else task.lane.queue.pushFront(task, this.#gateOf(task));
    // A lane that nothing can serve must not keep it.
    if (!task.lane.available || task.attempts > 0) this.#sweepAtMs = this.#nowMs;
  }

  #leaveQueue(task: Task): void {
    task.lane.queue.remove(task);
    task.tenant.queued -= 1;
  }

  #pinnedPool({ pinPoolId }: TaskSpec): Pool | null {
    return pinPoolId === null ? null : (this.#fleet.pools.get(pinPoolId) ?? null);
  }

  #scopeOf(task: Task): GateScope {
    const pool = this.#pinnedPool(task.spec);
    if (task.attempts === 0) return (pool?.pins ?? task.lane.queue.open).scope;
    return { pool, set: task.set, avoid: task.failedOn.filter((replica) => !replica.gone) };
  }

  #gateOf(task: Task): Gate {
    const { queue } = task.lane;
    return task.attempts > 0 ? queue.rerunGate(this.#scopeOf(task)) : (this.#pinnedPool(task.spec)?.pins ?? queue.open);
  }

  /** Give every offered slot to the task that goes next; slots in scope of nobody stay free. */
  #serveOffers(): void {
    for (let index = 0; index < this.#offered.length; index++) {
      const replica = this.#offered[index] as Replica;
      const { queue, drain } = replica.lane;
      while (replica.canTake) {
        const task = queue.next(replica);
        if (task === null) break;
        const position = queue.position(task);
        this.#leaveQueue(task);
        drain.onLeft(queue.size, this.#nowMs);
        this.#start(task, replica, position);
      }
    }
    this.#offered.length = 0;
  }

  /** Bind a task to a slot (ORCH-3004: only now). */
  #start(task: Task, replica: Replica, queuePosition: number): void {
    const nowMs = this.#nowMs;
    const { lane, spec, klass, session } = task;
    const flow = lane.queue.flowOf(klass, task.tenant);
    // Whole milliseconds here and below: V8 keeps small integers inside a record and boxes every other number.
    const costMs = Math.max(1, Math.round(lane.model(klass).workMs(spec.promptTokens, task.outBudget)));
    const kvReuse = mayReuseKv(replica.pool.spec, spec);
    const kvWarmth = kvReuse && isWarm(replica, session);
    if (task.attempts === 0 && task.forecastMs > 0) lane.ownModel(klass).observeWait(task.forecastMs, nowMs - task.acceptedAtMs);
    task.attempts += 1;
    task.attempt = new Attempt(task, replica, flow, nowMs, costMs);
    if (spec.determinism === 'strict') task.set ??= replica.set;
    lane.queue.charge(flow, costMs);
    lane.running += 1;
    replica.begin(task.attempt);
    takeKvSlot(replica, session);
    this.#fleet.onSlots(replica);
    this.#emit({
      kind: 'dispatch',
      taskKey: spec.taskKey,
      attempt: task.attempts,
      replicaId: replica.id,
      poolId: replica.pool.id,
      kvReuse,
      kvWarmth,
      queuePosition,
      queuedMs: nowMs - task.acceptedAtMs,
      firstPredictedStartMs: task.predictedStartMs,
    });
  }

  /** The attempt is over for us: correct its charge, and free its slot or wait until the engine shows it free. */
  #closeAttempt(task: Task, attempt: Attempt, slot: 'free' | 'releasing'): void {
    const { replica, flow, costMs } = attempt;
    const heldMs = this.#nowMs - attempt.dispatchedAtMs;
    task.attempt = null;
    task.lane.queue.correct(flow, heldMs - costMs);
    task.lane.running -= 1;
    task.tenant.servedMs += heldMs;
    this.#classServedMs[task.klass === 0 ? 0 : 1] += heldMs;
    replica.end(attempt);
    if (replica.gone) return;
    if (slot === 'releasing') {
      replica.onReleasing();
      this.#releasing.add(task.spec.taskKey, attempt.number, replica, this.#nowMs);
    }
    this.#fleet.onSlots(replica);
  }

  #freeReleasing(slot: ReleasingSlot | undefined): void {
    if (slot === undefined) return;
    const { replica } = slot;
    replica.onReleased();
    if (slot.overdue) replica.overdue -= 1;
    this.#fleet.onSlots(replica);
  }

  // ---- running tasks ----

  /** The running attempt with this number; `null` when it is over for us. */
  #attemptOf(taskKey: TaskKey, number: number): Attempt | null {
    const attempt = this.#tasks.get(taskKey)?.attempt ?? null;
    return attempt !== null && attempt.number === number ? attempt : null;
  }

  #onActivity(event: Extract<CoreEvent, { kind: 'started' | 'firstToken' | 'progress' }>): void {
    const attempt = this.#attemptOf(event.taskKey, event.attempt);
    if (attempt === null) return;
    attempt.lastActivityMs = this.#nowMs;
    if (event.kind === 'firstToken' && attempt.firstTokenAtMs < 0) attempt.firstTokenAtMs = this.#nowMs;
    if (event.kind === 'progress') attempt.tokensOut += event.tokensOut;
  }

  /**
   * An attempt is over.
   *
   * 1. Of a task that has ended, or an older attempt: only its slot is of interest.
   * 2. Succeeded: learn from it, remember where its KV lies, finish.
   * 3. Failed: run it again where that is allowed ({@link CoreScheduler.#onFailed}), else finish.
   */
  #onEnded(taskKey: TaskKey, number: number, outcome: AttemptOutcome, slotFree: boolean): void {
    const attempt = this.#attemptOf(taskKey, number);
    // 1
    if (attempt === null) {
      if (slotFree) this.#freeReleasing(this.#releasing.take(taskKey, number));
      return;
    }
    const { task } = attempt;
    const slot = slotFree ? 'free' : 'releasing';
    switch (outcome.kind) {
      case 'succeeded': // 2
        attempt.tokensOut = outcome.tokensOut;
        this.#learn(task, attempt, outcome);
        this.#closeAttempt(task, attempt, slot);
        this.#keepKv(task.session, attempt.replica, outcome.tokensIn + outcome.tokensOut);
        this.#finish(
          task,
          {
            kind: 'succeeded',
            finishReason: outcome.finishReason,
            tokensIn: outcome.tokensIn,
            tokensOut: outcome.tokensOut,
          },
          outcome.tokensIn + outcome.tokensOut,
        );
        return;
      case 'failed': // 3
        if (outcome.mayRunAgain) this.#fleet.cool(attempt.replica, this.#nowMs);
        task.failedOn = [...task.failedOn, attempt.replica];
        this.#closeAttempt(task, attempt, slot);
        this.#onFailed(task, attempt, outcome);
        return;
      case 'aborted': // 3: stopped by the controller (drain), not by us: nothing is wrong with the replica
        this.#closeAttempt(task, attempt, slot);
        this.#onFailed(task, attempt, { error: 'worker-reset', message: 'The attempt was stopped before its end.', mayRunAgain: true });
        return;
      default:
        unreachable(outcome);
    }
  }

  /**
   * 1. It may not run again ({@link decideFailover}) → it ends.
   * 2. Its lane or pinned pool was removed meanwhile → another lane like it, or `pool-unavailable`.
   * 3. Back to the head of its queue, or straight into a free slot.
   *
   * @req ORCH-3301
   */
  #onFailed(task: Task, attempt: Attempt, failure: Failure): void {
    // 1
    const decision = decideFailover(attempt, failure, this.#config.maxAttempts);
    if (decision.kind === 'over') {
      const retryAfterMs = decision.retriable ? this.#retryMs(task.lane) : null;
      return this.#finish(task, failed(decision.error, decision.message, retryAfterMs), task.spec.promptTokens + attempt.tokensOut);
    }
    // 2
    if (!this.#stillServed(task)) {
      const lane = task.spec.determinism === 'strict' ? null : this.#laneLike(task);
      if (lane === null) return this.#finish(task, this.#unserved(task.lane));
      task.lane = lane;
    }
    // 3
    if (task.set !== null) task.set = task.lane.sets.get(task.set.id) ?? task.set;
    this.#frontOrder -= 1;
    task.order = this.#frontOrder;
    this.#emit({ kind: 'requeued', taskKey: task.spec.taskKey, failedReplicaId: attempt.replica.id, error: failure.error });
    const replica = chooseReplica(task.lane, task, this.#scopeOf(task));
    if (replica === null) this.#enterQueue(task);
    else this.#start(task, replica, 0);
  }

  #stillServed(task: Task): boolean {
    if (this.#fleet.lanes.get(task.lane.id) !== task.lane) return false;
    return task.spec.pinPoolId === null || this.#pinnedPool(task.spec)?.lane === task.lane;
  }

  #learn(task: Task, attempt: Attempt, outcome: Extract<AttemptOutcome, { kind: 'succeeded' }>): void {
    const { lane, klass, spec } = task;
    const { tokensOut, cachedTokens } = outcome;
    const nowMs = this.#nowMs;
    const heldMs = nowMs - attempt.dispatchedAtMs;
    const prefillMs = attempt.firstTokenAtMs < 0 ? heldMs : attempt.firstTokenAtMs - attempt.dispatchedAtMs;
    attempt.replica.observe(lane.model(klass).serviceMs(spec.promptTokens - cachedTokens, tokensOut), heldMs);
    const model = lane.ownModel(klass);
    if (task.predictedStartMs !== null && task.attempts === 1) {
      model.observeError(task.predictedStartMs + task.predictedServiceMs, nowMs - task.acceptedAtMs);
    }
    model.observe({
      promptTokens: spec.promptTokens,
      cachedTokens,
      tokensOut,
      outBudget: task.outBudget,
      prefillMs,
      decodeMs: heldMs - prefillMs,
    });
  }

  // ---- ends ----

  /** Canceled at once in every state; of a task that has ended there is nothing to cancel (ORCH-2003, 3026). */
  #onCancel(taskKey: TaskKey): void {
    const task = this.#tasks.get(taskKey);
    if (task !== undefined) this.#stop(task, { kind: 'canceled' }, 'canceled');
  }

  /** End a task now; a running attempt is told to stop, and its slot waits for the engine (ORCH-3017). */
  #stop(task: Task, end: TaskEnd, reason: AbortReason): void {
    const { attempt } = task;
    this.#finish(task, end, task.spec.promptTokens + (attempt?.tokensOut ?? 0));
    if (attempt === null) return;
    this.#closeAttempt(task, attempt, 'releasing');
    this.#emit({ kind: 'abort', taskKey: task.spec.taskKey, attempt: attempt.number, replicaId: attempt.replica.id, reason });
  }

  /**
   * The one end of every task: nothing about it is said after this but the `abort` of its attempt.
   *
   * @param usedTokens - Prompt and answer as far as known; the rest of what it had reserved goes back to its tenant.
   */
  #finish(task: Task, end: TaskEnd, usedTokens = 0): void {
    const { tenant, lane } = task;
    const ran = task.attempts > 0;
    if (task.gateFlow !== null) {
      this.#leaveQueue(task);
      if (lane.queue.size === 0) lane.drain.onEmptied(this.#nowMs);
    }
    if (task.heapIndex !== -1) this.#deadlines.remove(task);
    this.#tasks.delete(task.spec.taskKey);
    tenant.live -= 1;
    tenant.kvBytes -= task.kvBytes;
    tenant.tokens?.giveBack(task.reservedTokens - (ran ? Math.max(usedTokens, task.spec.promptTokens) : 0));
    this.#sessions.endTurn(task.session, this.#nowMs);
    this.#emit({ kind: 'finish', taskKey: task.spec.taskKey, end });
  }

  #keepKv(session: Session, replica: Replica, tokens: number): void {
    if (replica.gone) return;
    if (session.ended) this.#emit({ kind: 'evictSession', sessionKey: session.key, replicaId: replica.id });
    else leaveKv(replica, session, tokens);
  }

  #evict(session: Session): void {
    const { replica } = session;
    if (replica !== null && !replica.gone) this.#emit({ kind: 'evictSession', sessionKey: session.key, replicaId: replica.id });
  }

  #onSessionDeleted(sessionKey: string): void {
    const session = this.#sessions.delete(sessionKey);
    if (session !== undefined) this.#evict(session);
  }

  // ---- time ----

  /** Let time and freed slots take effect, until nothing more follows from them. */
  #settle(): void {
    const nowMs = this.#nowMs;
    for (let task = this.#deadlines.peek(); task !== undefined && task.deadlineAtMs <= nowMs; task = this.#deadlines.peek()) {
      const state = task.attempt === null ? 'waited in its queue' : 'ran';
      const message = `The deadline passed while the task ${state}. Allow more time.`;
      this.#stop(task, failed('deadline-passed', message, this.#retryMs(task.lane)), 'deadline');
    }
    for (let slot = this.#releasing.nextOverdue(nowMs); slot !== undefined; slot = this.#releasing.nextOverdue(nowMs)) this.#condemn(slot);
    if (this.#fleet.coolUntilMs <= nowMs) this.#fleet.warmUp(nowMs);
    if (this.#offered.length > 0) this.#serveOffers();
    if (this.#sweepAtMs <= nowMs) this.#sweep();
  }

  /** Stop the attempts whose limits passed; a replica is looked at again when one of its limits may have passed. */
  #watch(): void {
    const nowMs = this.#nowMs;
    this.#orphaned = this.#orphaned.filter((replica) => replica.running > 0);
    for (const replica of [...this.#fleet.replicas.values(), ...this.#orphaned]) {
      if (replica.watchAtMs > nowMs) continue;
      for (const attempt of replica.attempts.slice()) {
        const timeout = timeoutOf(attempt, nowMs);
        if (timeout !== null) this.#timeOut(attempt.task, timeout);
      }
      replica.watchAtMs = replica.attempts.reduce((earliestMs, attempt) => Math.min(earliestMs, nextTimeoutMs(attempt)), Infinity);
    }
  }

  #timeOut(task: Task, timeout: Timeout): void {
    const message =
      timeout === 'wall-timeout'
        ? 'The task ran longer than the wall timeout of its pool. Lower max_tokens, or raise the timeout.'
        : "The worker sent nothing for the idle timeout of its pool. Look at the pool's health; send it again.";
    this.#stop(task, failed(timeout, message, this.#retryMs(task.lane)), timeout);
  }

  /** A slot was not released in time: its replica gets no more tasks, and is restarted once. */
  #condemn(slot: ReleasingSlot): void {
    const { replica } = slot;
    replica.overdue += 1;
    this.#fleet.onSlots(replica);
    if (replica.overdue > 1) return;
    const cause = `a slot was not released within ${replica.pool.spec.cancelGraceMs} ms after its task was stopped`;
    this.#emit({ kind: 'restartReplica', replicaId: replica.id, poolId: replica.pool.id, cause });
  }

  /** End what waits for something that does not come ({@link findUnserved}). */
  #sweep(): void {
    const { tasks, nextMs } = findUnserved(this.#fleet, this.#config.unavailableGraceMs, this.#nowMs);
    this.#sweepAtMs = nextMs;
    for (const { task, because } of tasks) {
      if (because === 'nothing serves it') {
        this.#finish(task, this.#unserved(task.lane));
        continue;
      }
      const message = 'The worker died, and no replica whose output would continue the stream byte for byte can come back. Send it again.';
      this.#finish(task, failed('worker-reset', message, this.#retryMs(task.lane)));
    }
  }

  #unserved(lane: Lane): TaskEnd {
    const message = `Nothing can serve lane ${lane.id}. Look at the health of its pools; send it again later.`;
    return failed('pool-unavailable', message, Math.ceil(this.#recoveryMs));
  }

  #retryMs(lane: Lane): number {
    return Math.max(1, Math.ceil(gapMs(lane, this.#nowMs)));
  }

  get #recoveryMs(): number {
    return this.#fleet.recoveryMs(this.#config.unavailableGraceMs);
  }

  #emit(effect: CoreEffect): void {
    const effects = this.#effects;
    // Most events have one effect or two: a literal fits them exactly, a push makes room for seventeen.
    if (effects === null) this.#effects = [effect];
    else if (effects.length === 1) this.#effects = [effects[0] as CoreEffect, effect];
    else effects.push(effect);
  }
}

function failed(error: ErrorKind, message: string, retryAfterMs: number | null, policyLabel: FullPolicy | null = null): TaskEnd {
  return { kind: 'failed', error, message, retryAfterMs, policyLabel };
}
