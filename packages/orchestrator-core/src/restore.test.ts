import { expect, test } from 'vitest';
import type { CoreEffect } from './effect.ts';
import type { RestoredState, RestoredTask } from './event.ts';
import { aConfig, aPool, aReplica, aTask, aTenant, broken, dispatched, Driver, only, succeeded } from './fixture.ts';
import type { CoreConfig, TaskSpec } from './model.ts';
import { toLaneId } from './lane.ts';

const lane = toLaneId(aPool());

const waiting = (over: Partial<TaskSpec> = {}, more: Partial<RestoredTask> = {}): RestoredTask => ({
  spec: aTask(over),
  acceptance: {
    laneId: lane,
    engine: 'llamacpp',
    ctxTokens: 1000,
    maxTokens: 20,
    deadlineMs: over.deadlineMs ?? null,
    samplerProfileVersion: 'v1',
  },
  acceptedAtMs: -1_000,
  attempts: 0,
  set: null,
  failedOn: [],
  firstTokenShown: false,
  ...more,
});

/** As it was dispatched before the restart, to a replica like the fixture's. */
const ran = (over: Partial<TaskSpec> = {}, more: Partial<RestoredTask> = {}): RestoredTask =>
  waiting(over, { attempts: 1, set: setOf(over), ...more });

const setOf = ({ determinism = 'strict' }: Partial<TaskSpec>): RestoredTask['set'] =>
  determinism === 'strict' ? { id: 'llamacpp/sha256:m/q4/ctx1000/e1/v1/n1', engineVersion: 'e1' } : null;

const restart = (state: Partial<RestoredState>, config: CoreConfig = aConfig()): { driver: Driver; effects: readonly CoreEffect[] } => {
  const driver = new Driver(config, []);
  const effects = driver.send({ kind: 'restored', state: { tasks: [], sessions: [], budgets: [], spends: [], ...state } });
  return { driver, effects };
};

/** Serve everything that waits, one task at a time, and tell in which order. */
const serveAll = (driver: Driver, first: readonly CoreEffect[]): string[] => {
  const order: string[] = [];
  let effects = first;
  for (;;) {
    const dispatch = effects.find((effect) => effect.kind === 'dispatch');
    if (dispatch?.kind !== 'dispatch') return order;
    order.push(dispatch.taskKey);
    effects = driver.end(dispatch.taskKey, succeeded(), dispatch.attempt);
  }
};

test('[ORCH-3302] after a restart interrupted tasks run first, the oldest before the others, and waiting ones keep their order', () => {
  const tasks = [
    waiting({ taskKey: 'w1' }),
    ran({ taskKey: 'r1' }),
    waiting({ taskKey: 'w2' }),
    ran({ taskKey: 'r2' }),
    waiting({ taskKey: 'w3' }),
  ];
  const { driver, effects } = restart({ tasks });
  expect(effects).toEqual([]);
  const up = driver.send({ kind: 'replicaUp', replica: aReplica() });
  expect(only(up, 'dispatch')).toMatchObject({ taskKey: 'r1', attempt: 2, set: setOf({}) });
  expect(serveAll(driver, up)).toEqual(['r1', 'r2', 'w1', 'w2', 'w3']);
});

test('[ORCH-3302] a deadline goes on while no controller runs: one that passed meanwhile ends its task at once', () => {
  const late = waiting({ taskKey: 'late', deadlineMs: 900 });
  const early = waiting({ taskKey: 'early', deadlineMs: 1_500 });
  const { driver, effects } = restart({ tasks: [late, early] });
  expect(only(effects, 'finish')).toMatchObject({ taskKey: 'late', end: { error: 'deadline-passed' } });
  expect(driver.tick(499)).toEqual([]);
  expect(only(driver.tick(1), 'finish')).toMatchObject({ taskKey: 'early', end: { error: 'deadline-passed' } });
});

