/** Configs, tasks and a driver for the tests of this package. Not part of the published package. */
import type { CoreEffect } from './effect.ts';
import type { AttemptOutcome, CoreEvent } from './event.ts';
import type { BreakerSpec, CoreConfig, PoolSpec, ReplicaSpec, TaskSpec, TenantSpec } from './model.ts';
import type { Scheduler } from './ports.ts';
import { createScheduler } from './scheduler.ts';

export const aPool = (over: Partial<PoolSpec> = {}): PoolSpec => ({
  poolId: 'a',
  host: 'host-1',
  engine: 'llamacpp',
  modelDigest: 'sha256:m',
  quant: 'q4',
  ctxTokens: 1000,
  samplerProfileVersion: 'v1',
  workloads: ['completion'],
  determinism: 'single_slot',
  kvReuseVerified: false,
  canary: null,
  slots: 1,
  kvBytesPerToken: null,
  price: { perInputToken: 0, perOutputToken: 0, perSlotMs: 0 },
  queueCapacity: 100,
  fullPolicy: 'reject',
  classCaps: {},
  defaultDeadlineMs: null,
  wallTimeoutMs: 600_000,
  idleTimeoutMs: 60_000,
  cancelGraceMs: 1000,
  ...over,
});

export const aTenant = (over: Partial<TenantSpec> = {}): TenantSpec => ({
  tenantId: 't',
  weight: 1,
  rate: null,
  tokensPerMinute: null,
  maxConcurrentTasks: null,
  maxQueuedTasks: null,
  maxKvBytes: null,
  sessionBudgets: { tokens: null, slotMs: null, cost: null },
  ...over,
});

export const aConfig = (over: Partial<CoreConfig> = {}): CoreConfig => ({
  pools: [aPool()],
  canaries: [],
  tenants: [],
  defaultTenant: aTenant(),
  classes: { interactive: { weight: 8, rate: null }, batch: { weight: 1, rate: null } },
  sessions: { ttlMs: 600_000, maxTurns: 8, maxSessions: 1000 },
  maxAttempts: 3,
  breaker: null,
  unavailableGraceMs: 30_000,
  ...over,
});

/** Opens at the third incident in a minute; its pool's at the fifth in ten. */
export const aBreaker = (over: Partial<BreakerSpec> = {}): BreakerSpec => ({
  replica: { failures: 3, windowMs: 60_000 },
  pool: { failures: 5, windowMs: 600_000 },
  failureRatio: 0.5,
  openMs: 5_000,
  maxOpenMs: 15_000,
  restartAfter: 3,
  slo: null,
  ...over,
});

export const aTask = (over: Partial<TaskSpec> = {}): TaskSpec => {
  const taskKey = over.taskKey ?? 'task';
  return {
    taskKey,
    tenantId: 't',
    sessionKey: `session of ${taskKey}`,
    priority: 'interactive',
    workload: 'completion',
    modelDigest: 'sha256:m',
    engine: null,
    ctxTokens: null,
    promptTokens: 10,
    maxTokens: 20,
    deadlineMs: null,
    determinism: 'strict',
    samplerProfileVersion: null,
    pinPoolId: null,
    expectedTokens: null,
    kvHint: 'reuse',
    label: null,
    ...over,
  };
};

export const aReplica = (poolId = 'a', over: Partial<ReplicaSpec> = {}): ReplicaSpec => ({
  replicaId: `${poolId}/1`,
  poolId,
  engineVersion: 'e1',
  numerics: 'n1',
  slots: 64,
  ...over,
});

export const succeeded = (over: Partial<Extract<AttemptOutcome, { kind: 'succeeded' }>> = {}): AttemptOutcome => ({
  kind: 'succeeded',
  finishReason: 'stop',
  tokensIn: 10,
  tokensOut: 5,
  cachedTokens: 0,
  ...over,
});

export const broken = (over: Partial<Extract<AttemptOutcome, { kind: 'failed' }>> = {}): AttemptOutcome => ({
  kind: 'failed',
  error: 'worker-reset',
  message: 'connection reset',
  mayRunAgain: true,
  ...over,
});

type WithoutTime<E> = E extends CoreEvent ? Omit<E, 'nowMs'> : never;

/** A scheduler with its own clock: `send` returns the effects of one event at the current time. */
export class Driver {
  readonly scheduler: Scheduler;
  nowMs = 0;

  constructor(config: CoreConfig = aConfig(), up: readonly ReplicaSpec[] = config.pools.map((pool) => aReplica(pool.poolId))) {
    this.scheduler = createScheduler(config);
    for (const replica of up) this.send({ kind: 'replicaUp', replica });
  }

  send(event: WithoutTime<CoreEvent>): readonly CoreEffect[] {
    return this.scheduler.handle({ ...event, nowMs: this.nowMs });
  }

  /** Let time pass without anybody noticing but the next event. */
  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  enqueue(over: Partial<TaskSpec> = {}): readonly CoreEffect[] {
    return this.send({ kind: 'enqueue', task: aTask(over) });
  }

  end(taskKey: string, outcome: AttemptOutcome = succeeded(), attempt = 1, slotFree = true): readonly CoreEffect[] {
    return this.send({ kind: 'ended', taskKey, attempt, outcome, slotFree });
  }

  tick(ms = 0): readonly CoreEffect[] {
    return this.wait(ms).send({ kind: 'tick' });
  }
}

/** The first effect of a kind; fails where there is none. */
export function only<K extends CoreEffect['kind']>(effects: readonly CoreEffect[], kind: K): Extract<CoreEffect, { kind: K }> {
  const found = effects.filter((effect): effect is Extract<CoreEffect, { kind: K }> => effect.kind === kind);
  if (found[0] === undefined || found.length > 1) {
    throw new Error(`expected one ${kind}, got ${effects.map((effect) => effect.kind).join(', ') || 'nothing'}`);
  }
  return found[0];
}

/** Keys of the tasks that were dispatched, in order. */
export function dispatched(effects: readonly CoreEffect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === 'dispatch' ? [effect.taskKey] : []));
}
