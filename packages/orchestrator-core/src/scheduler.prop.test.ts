/**
 * Properties of the scheduler against a model that only believes its effects: it keeps who waits, runs and releases in
 * plain lists, and checks each effect on its own.
 */
/* oxlint-disable vitest/no-standalone-expect -- the world's checks run inside the property below */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CoreEffect } from './effect.ts';
import type { AttemptOutcome, CoreEvent } from './event.ts';
import { aBreaker, aConfig, aPool, aReplica, aTask, aTenant, broken, succeeded } from './fixture.ts';
import type { CoreConfig, FullPolicy, PoolSpec, TaskSpec } from './model.ts';
import type { Scheduler } from './ports.ts';
import { createScheduler } from './scheduler.ts';

type ModelTask = {
  readonly spec: TaskSpec;
  laneId: string;
  /** Its lane left, and it came to this one; nothing is lost for a full queue there. */
  changedLane: boolean;
  /** Lower is older; re-runs are older than all that never ran. */
  age: number;
  state: 'queued' | 'running';
  attempt: number;
  replica: ModelReplica | null;
  setId: string | null;
  firstToken: boolean;
  /** Times it was moved off a drained pool, which count as no failure. */
  moved: number;
};
type ModelReplica = {
  readonly id: string;
  readonly poolId: string;
  readonly setId: string;
  slots: number;
  up: boolean;
  ready: boolean;
  ctxTokens: number;
  /** Its pool is drained; a leaving replica is not touched by that any more. */
  draining: boolean;
  /** Its pool is configured for another lane, or not at all: it finishes what nothing else can. */
  leaving: boolean;
  /** It broke an attempt: it may be left alone until then. */
  suspectUntilMs: number;
  running: Set<string>;
  releasing: { readonly attempt: string; readonly sinceMs: number }[];
};

const GRACE_MS = 1000;

const breakerOf = ({ poolId, replicaId, scope }: Extract<CoreEffect, { kind: 'breaker' }>): string =>
  `${scope} ${scope === 'pool' ? poolId : replicaId}`;

class World {
  readonly scheduler: Scheduler;
  config: CoreConfig;
  nowMs = 0;
  made = 0;
  readonly tasks = new Map<string, ModelTask>();
  readonly ended = new Set<string>();
  readonly accepted = new Set<string>();
  readonly replicas = new Map<string, ModelReplica>();
  readonly starts = new Map<string, number>();
  readonly restarts = new Set<string>();
  readonly drained = new Set<string>();
  /** By `scope id`; absent = closed. */
  readonly breakers = new Map<string, 'open' | 'half_open'>();
  readonly probes = new Map<string, string>();
  #age = 0;
  #front = 0;

  constructor(config: CoreConfig) {
    this.config = config;
    this.scheduler = createScheduler(config);
  }

  pool(poolId: string): PoolSpec | undefined {
    return this.config.pools.find((pool) => pool.poolId === poolId);
  }

  live(poolId: string): ModelReplica | undefined {
    return [...this.replicas.values()].find((replica) => replica.poolId === poolId && replica.up && !replica.leaving);
  }

  running(): ModelTask[] {
    return [...this.tasks.values()].filter((task) => task.state === 'running');
  }

  queued(): ModelTask[] {
    return [...this.tasks.values()].filter((task) => task.state === 'queued');
  }

  send(event: CoreEvent): readonly CoreEffect[] {
    const effects = this.scheduler.handle(event);
    this.#followLanes();
    for (const effect of effects) this.#check(effect, event);
    if (event.kind === 'enqueue') {
      const answers = effects.filter(
        (effect) => (effect.kind === 'accept' || effect.kind === 'refuse') && effect.taskKey === event.task.taskKey,
      );
      expect(answers, 'each enqueue is answered once').toHaveLength(1);
    }
    this.#checkState();
    return effects;
  }