test('[ORCH-3302] a best_effort task that showed text ends with worker-reset and a retry hint; one that did not runs again anywhere', () => {
  const shown = ran({ taskKey: 'shown', determinism: 'best_effort' }, { firstTokenShown: true });
  const silent = ran({ taskKey: 'silent', determinism: 'best_effort' });
  const { driver, effects } = restart({ tasks: [shown, silent] });
  const { taskKey, end } = only(effects, 'finish');
  expect({ taskKey, end }).toMatchObject({ taskKey: 'shown', end: { kind: 'failed', error: 'worker-reset' } });
  expect(end.kind === 'failed' && (end.retryAfterMs ?? 0) > 0).toBe(true);
  const up = driver.send({ kind: 'replicaUp', replica: aReplica('a', { numerics: 'other' }) });
  expect(dispatched(up)).toEqual(['silent']);
});

test('[ORCH-3301] an interrupted strict task waits for its set: other numerics do not serve it, and it ends when no pool can be of its set', () => {
  const pools = [aPool(), aPool({ poolId: 'b' })];
  const { driver } = restart({ tasks: [ran()] }, aConfig({ pools }));
  expect(driver.send({ kind: 'replicaUp', replica: aReplica('a', { numerics: 'other' }) })).toEqual([]);
  driver.tick(60_000);
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica('b') }))).toEqual(['task']);

  const other = restart({ tasks: [ran()] }, aConfig({ pools }));
  other.driver.send({ kind: 'replicaUp', replica: aReplica('a', { numerics: 'other' }) });
  const lost = other.driver.send({ kind: 'replicaUp', replica: aReplica('b', { numerics: 'other' }) });
  expect(only(lost, 'finish')).toMatchObject({ end: { error: 'worker-reset' } });
});

test('[ORCH-3301] attempts that failed before the restart count, the interrupted one does not, and their replica is still avoided', () => {
  const pools = [aPool(), aPool({ poolId: 'b' })];
  const failedOn = [{ replicaId: 'a/1', poolId: 'a', host: 'host-1' }];
  const { driver } = restart({ tasks: [ran({}, { attempts: 2, failedOn })] }, aConfig({ pools }));
  const busy = driver.send({ kind: 'replicaUp', replica: aReplica('b') });
  expect(only(busy, 'dispatch')).toMatchObject({ replicaId: 'b/1', attempt: 3, failedOn });
  driver.send({ kind: 'replicaUp', replica: aReplica('a') });
  // The second failure: a third attempt is left, and no Ready replica is without a failure.
  expect(only(driver.end('task', broken(), 3), 'requeued')).toMatchObject({ failedReplicaId: 'b/1' });
});

test('[ORCH-3302] an avoided replica that comes back first is left alone while another of the set is Ready', () => {
  const pools = [aPool(), aPool({ poolId: 'b' })];
  const failedOn = [{ replicaId: 'a/1', poolId: 'a', host: 'host-1' }];
  const { driver } = restart({ tasks: [ran({ taskKey: 'x' }, { failedOn }), ran({ taskKey: 'y' }, { failedOn })] }, aConfig({ pools }));
  expect(only(driver.send({ kind: 'replicaUp', replica: aReplica('b') }), 'dispatch')).toMatchObject({ taskKey: 'x', replicaId: 'b/1' });
  expect(driver.send({ kind: 'replicaUp', replica: aReplica('a') })).toEqual([]);
  expect(only(driver.end('x', succeeded(), 2), 'dispatch')).toMatchObject({ taskKey: 'y', replicaId: 'b/1' });
});

test('[ORCH-3302] tasks whose lane is gone from the config move to one like it; without one they end', () => {
  const config = aConfig({ pools: [aPool({ quant: 'q8' })] });
  const { driver, effects } = restart({ tasks: [waiting({ taskKey: 'moves' }), ran({ taskKey: 'bound' })] }, config);
  expect(only(effects, 'finish')).toMatchObject({ taskKey: 'bound', end: { error: 'pool-unavailable' } });
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica() }))).toEqual(['moves']);
});

