import { expect, test } from 'vitest';
import type { CoreEffect } from './effect.ts';
import { aBreaker, aConfig, aPool, aReplica, broken, dispatched, Driver, only, succeeded } from './fixture.ts';
import type { BreakerSpec } from './model.ts';

const twoPools = [aPool({ poolId: 'a', host: 'h1', slots: 4 }), aPool({ poolId: 'b', host: 'h2', slots: 4 })];

const aDriver = (pools = twoPools, over: Partial<BreakerSpec> = {}): Driver => new Driver(aConfig({ pools, breaker: aBreaker(over) }));

/** A new task that runs on the pool and fails there for good; `undefined` where the pool did not take it. */
const failOn = (driver: Driver, poolId: string, taskKey: string): readonly CoreEffect[] | undefined => {
  const sent = driver.enqueue({ taskKey, pinPoolId: poolId, determinism: 'best_effort' });
  if (dispatched(sent).length === 0) return undefined;
  return [...sent, ...driver.end(taskKey, broken({ error: 'engine-rejected', mayRunAgain: false }))];
};

const breakersOf = (effects: readonly CoreEffect[] | undefined): string[] =>
  (effects ?? []).flatMap((effect) => (effect.kind === 'breaker' ? [`${effect.scope} ${effect.state}`] : []));

/** Three incidents: the replica's breaker opens at the last. */
const openA = (driver: Driver): readonly CoreEffect[] | undefined => {
  failOn(driver, 'a', 'x1');
  failOn(driver.wait(100), 'a', 'x2');
  return failOn(driver.wait(100), 'a', 'x3');
};

test('[ORCH-3040] sustained failures open the breaker of a serving replica: it gets nothing, the others all', () => {
  const driver = aDriver();
  failOn(driver, 'a', 'x1');
  expect(breakersOf(failOn(driver.wait(100), 'a', 'x2'))).toEqual([]);
  expect(only(failOn(driver.wait(100), 'a', 'x3') ?? [], 'breaker')).toEqual({
    kind: 'breaker',
    poolId: 'a',
    replicaId: 'a/1',
    scope: 'replica',
    state: 'open',
    cause: 'faults',
    pauseMs: 5_000,
  });
  expect(driver.scheduler.breaker('a', driver.nowMs)).toEqual({ state: 'open', scope: 'replica', cause: 'faults', pauseMs: 5_000 });
  for (let index = 0; index < 4; index++) expect(only(driver.enqueue({ taskKey: `${index}` }), 'dispatch').replicaId).toBe('b/1');
  expect(dispatched(driver.enqueue({ taskKey: 'waits' }))).toEqual([]);
  expect(driver.scheduler.lanes()[0]?.available).toBe(true);
});

test('[ORCH-3040] half-open it lets one task through; that one closes it, and then all its slots are used', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  openA(driver);
  for (let index = 0; index < 5; index++) driver.enqueue({ taskKey: `${index}` });
  expect(driver.tick(4_999)).toEqual([]);
  const probing = driver.tick(1);
  expect(breakersOf(probing)).toEqual(['replica half_open']);
  expect(dispatched(probing)).toEqual(['0']);
  expect(dispatched(driver.tick(60_000 - 1))).toEqual([]);
  const closing = driver.end('0');
  expect(breakersOf(closing)).toEqual(['replica closed']);
  expect(dispatched(closing)).toEqual(['1', '2', '3', '4']);
  expect(driver.scheduler.breaker('a', driver.nowMs)?.state).toBe('closed');
});

test('[ORCH-3040] a probe that fails opens it for twice as long each time, up to the longest pause', () => {
  const driver = aDriver([aPool({ slots: 4 })], { pool: { failures: 100, windowMs: 600_000 } });
  openA(driver);
  const pauses: (number | null)[] = [];
  for (let index = 0; index < 4; index++) {
    driver.wait(15_000);
    const effects = failOn(driver, 'a', `p${index}`) ?? [];
    pauses.push(...effects.flatMap((effect) => (effect.kind === 'breaker' && effect.state === 'open' ? [effect.pauseMs] : [])));
  }
  expect(pauses).toEqual([10_000, 15_000, 15_000, 15_000]);
});

test('[ORCH-3040] a worker whose probes fail too is restarted, once: its health check passes and it cannot decode', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  openA(driver);
  expect((failOn(driver.wait(5_000), 'a', 'p1') ?? []).some(({ kind }) => kind === 'restartReplica')).toBe(false);
  expect(only(failOn(driver.wait(10_000), 'a', 'p2') ?? [], 'restartReplica')).toMatchObject({ replicaId: 'a/1', poolId: 'a' });
  expect((failOn(driver.wait(15_000), 'a', 'p3') ?? []).some(({ kind }) => kind === 'restartReplica')).toBe(false);
});