  #check(effect: CoreEffect, event: CoreEvent): void {
    switch (effect.kind) {
      case 'accept': {
        expect(this.accepted.has(effect.taskKey), 'a task is accepted once').toBe(false);
        this.accepted.add(effect.taskKey);
        if (event.kind !== 'enqueue') throw new Error('accept answers an enqueue');
        const spec = event.task;
        const { laneId, queuePosition } = effect.acceptance;
        this.#age += 1;
        const ahead = this.queued().filter((task) => task.laneId === laneId && task.spec.priority === spec.priority);
        expect(queuePosition, 'queue_position counts what is ahead in class and lane').toBe(ahead.length);
        this.tasks.set(spec.taskKey, {
          spec,
          laneId,
          changedLane: false,
          age: this.#age,
          state: 'queued',
          attempt: 0,
          replica: null,
          setId: null,
          firstToken: false,
          moved: 0,
        });
        return;
      }
      case 'refuse':
        expect(this.accepted.has(effect.taskKey), 'a task is refused or accepted').toBe(false);
        return;
      case 'dispatch':
        return this.#checkDispatch(effect);
      case 'requeued': {
        const task = this.#task(effect.taskKey);
        if (effect.because === 'failed') expect(event.kind, 'only a failed attempt is requeued').toBe('ended');
        else task.moved += 1;
        expect(task.state).toBe('running');
        expect(task.firstToken && task.spec.determinism === 'best_effort', 'best_effort never re-runs after its first token').toBe(false);
        task.state = 'queued';
        this.#front -= 1;
        task.age = this.#front;
        return;
      }
      case 'finish': {
        const task = this.#task(effect.taskKey);
        if (effect.end.kind === 'failed' && effect.end.error === 'dropped')
          expect(task.attempt, 'a task that ran is never a victim').toBe(0);
        this.tasks.delete(effect.taskKey);
        this.ended.add(effect.taskKey);
        if (task.state === 'running' && task.replica !== null && event.kind !== 'ended') this.#release(task.replica, task);
        return;
      }
      case 'abort':
        if (effect.reason === 'drained') {
          const task = this.#task(effect.taskKey);
          expect([task.state, task.attempt, task.replica?.id]).toEqual(['running', effect.attempt, effect.replicaId]);
          expect(this.drained, 'only a drain stops what runs').toContain(task.replica?.poolId);
          if (task.replica !== null) this.#release(task.replica, task);
          task.replica = null;
          return;
        }
        expect(this.ended.has(effect.taskKey), 'an abort follows the end of its task').toBe(true);
        return;
      case 'breaker': {
        const before = this.breakers.get(breakerOf(effect)) ?? 'closed';
        const allowed = { closed: ['open'], open: ['half_open', 'closed'], half_open: ['open', 'closed'] }[before];
        expect(allowed, `${breakerOf(effect)} was ${before}`).toContain(effect.state);
        if (effect.state === 'closed') this.breakers.delete(breakerOf(effect));
        else this.breakers.set(breakerOf(effect), effect.state);
        return;
      }
      case 'restartReplica': {
        const replica = this.replicas.get(effect.replicaId);
        if (effect.cause.includes('breaker')) {
          expect(this.breakers.get(`replica ${effect.replicaId}`), 'only a breaker that opens again costs a restart').toBe('open');
          return;
        }
        expect(
          replica?.releasing.some(({ sinceMs }) => sinceMs + GRACE_MS <= this.nowMs),
          'only a slot past its grace costs a restart',
        ).toBe(true);
        return;
      }
      case 'evictSession':
        expect(this.replicas.get(effect.replicaId)?.up, 'only a live replica can evict').toBe(true);
        return;
    }
  }

  #checkDispatch(effect: Extract<CoreEffect, { kind: 'dispatch' }>): void {
    const task = this.#task(effect.taskKey);
    expect(task.state, 'attempts never overlap').toBe('queued');
    expect(effect.attempt, 'attempts count up').toBe(task.attempt + 1);
    expect(effect.attempt).toBeLessThanOrEqual(this.config.maxAttempts + task.moved);
    const replica = this.replicas.get(effect.replicaId);
    if (replica === undefined) throw new Error(`dispatch to unknown ${effect.replicaId}`);
    expect(replica.up && replica.ready, 'only Ready replicas get tasks').toBe(true);
    expect(replica.draining, 'a drained pool gets nothing').toBe(false);
    for (const breaker of [`replica ${replica.id}`, `pool ${replica.poolId}`]) {
      if (replica.leaving && breaker.startsWith('pool')) continue;
      expect(this.breakers.get(breaker), 'an open breaker lets nothing through').not.toBe('open');
      if (this.breakers.get(breaker) !== 'half_open') continue;
      const probe = this.probes.get(breaker);
      expect(probe !== undefined && replica.running.has(probe), 'a half-open breaker lets one attempt through').toBe(false);
      this.probes.set(breaker, `${task.spec.taskKey}#${effect.attempt}`);
    }
    const onlyOwn = replica.leaving && this.scheduler.lanes().some((lane) => lane.laneId === task.laneId && lane.poolIds.length > 0);
    if (onlyOwn && task.attempt === 0)
      expect(task.spec.pinPoolId, 'a replica that leaves takes nothing that others can').toBe(replica.poolId);
    expect(replica.running.size + replica.releasing.length, 'never over capacity, releasing slots included').toBeLessThan(replica.slots);
    expect(
      replica.releasing.every(({ sinceMs }) => sinceMs + GRACE_MS > this.nowMs),
      'a replica to be restarted gets nothing',
    ).toBe(true);
    if (task.spec.pinPoolId !== null) expect(effect.poolId).toBe(task.spec.pinPoolId);
    if (task.setId !== null) expect(replica.setId, 'a strict re-run stays in its set').toBe(task.setId);
    if (task.attempt === 0) {
      const passed = this.queued().filter(
        (other) =>
          other !== task &&
          other.attempt === 0 &&
          other.age < task.age &&
          other.laneId === task.laneId &&
          other.spec.tenantId === task.spec.tenantId &&
          other.spec.priority === task.spec.priority &&
          ((other.spec.pinPoolId === null && !onlyOwn) || other.spec.pinPoolId === effect.poolId),
      );
      expect(
        passed.map((other) => other.spec.taskKey),
        'FIFO inside class and tenant',
      ).toEqual([]);
    }
    task.state = 'running';
    task.attempt = effect.attempt;
    task.replica = replica;
    task.firstToken = false;
    if (task.spec.determinism === 'strict') task.setId ??= replica.setId;
    replica.running.add(`${task.spec.taskKey}#${task.attempt}`);
  }

  /** An event may move several tasks, each to a lane of its own: all of them before anything is said of any. */
  #followLanes(): void {
    for (const task of this.tasks.values()) {
      const laneId = this.scheduler.task(task.spec.taskKey, this.nowMs)?.laneId ?? task.laneId;
      task.changedLane ||= laneId !== task.laneId;
      task.laneId = laneId;
    }
  }

  #checkState(): void {
    const queued = this.queued();
    for (const task of this.tasks.values()) {
      const figures = this.scheduler.task(task.spec.taskKey, this.nowMs);
      expect(figures?.state, `state of ${task.spec.taskKey}`).toBe(task.state);
      if (task.state !== 'queued' || figures === undefined) continue;
      const ahead = queued.filter(
        (other) => other.laneId === task.laneId && other.spec.priority === task.spec.priority && other.age < task.age,
      );
      expect(figures.queuePosition, `position of ${task.spec.taskKey}`).toBe(ahead.length);
    }
    for (const figures of this.scheduler.replicas()) {
      const replica = this.replicas.get(figures.replicaId);
      expect([figures.running, figures.releasing], `slots of ${figures.replicaId}`).toEqual([
        replica?.running.size,
        replica?.releasing.length,
      ]);
    }
    for (const lane of this.scheduler.lanes()) {
      const neverRan = queued.filter((task) => task.laneId === lane.laneId && task.attempt === 0 && !task.changedLane).length;
      expect(neverRan, 'a queue is never longer than its capacity').toBeLessThanOrEqual(Math.max(lane.capacity, this.#grandfathered));
    }
    // No slot idles beside a task that may use it.
    for (const replica of this.replicas.values()) {
      if (!replica.up || !replica.ready || replica.leaving || replica.draining || replica.suspectUntilMs > this.nowMs) continue;
      if (replica.running.size + replica.releasing.length >= replica.slots) continue;
      if (replica.releasing.some(({ sinceMs }) => sinceMs + GRACE_MS <= this.nowMs)) continue;
      const isShed = this.breakers.has(`replica ${replica.id}`) || this.breakers.has(`pool ${replica.poolId}`);
      // Half-open a slot idles only while another one probes, be it of a worker that is gone and whose attempts have not ended yet.
      const probes = this.running().some((task) => task.replica?.poolId === replica.poolId);
      if (isShed && (probes || [...this.breakers.values()].includes('open'))) continue;
      const laneId = this.scheduler.replicas().find((figures) => figures.replicaId === replica.id)?.laneId;
      const waiting = queued.filter(
        (task) => task.laneId === laneId && task.attempt === 0 && (task.spec.pinPoolId === null || task.spec.pinPoolId === replica.poolId),
      );
      expect(
        waiting.map((task) => task.spec.taskKey),
        `${replica.id} idles`,
      ).toEqual([]);
    }
  }

  /** A reload may shrink a queue below what it holds; nothing is lost for that. */
  #grandfathered = 0;

  configure(config: CoreConfig): void {
    this.#grandfathered = Math.max(this.#grandfathered, this.queued().length);
    for (const replica of this.replicas.values()) {
      const after = config.pools.find((pool) => pool.poolId === replica.poolId);
      const isOf = after?.ctxTokens === replica.ctxTokens;
      if (isOf) {
        replica.leaving = false;
        replica.draining = this.drained.has(replica.poolId);
        replica.slots = after.slots;
      } else if (!replica.leaving) {
        // A replica that could finish nothing is let go at once.
        if (!replica.ready || replica.draining) replica.up = false;
        replica.leaving = true;
      }
    }
    for (const poolId of POOLS) {
      const after = config.pools.find((pool) => pool.poolId === poolId);
      if (after?.ctxTokens !== this.pool(poolId)?.ctxTokens) this.breakers.delete(`pool ${poolId}`);
    }
    for (const poolId of this.drained) if (!config.pools.some((pool) => pool.poolId === poolId)) this.drained.delete(poolId);
    this.config = config;
    this.send({ kind: 'configured', nowMs: this.nowMs, config });
  }

  up(poolId: string, numerics: string, restart: boolean): void {
    const pool = this.pool(poolId);
    if (pool === undefined) return;
    const old = this.live(poolId);
    const isNew = old === undefined || restart;
    const number = isNew ? (this.starts.get(poolId) ?? 0) + 1 : Number(old.id.split('/')[1]);
    if (isNew) this.starts.set(poolId, number);
    if (old !== undefined && restart) old.up = false;
    const spec = aReplica(poolId, {
      replicaId: `${poolId}/${number}`,
      numerics: old === undefined || restart ? numerics : (old.setId.at(-1) ?? ''),
    });
    const replica =
      old !== undefined && !restart ? old : this.#newReplica(spec.replicaId, poolId, `${pool.ctxTokens}-${numerics}`, pool.slots);
    replica.ready = true;
    replica.suspectUntilMs = 0;
    replica.slots = pool.slots;
    this.send({ kind: 'replicaUp', nowMs: this.nowMs, replica: spec });
  }

  #newReplica(id: string, poolId: string, setId: string, slots: number): ModelReplica {
    const replica: ModelReplica = {
      id,
      poolId,
      setId,
      slots,
      up: true,
      ready: true,
      ctxTokens: this.pool(poolId)?.ctxTokens ?? 0,
      draining: this.drained.has(poolId),
      leaving: false,
      suspectUntilMs: 0,
      running: new Set(),
      releasing: [],
    };
    this.replicas.set(id, replica);
    return replica;
  }

  end(task: ModelTask, outcome: AttemptOutcome, slotFree: boolean): void {
    const { replica, attempt } = task;
    if (replica === null) throw new Error('a running task has a replica');
    replica.running.delete(`${task.spec.taskKey}#${attempt}`);
    if (!slotFree) replica.releasing.push({ attempt: `${task.spec.taskKey}#${attempt}`, sinceMs: this.nowMs });
    if (outcome.kind === 'failed' && outcome.mayRunAgain) replica.suspectUntilMs = this.nowMs + 30_000;
    this.send({ kind: 'ended', nowMs: this.nowMs, taskKey: task.spec.taskKey, attempt, outcome, slotFree });
  }

  freeSlot(replica: ModelReplica, how: 'slotFreed' | 'ended'): void {
    const slot = replica.releasing.shift();
    if (slot === undefined) return;
    const [taskKey = '', attempt = ''] = slot.attempt.split('#');
    if (how === 'slotFreed') this.send({ kind: how, nowMs: this.nowMs, replicaId: replica.id, taskKey, attempt: Number(attempt) });
    else this.send({ kind: how, nowMs: this.nowMs, taskKey, attempt: Number(attempt), outcome: { kind: 'aborted' }, slotFree: true });
  }

  /** The end of an attempt that is no longer the task's: at most its slot is of interest. */
  lateEnd(task: ModelTask): void {
    const attempt = task.state === 'queued' ? task.attempt : task.attempt - 1;
    for (const replica of this.replicas.values()) {
      replica.releasing = replica.releasing.filter((slot) => slot.attempt !== `${task.spec.taskKey}#${attempt}`);
    }
    this.send({ kind: 'ended', nowMs: this.nowMs, taskKey: task.spec.taskKey, attempt, outcome: succeeded(), slotFree: true });
  }

  #release(replica: ModelReplica, task: ModelTask): void {
    const attempt = `${task.spec.taskKey}#${task.attempt}`;
    replica.running.delete(attempt);
    replica.releasing.push({ attempt, sinceMs: this.nowMs });
  }

  #task(taskKey: string): ModelTask {
    expect(this.ended.has(taskKey), `nothing is said about ${taskKey} after its end`).toBe(false);
    const task = this.tasks.get(taskKey);
    if (task === undefined) throw new Error(`effect about unknown ${taskKey}`);
    return task;
  }

  down(replica: ModelReplica): void {
    replica.up = false;
    this.send({ kind: 'replicaDown', nowMs: this.nowMs, replicaId: replica.id });
  }

  startDrain(poolId: string, graceMs: number, returns: boolean): void {
    if (this.pool(poolId) === undefined) return;
    this.drained.add(poolId);
    for (const replica of this.replicas.values()) if (replica.poolId === poolId && !replica.leaving) replica.draining = true;
    this.send({ kind: 'poolDrained', nowMs: this.nowMs, poolId, abortAtMs: this.nowMs + graceMs, returns });
  }

  resume(poolId: string): void {
    this.drained.delete(poolId);
    for (const replica of this.replicas.values()) if (replica.poolId === poolId && !replica.leaving) replica.draining = false;
    this.send({ kind: 'poolResumed', nowMs: this.nowMs, poolId });
  }

  /** Everything comes back and does its work: then every task must end. */
  drain(): void {
    for (const poolId of this.drained) this.resume(poolId);
    for (const pool of this.config.pools) this.up(pool.poolId, '1', true);
    for (let round = 0; this.tasks.size > 0; round++) {
      expect(round, 'every admitted task ends').toBeLessThan(2000);
      for (const task of this.running())
        if (this.tasks.has(task.spec.taskKey) && task.state === 'running') this.end(task, succeeded(), true);
      for (const replica of this.replicas.values()) if (replica.releasing.length > 0) this.freeSlot(replica, 'slotFreed');
      this.nowMs += 1000;
      this.send({ kind: 'tick', nowMs: this.nowMs });
      // Their owner lets them go in the end, idle or not.
      if (round === 50) for (const replica of this.replicas.values()) if (replica.up && replica.leaving) this.down(replica);
    }
    expect([...this.accepted].toSorted()).toEqual([...this.ended].toSorted());
    for (const lane of this.scheduler.lanes()) expect([lane.queued.interactive, lane.queued.batch, lane.running]).toEqual([0, 0, 0]);
  }
}