test('[ORCH-3302] quotas count restored tasks, and buckets go on where they were', () => {
  const tenants = [aTenant({ maxConcurrentTasks: 3, rate: { perSecond: 1, burst: 5 } })];
  const budgets = [{ owner: 'tenant', id: 't', unit: 'requests', level: 0, atMs: -2_000 }] as const;
  const { driver } = restart({ tasks: [waiting({ taskKey: 'old' })], budgets }, aConfig({ tenants }));
  // Two seconds at one a second since the level was 0.
  expect(driver.scheduler.budgets(driver.nowMs)).toEqual([{ owner: 'tenant', id: 't', unit: 'requests', level: 2 }]);
  only(driver.enqueue({ taskKey: 'new-1' }), 'accept');
  only(driver.enqueue({ taskKey: 'new-2' }), 'accept');
  expect(only(driver.enqueue({ taskKey: 'new-3' }), 'refuse')).toMatchObject({ error: 'rate-limited' });
  driver.wait(1_000);
  expect(only(driver.enqueue({ taskKey: 'new-3' }), 'refuse')).toMatchObject({
    error: 'quota-exceeded',
    details: { limit: 'max_concurrent_tasks' },
  });
});

test('[ORCH-3021] sessions keep their turns and their age over a restart; expired ones are gone', () => {
  const config = aConfig({ sessions: { ttlMs: 1_000, maxTurns: 3, maxSessions: 10 } });
  const sessions = [
    { sessionKey: 'young', turns: 2, lastUsedMs: -400 },
    { sessionKey: 'old', turns: 2, lastUsedMs: -1_000 },
    { sessionKey: 'busy', turns: 1, lastUsedMs: -5_000 },
  ];
  const { driver } = restart({ tasks: [waiting({ taskKey: 'b', sessionKey: 'busy' })], sessions }, config);
  expect(driver.scheduler.session('young', 0)).toMatchObject({ turns: 2, ttlMsRemaining: 600, kvWarmth: false });
  expect(driver.scheduler.session('old', 0)).toBeUndefined();
  expect(driver.scheduler.session('busy', 0)).toMatchObject({ turns: 1, ttlMsRemaining: 1_000 });
  expect(only(driver.enqueue({ taskKey: 'y', sessionKey: 'young' }), 'accept').acceptance.sessionTurns).toBe(3);
});

test('[ORCH-3006] what was taken after the levels were written down stays taken, refilled since', () => {
  const tenants = [aTenant({ rate: { perSecond: 1, burst: 5 }, tokensPerMinute: 600 })];
  const budgets = [{ owner: 'tenant', id: 't', unit: 'requests', level: 3, atMs: -4_000 }] as const;
  const spend = (atMs: number, tokens: number) => ({ tenantId: 't', priority: 'interactive', tokens, atMs }) as const;
  const { driver } = restart({ budgets, spends: [spend(-1_000, 100), spend(-1_000, 100), spend(-500, 50)] }, aConfig({ tenants }));
  expect(driver.scheduler.budgets(driver.nowMs)).toEqual([
    // Full three seconds later (never 6), then three less, and one second since.
    { owner: 'tenant', id: 't', unit: 'requests', level: 3 },
    // Ten a second: 200 and 50 less, ten more since.
    { owner: 'tenant', id: 't', unit: 'tokens', level: 360 },
  ]);
});

test('[ORCH-3302] a task restored into its last pool waits while that pool starts, and ends when the pool is down for the grace time', () => {
  const { driver } = restart({ tasks: [ran()] });
  expect(driver.tick(100_000)).toEqual([]);
  driver.send({ kind: 'poolState', poolId: 'a', state: 'down' });
  expect(driver.tick(29_999)).toEqual([]);
  expect(only(driver.tick(1), 'finish')).toMatchObject({ end: { error: 'pool-unavailable' } });
});