test('[ORCH-3040] a probe that ends without a verdict lets the next one probe', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  openA(driver);
  driver.enqueue({ taskKey: '0' });
  driver.enqueue({ taskKey: '1' });
  expect(dispatched(driver.tick(5_000))).toEqual(['0']);
  expect(dispatched(driver.send({ kind: 'cancel', taskKey: '0' }))).toEqual(['1']);
  expect(breakersOf(driver.end('1'))).toEqual(['replica closed']);
});

test('[ORCH-3040] tasks pinned to a pool are refused while it is open, and probe it once the pause is over', () => {
  const driver = aDriver();
  openA(driver);
  expect(only(driver.enqueue({ taskKey: 'early', pinPoolId: 'a' }), 'refuse')).toMatchObject({
    error: 'pool-unready',
    retryAfterMs: 5_000,
  });
  driver.wait(5_000);
  expect(dispatched(driver.enqueue({ taskKey: 'probe', pinPoolId: 'a' }))).toEqual(['probe']);
  expect(only(driver.enqueue({ taskKey: 'second', pinPoolId: 'a' }), 'refuse')).toMatchObject({ error: 'pool-unready' });
  expect(breakersOf(driver.end('probe'))).toEqual(['replica closed']);
});

test('[ORCH-3040] what began before it opened decides nothing', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  driver.enqueue({ taskKey: 'early' });
  openA(driver);
  expect(breakersOf(driver.wait(1_000).end('early'))).toEqual([]);
  expect(driver.scheduler.breaker('a', driver.nowMs)?.state).toBe('open');
});

test('[ORCH-3040] one mishap is one incident, however many streams it broke', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  for (const taskKey of ['1', '2', '3', '4']) driver.enqueue({ taskKey, determinism: 'best_effort' });
  driver.wait(1_000);
  const effects = ['1', '2', '3', '4'].flatMap((taskKey) => driver.end(taskKey, broken({ mayRunAgain: false })));
  expect(breakersOf(effects)).toEqual([]);
});

test('[ORCH-3040] failures that are few among many do not open it, and old ones are forgotten', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  for (let index = 0; index < 12; index++) {
    expect(breakersOf(failOn(driver.wait(10), 'a', `x${index}`))).toEqual([]);
    for (const taskKey of [`ok ${index}`, `fine ${index}`]) {
      driver.enqueue({ taskKey });
      driver.end(taskKey);
    }
  }
  const calm = aDriver([aPool({ slots: 4 })]);
  for (let index = 0; index < 4; index++) expect(breakersOf(failOn(calm.wait(40_000), 'a', `x${index}`))).toEqual([]);
});

test('[ORCH-3040] what succeeded before the first failure does not hide that nothing does any more', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  for (let index = 0; index < 1_000; index++) {
    driver.enqueue({ taskKey: `ok ${index}` });
    driver.end(`ok ${index}`);
  }
  driver.enqueue({ taskKey: 'begun before' });
  failOn(driver.wait(100), 'a', 'x1');
  driver.end('begun before');
  failOn(driver.wait(100), 'a', 'x2');
  expect(breakersOf(failOn(driver.wait(100), 'a', 'x3'))).toEqual(['replica open']);
});

test('[ORCH-3040] a full engine and prompts that are too long are no faults', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  for (let index = 0; index < 20; index++) {
    const error = index % 2 === 0 ? 'pool-unready' : 'prompt-too-long';
    driver.enqueue({ taskKey: `${index}` });
    expect(breakersOf(driver.end(`${index}`, broken({ error, mayRunAgain: false })))).toEqual([]);
    driver.wait(1_000);
  }
});

test('[ORCH-3040, ORCH-3301] a poison task counts once, against the first worker it broke', () => {
  const pools = ['a', 'b', 'c'].map((poolId) => aPool({ poolId, host: poolId, slots: 1 }));
  const driver = aDriver(pools, { replica: { failures: 1, windowMs: 60_000 }, pool: { failures: 5, windowMs: 60_000 } });
  const seen: string[] = [];
  driver.enqueue({ taskKey: 'poison' });
  for (let attempt = 1; attempt <= 3; attempt++) seen.push(...breakersOf(driver.wait(100).end('poison', broken(), attempt)));
  expect(seen).toEqual(['replica open']);
  expect(pools.map(({ poolId }) => driver.scheduler.breaker(poolId, driver.nowMs)?.state)).toEqual(['open', 'closed', 'closed']);
});

test('[ORCH-3040] a silent worker counts like one that breaks', () => {
  const driver = aDriver([aPool({ slots: 1, idleTimeoutMs: 10_000 })]);
  const seen: string[] = [];
  for (let index = 0; index < 3; index++) {
    driver.enqueue({ taskKey: `${index}` });
    seen.push(...breakersOf(driver.tick(10_000)));
    driver.end(`${index}`, { kind: 'aborted' });
  }
  expect(seen).toEqual(['replica open']);
});