/** One step of a run; indices pick among what is there, so that shrinking keeps steps meaningful. */
class Step implements fc.Command<object, World> {
  readonly #name: string;
  readonly #run: (world: World) => void;

  constructor(name: string, run: (world: World) => void) {
    this.#name = name;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  run(_: object, world: World): void {
    this.#run(world);
  }

  toString(): string {
    return this.#name;
  }
}

const pick = <T>(items: readonly T[], index: number): T | undefined => (items.length === 0 ? undefined : items[index % items.length]);
const POOLS = ['a', 'b', 'c', 'd'];

const enqueue = fc
  .record({
    tenantId: fc.constantFrom('t', 'u', 'v'),
    sessionKey: fc.constantFrom('s1', 's2', 's3', 's4', 's5'),
    priority: fc.constantFrom('interactive', 'batch'),
    determinism: fc.constantFrom('strict', 'strict', 'best_effort'),
    promptTokens: fc.integer({ min: 0, max: 1100 }),
    maxTokens: fc.option(fc.integer({ min: 1, max: 300 })),
    ctxTokens: fc.option(fc.constantFrom(500, 1000, 1500, 3000), { freq: 8 }),
    deadlineMs: fc.option(fc.integer({ min: 1, max: 20_000 }), { freq: 4 }),
    pinPoolId: fc.option(fc.constantFrom(...POOLS), { freq: 4 }),
    kvHint: fc.constantFrom('reuse', 'cold'),
    label: fc.option(fc.constant('x'), { freq: 6 }),
  } as const)
  .map(
    (over) =>
      new Step(`enqueue ${JSON.stringify(over)}`, (world) => {
        world.made += 1;
        world.send({ kind: 'enqueue', nowMs: world.nowMs, task: aTask({ ...over, taskKey: `k${world.made}` }) });
      }),
  );

const onTask = (name: string, state: 'queued' | 'running' | 'any', run: (world: World, task: ModelTask) => void): fc.Arbitrary<Step> =>
  fc.nat({ max: 50 }).map(
    (index) =>
      new Step(`${name} ${index}`, (world) => {
        const task = pick(
          [...world.tasks.values()].filter((each) => state === 'any' || each.state === state),
          index,
        );
        if (task !== undefined) run(world, task);
      }),
  );
const onReplica = (name: string, run: (world: World, replica: ModelReplica) => void): fc.Arbitrary<Step> =>
  fc.nat({ max: 10 }).map(
    (index) =>
      new Step(`${name} ${index}`, (world) => {
        const replica = pick(
          [...world.replicas.values()].filter((each) => each.up),
          index,
        );
        if (replica !== undefined) run(world, replica);
      }),
  );

/** Opens at the first failure. */
const touchy = aBreaker({
  replica: { failures: 1, windowMs: 60_000 },
  pool: { failures: 2, windowMs: 60_000 },
  failureRatio: 0,
  openMs: 1_000,
  restartAfter: 2,
});

const poolsWith = (fullPolicy: FullPolicy, queueCapacity: number): PoolSpec[] => [
  aPool({ poolId: 'a', host: 'h1', slots: 1, queueCapacity, fullPolicy }),
  aPool({ poolId: 'b', host: 'h2', slots: 1, queueCapacity, fullPolicy, classCaps: { batch: 1 } }),
  aPool({ poolId: 'c', host: 'h2', slots: 3, queueCapacity, fullPolicy, determinism: 'batch_invariant', kvReuseVerified: true }),
  aPool({ poolId: 'd', host: 'h3', slots: 2, queueCapacity, fullPolicy, determinism: 'none', ctxTokens: 2000 }),
];
const anyConfig = fc
  .record({
    policy: fc.constantFrom<FullPolicy>('reject', 'drop-lru', 'shed-low-priority'),
    capacity: fc.integer({ min: 0, max: 6 }),
    sessions: fc.integer({ min: 1, max: 4 }),
    breaker: fc.constantFrom(null, touchy, touchy, { ...touchy, slo: { firstTokenMs: 1, misses: 1, ratio: 0.5 } }),
  })
  .map(({ policy, capacity, sessions, breaker }) =>
    aConfig({
      pools: poolsWith(policy, capacity).map((pool) => ({
        ...pool,
        wallTimeoutMs: 60_000,
        idleTimeoutMs: 20_000,
        cancelGraceMs: GRACE_MS,
      })),
      canaries: [{ id: 'x', modelDigest: 'sha256:m', percent: 50, label: 'x' }],
      tenants: [aTenant({ tenantId: 'u', weight: 3 }), aTenant({ tenantId: 'v', weight: 0.5, maxConcurrentTasks: 6 })],
      sessions: { ttlMs: 30_000, maxTurns: 3, maxSessions: sessions },
      maxAttempts: 3,
      breaker,
      unavailableGraceMs: 10_000,
    }),
  );