test('[ORCH-3040] a pool whose every new worker breaks opens its own breaker, and the next worker has to prove itself', () => {
  const driver = aDriver([aPool({ slots: 2 })], { replica: { failures: 100, windowMs: 60_000 } });
  const seen: string[] = [];
  for (let start = 1; start <= 5; start++) {
    driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: `a/${start}` }) });
    driver.enqueue({ taskKey: `${start}` });
    driver.wait(1_000);
    driver.send({ kind: 'replicaDown', replicaId: `a/${start}` });
    seen.push(...breakersOf(driver.end(`${start}`, broken({ mayRunAgain: false }))));
  }
  expect(seen).toEqual(['pool open']);
  driver.enqueue({ taskKey: 'one' });
  driver.enqueue({ taskKey: 'two' });
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: 'a/6' }) }))).toEqual([]);
  expect(dispatched(driver.tick(5_000))).toEqual(['one']);
  expect(dispatched(driver.end('one'))).toEqual(['two']);
  expect(driver.scheduler.breaker('a', driver.nowMs)).toMatchObject({ state: 'closed' });
});

/** The first token of a task on the pool comes after `tookMs`; then the task succeeds. */
const answerOn = (driver: Driver, poolId: string, taskKey: string, tookMs: number): readonly CoreEffect[] => {
  const sent = driver.enqueue({ taskKey, pinPoolId: poolId });
  driver.wait(tookMs);
  return [...sent, ...driver.send({ kind: 'firstToken', taskKey, attempt: 1 }), ...driver.end(taskKey, succeeded())];
};
const slo = { firstTokenMs: 900, misses: 4, ratio: 0.5 };

test('[ORCH-3040] what a former worker does says nothing of the pool as a reload made it, be it good or bad', () => {
  const breaker = aBreaker({ replica: { failures: 100, windowMs: 60_000 }, pool: { failures: 2, windowMs: 60_000 } });
  const driver = new Driver(aConfig({ pools: twoPools, breaker }));
  failOn(driver, 'a', 'x1');
  expect(breakersOf(failOn(driver.wait(100), 'a', 'x2'))).toEqual(['pool open']);
  driver.tick(5_000);
  expect(dispatched(driver.enqueue({ taskKey: 'probe', pinPoolId: 'a' }))).toEqual(['probe']);
  // A worker that gets nothing new is no more of the pool at once, and its attempt goes on.
  driver.send({ kind: 'replicaPaused', replicaId: 'a/1' });
  const pools = [aPool({ poolId: 'a', host: 'h1', slots: 4, ctxTokens: 2_000 }), twoPools[1] ?? aPool()];
  driver.send({ kind: 'configured', config: aConfig({ pools, breaker }) });
  expect(breakersOf(driver.end('probe'))).toEqual([]);
  expect(driver.scheduler.breaker('a', driver.nowMs)?.state).toBe('closed');
});

test('[ORCH-3040, ORCH-3041] a replica that is late while the others of its lane are in time is shed until a probe is in time', () => {
  const driver = aDriver(twoPools, { slo });
  for (let index = 0; index < 4; index++) answerOn(driver, 'b', `b${index}`, 100);
  const seen = [0, 1, 2, 3].flatMap((index) => answerOn(driver, 'a', `a${index}`, 1_000));
  expect(only(seen, 'breaker')).toMatchObject({ poolId: 'a', state: 'open', cause: 'slo' });
  driver.wait(5_000);
  expect(breakersOf(answerOn(driver, 'a', 'late probe', 1_000))).toEqual(['replica half_open', 'replica open']);
  driver.wait(10_000);
  expect(breakersOf(answerOn(driver, 'a', 'good probe', 100))).toEqual(['replica half_open', 'replica closed']);
});

test('[ORCH-3040, ORCH-3041] where all are late none is shed: with one less the rest would be later still', () => {
  const driver = aDriver(twoPools, { slo });
  const seen = Array.from({ length: 20 }, (_, index) => answerOn(driver, index % 2 === 0 ? 'a' : 'b', `${index}`, 1_000)).flat();
  expect(breakersOf(seen)).toEqual([]);
});

test('[ORCH-3040] a reload that turns breakers off closes them', () => {
  const driver = aDriver([aPool({ slots: 4 })]);
  openA(driver);
  driver.enqueue({ taskKey: 'waits' });
  const effects = driver.send({ kind: 'configured', config: aConfig({ pools: [aPool({ slots: 4 })] }) });
  expect(breakersOf(effects)).toEqual(['replica closed']);
  expect(dispatched(effects)).toEqual(['waits']);
});