const up = fc
  .record({ poolId: fc.constantFrom(...POOLS), numerics: fc.constantFrom('1', '1', '2'), restart: fc.boolean() })
  .map(({ poolId, numerics, restart }) => new Step(`up ${poolId} ${numerics} ${restart}`, (world) => world.up(poolId, numerics, restart)));

const commands = [
  // Most steps take something away: without many newcomers and workers that come up nothing would run.
  ...Array.from({ length: 30 }, () => enqueue),
  ...Array.from({ length: 10 }, () => up),
  onTask('cancel', 'any', (world, { spec }) => world.send({ kind: 'cancel', nowMs: world.nowMs, taskKey: spec.taskKey })),
  onTask('succeed', 'running', (world, task) => world.end(task, succeeded(), true)),
  onTask('succeed', 'running', (world, task) => world.end(task, succeeded(), true)),
  onTask('succeed, slot held', 'running', (world, task) => world.end(task, succeeded(), false)),
  onTask('break', 'running', (world, task) => world.end(task, broken(), true)),
  onTask('break, slot held', 'running', (world, task) => world.end(task, broken(), false)),
  onTask('refused by the engine', 'running', (world, task) =>
    world.end(task, broken({ error: 'engine-rejected', mayRunAgain: false }), true),
  ),
  onTask('stopped by the controller', 'running', (world, task) => world.end(task, { kind: 'aborted' }, true)),
  onTask('first token', 'running', (world, task) => {
    task.firstToken = true;
    world.send({ kind: 'firstToken', nowMs: world.nowMs, taskKey: task.spec.taskKey, attempt: task.attempt });
  }),
  onTask('progress', 'running', (world, task) =>
    world.send({ kind: 'progress', nowMs: world.nowMs, taskKey: task.spec.taskKey, attempt: task.attempt, tokensOut: 3 }),
  ),
  onTask('late end of an older attempt', 'any', (world, task) => world.lateEnd(task)),
  onReplica('free a slot', (world, replica) => world.freeSlot(replica, 'slotFreed')),
  onReplica('confirm an abort', (world, replica) => world.freeSlot(replica, 'ended')),
  onReplica('pause', (world, replica) => {
    replica.ready = false;
    world.send({ kind: 'replicaPaused', nowMs: world.nowMs, replicaId: replica.id });
  }),
  onReplica('down', (world, replica) => world.down(replica)),
  fc
    .record({ poolId: fc.constantFrom(...POOLS), state: fc.constantFrom('starting', 'down') } as const)
    .map(
      ({ poolId, state }) =>
        new Step(`${poolId} ${state}`, (world) => world.send({ kind: 'poolState', nowMs: world.nowMs, poolId, state })),
    ),
  fc
    .record({ poolId: fc.constantFrom(...POOLS), graceMs: fc.constantFrom(0, 0, 500, 5_000), returns: fc.boolean() })
    .map(
      ({ poolId, graceMs, returns }) =>
        new Step(`drain ${poolId} within ${graceMs}, returns ${returns}`, (world) => world.startDrain(poolId, graceMs, returns)),
    ),
  fc.constantFrom(...POOLS).map((poolId) => new Step(`resume ${poolId}`, (world) => world.resume(poolId))),
  fc.integer({ min: 1, max: 15_000 }).map(
    (ms) =>
      new Step(`wait ${ms}`, (world) => {
        world.nowMs += ms;
        world.send({ kind: 'tick', nowMs: world.nowMs });
      }),
  ),
  fc
    .constantFrom('s1', 's2', 's3')
    .map(
      (sessionKey) => new Step(`delete ${sessionKey}`, (world) => world.send({ kind: 'sessionDeleted', nowMs: world.nowMs, sessionKey })),
    ),
  fc
    .record({
      without: fc.option(fc.constantFrom(...POOLS)),
      ctx: fc.constantFrom(1000, 1000, 1500),
      slots: fc.integer({ min: 1, max: 3 }),
      canary: fc.constantFrom(null, 'a', 'b'),
    })
    .map(
      ({ without, ctx, slots, canary }) =>
        new Step(`reload without ${without}, ctx ${ctx}, ${slots} slots, canary ${canary}`, (world) => {
          const pools = poolsWith(world.config.pools[0]?.fullPolicy ?? 'reject', world.config.pools[0]?.queueCapacity ?? 1)
            .filter((pool) => pool.poolId !== without)
            .map((pool) => ({ ...pool, wallTimeoutMs: 60_000, idleTimeoutMs: 20_000, cancelGraceMs: GRACE_MS }))
            .map((pool) => (pool.poolId === 'b' ? { ...pool, ctxTokens: ctx } : pool))
            .map((pool) => (pool.poolId === 'c' ? { ...pool, slots } : pool))
            .map((pool) => (pool.poolId === canary ? { ...pool, canary: 'x' } : pool));
          world.configure({ ...world.config, pools });
        }),
    ),
  fc.boolean().map((on) => new Step(`breakers ${on}`, (world) => world.configure({ ...world.config, breaker: on ? touchy : null }))),
  fc
    .record({
      fullPolicy: fc.constantFrom<FullPolicy>('reject', 'drop-lru', 'shed-low-priority'),
      queueCapacity: fc.integer({ min: 0, max: 6 }),
      weight: fc.constantFrom(0.1, 1, 50),
      most: fc.option(fc.integer({ min: 0, max: 4 })),
      tokensPerMinute: fc.option(fc.integer({ min: 1, max: 4000 })),
      budget: fc.option(fc.integer({ min: 1, max: 3000 })),
      maxSessions: fc.integer({ min: 1, max: 4 }),
    })
    .map(
      ({ fullPolicy, queueCapacity, weight, most, tokensPerMinute, budget, maxSessions }) =>
        new Step(`retune ${JSON.stringify({ fullPolicy, queueCapacity, weight, most, tokensPerMinute, budget, maxSessions })}`, (world) => {
          const limits = { weight, maxQueuedTasks: most, maxConcurrentTasks: most === null ? null : 3 * most, tokensPerMinute };
          const sessionBudgets = { tokens: budget, slotMs: budget === null ? null : 100 * budget, cost: budget };
          world.configure({
            ...world.config,
            pools: world.config.pools.map((pool) => ({
              ...pool,
              fullPolicy,
              queueCapacity,
              price: { perInputToken: weight, perOutputToken: 1, perSlotMs: 0 },
            })),
            tenants: [
              aTenant({ tenantId: 'u', ...limits, sessionBudgets }),
              aTenant({ tenantId: 'v', weight: 1 / weight, sessionBudgets }),
            ],
            classes: {
              interactive: { weight, rate: null },
              batch: { weight: 1, rate: tokensPerMinute === null ? null : { perSecond: 1, burst: 3 } },
            },
            sessions: { ...world.config.sessions, maxSessions },
          });
        }),
    ),
];

const runs = (): number => Number(process.env['FC_RUNS'] ?? 150);

test('[ORCH-2101] [ORCH-3031] [ORCH-3004] [ORCH-3005] [ORCH-3010] [ORCH-3017] [ORCH-3026] [ORCH-3301] no task is lost, doubled, reordered or run where it may not', () => {
  fc.assert(
    fc.property(anyConfig, fc.commands(commands, { maxCommands: 120, size: 'max' }), (config, steps) => {
      const world = new World(config);
      for (const pool of config.pools) world.up(pool.poolId, '1', true);
      fc.modelRun(() => ({ model: {}, real: world }), steps);
      world.drain();
    }),
    { numRuns: runs() },
  );
}, 120_000);
