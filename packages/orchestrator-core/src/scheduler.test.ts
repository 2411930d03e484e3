import { expect, test } from 'vitest';
import { aConfig, aPool, aReplica, aTask, aTenant, broken, dispatched, Driver, only, succeeded } from './fixture.ts';
import { createScheduler } from './scheduler.ts';

test('an unconfigured scheduler takes no tasks', () => {
  expect(() => createScheduler().handle({ kind: 'enqueue', nowMs: 0, task: aTask() })).toThrow('configured comes before enqueue');
});

test('events of unknown tasks, replicas, pools and sessions change nothing', () => {
  const driver = new Driver();
  expect(driver.send({ kind: 'cancel', taskKey: 'x' })).toEqual([]);
  expect(driver.end('x')).toEqual([]);
  expect(driver.send({ kind: 'slotFreed', replicaId: 'x/1', taskKey: 'x', attempt: 1 })).toEqual([]);
  expect(driver.send({ kind: 'replicaDown', replicaId: 'x/1' })).toEqual([]);
  expect(driver.send({ kind: 'replicaPaused', replicaId: 'x/1' })).toEqual([]);
  expect(driver.send({ kind: 'replicaUp', replica: aReplica('x') })).toEqual([]);
  expect(driver.send({ kind: 'poolState', poolId: 'x', state: 'down' })).toEqual([]);
  expect(driver.send({ kind: 'sessionDeleted', sessionKey: 'x' })).toEqual([]);
  expect(driver.scheduler.replicas()).toHaveLength(1);
});

test('[ORCH-3010] nothing goes to a replica that is paused or gone', () => {
  const driver = new Driver();
  driver.send({ kind: 'replicaPaused', replicaId: 'a/1' });
  expect(dispatched(driver.enqueue({ taskKey: '1' }))).toEqual([]);
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica() }))).toEqual(['1']);
  driver.send({ kind: 'replicaDown', replicaId: 'a/1' });
  expect(dispatched(driver.enqueue({ taskKey: '2' }))).toEqual([]);
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: 'a/2' }) }))).toEqual(['2']);
});

test('[ORCH-3019] the lower of the slots of the pool and of the engine binds', () => {
  const config = aConfig({ pools: [aPool({ slots: 3, determinism: 'batch_invariant' })] });
  const driver = new Driver(config, [aReplica('a', { slots: 2 })]);
  expect(['1', '2', '3'].flatMap((taskKey) => dispatched(driver.enqueue({ taskKey })))).toEqual(['1', '2']);
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica('a', { slots: 9 }) }))).toEqual(['3']);
  expect(driver.scheduler.replicas()[0]).toMatchObject({ slots: 3, running: 3 });
});

test('[ORCH-3008] [ORCH-3009] a session stays where it was good while that has a free slot, and never waits for it', () => {
  const pools = ['a', 'b', 'c'].map((poolId) => aPool({ poolId, kvReuseVerified: true }));
  const driver = new Driver(aConfig({ pools }));
  expect(only(driver.enqueue({ taskKey: 'other' }), 'dispatch').replicaId).toBe('a/1');
  expect(only(driver.enqueue({ taskKey: '1', sessionKey: 's' }), 'dispatch')).toMatchObject({
    replicaId: 'b/1',
    kvReuse: true,
    kvWarmth: false,
  });
  driver.end('other');
  driver.wait(10).end('1');
  expect(only(driver.enqueue({ taskKey: '2', sessionKey: 's' }), 'dispatch')).toMatchObject({ replicaId: 'b/1', kvWarmth: true });
  expect(only(driver.enqueue({ taskKey: '3', sessionKey: 's' }), 'dispatch')).toMatchObject({ kvWarmth: false });
  expect(driver.scheduler.session('s', driver.nowMs)).toMatchObject({ turns: 3, lastReplicaId: 'b/1' });
});

test('[ORCH-3045] strict tasks reuse no KV unless reuse was shown equal, and cold ones never', () => {
  for (const [kvReuseVerified, determinism, kvHint, expected] of [
    [false, 'strict', 'reuse', false],
    [true, 'strict', 'reuse', true],
    [false, 'best_effort', 'reuse', true],
    [true, 'best_effort', 'cold', false],
  ] as const) {
    const driver = new Driver(aConfig({ pools: [aPool({ kvReuseVerified })] }));
    driver.enqueue({ taskKey: '1', sessionKey: 's', determinism, kvHint });
    driver.end('1');
    expect(only(driver.enqueue({ taskKey: '2', sessionKey: 's', determinism, kvHint }), 'dispatch')).toMatchObject({
      kvReuse: expected,
      kvWarmth: expected,
    });
  }
});

test('[ORCH-3022] another task in the slot takes its KV away', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ kvReuseVerified: true, kvBytesPerToken: 4 })] }));
  driver.enqueue({ taskKey: '1', sessionKey: 's' });
  driver.end('1');
  expect(driver.scheduler.session('s', 0)).toMatchObject({ kvBytes: 60, kvWarmth: true });
  driver.enqueue({ taskKey: '2', sessionKey: 'other' });
  expect(driver.scheduler.session('s', 0)).toMatchObject({ kvBytes: 0, kvWarmth: false });
});

test('[ORCH-3021] a session rolls over cold after its turns, and expires after its time', () => {
  const sessions = { ttlMs: 1000, maxTurns: 2, maxSessions: 10 };
  const driver = new Driver(aConfig({ pools: [aPool({ kvReuseVerified: true })], sessions }));
  const turn = (taskKey: string) => {
    const effects = driver.enqueue({ taskKey, sessionKey: 's' });
    const { sessionTurns } = only(effects, 'accept').acceptance;
    const { kvWarmth } = only(effects, 'dispatch');
    driver.end(taskKey);
    return [sessionTurns, kvWarmth, effects.some((effect) => effect.kind === 'evictSession')];
  };
  expect([turn('1'), turn('2'), turn('3'), turn('4')]).toEqual([
    [1, false, false],
    [2, true, false],
    [1, false, true],
    [2, true, false],
  ]);
  driver.wait(999);
  expect(driver.scheduler.session('s', driver.nowMs)?.ttlMsRemaining).toBe(1);
  driver.wait(1);
  expect(driver.scheduler.session('s', driver.nowMs)).toBeUndefined();
  expect(only(driver.tick(), 'evictSession')).toEqual({ kind: 'evictSession', sessionKey: 's', replicaId: 'a/1' });
  expect(turn('5')).toEqual([1, false, false]);
});

test('[ORCH-2005] deleting a session evicts its KV, also that of a turn that still runs', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: '1', sessionKey: 's' });
  driver.end('1');
  driver.enqueue({ taskKey: '2', sessionKey: 's' });
  expect(only(driver.send({ kind: 'sessionDeleted', sessionKey: 's' }), 'evictSession').replicaId).toBe('a/1');
  expect(driver.scheduler.session('s', driver.nowMs)).toBeUndefined();
  expect(only(driver.end('2'), 'evictSession').sessionKey).toBe('s');
});

test('[ORCH-3026] a queued task is canceled at once, a running one before its abort, an ended one not at all', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: 'running' });
  driver.enqueue({ taskKey: 'queued' });
  expect(driver.send({ kind: 'cancel', taskKey: 'queued' })).toEqual([{ kind: 'finish', taskKey: 'queued', end: { kind: 'canceled' } }]);
  expect(driver.send({ kind: 'cancel', taskKey: 'running' })).toEqual([
    { kind: 'finish', taskKey: 'running', end: { kind: 'canceled' } },
    { kind: 'abort', taskKey: 'running', attempt: 1, replicaId: 'a/1', reason: 'canceled' },
  ]);
  expect(driver.send({ kind: 'cancel', taskKey: 'running' })).toEqual([]);
  expect(driver.end('running', succeeded(), 1, false)).toEqual([]);
});

test('[ORCH-3017] a releasing slot gets no task until the engine shows it free', () => {
  for (const confirm of ['ended', 'slotFreed'] as const) {
    const driver = new Driver();
    driver.enqueue({ taskKey: 'running' });
    driver.enqueue({ taskKey: 'next' });
    expect(dispatched(driver.send({ kind: 'cancel', taskKey: 'running' }))).toEqual([]);
    expect(driver.scheduler.replicas()[0]).toMatchObject({ running: 0, releasing: 1 });
    const freed =
      confirm === 'ended'
        ? driver.end('running', { kind: 'aborted' })
        : driver.send({ kind: 'slotFreed', replicaId: 'a/1', taskKey: 'running', attempt: 1 });
    expect(dispatched(freed)).toEqual(['next']);
  }
});

test('[ORCH-3017] past its grace a releasing slot costs one restart, and no other slot of that worker is used', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ slots: 3, determinism: 'batch_invariant' })] }));
  for (const taskKey of ['1', '2', '3', '4']) driver.enqueue({ taskKey });
  driver.send({ kind: 'cancel', taskKey: '1' });
  driver.send({ kind: 'cancel', taskKey: '2' });
  expect(driver.tick(999)).toEqual([]);
  expect(only(driver.tick(1), 'restartReplica')).toMatchObject({ replicaId: 'a/1', poolId: 'a' });
  expect(driver.tick(5000)).toEqual([]);
  expect(dispatched(driver.end('3'))).toEqual([]);
  driver.send({ kind: 'replicaDown', replicaId: 'a/1' });
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: 'a/2' }) }))).toEqual(['4']);
});

test('a worker whose slots free after all is used again', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: '1' });
  driver.enqueue({ taskKey: '2' });
  driver.send({ kind: 'cancel', taskKey: '1' });
  only(driver.tick(1000), 'restartReplica');
  expect(dispatched(driver.send({ kind: 'slotFreed', replicaId: 'a/1', taskKey: '1', attempt: 1 }))).toEqual(['2']);
});

test('[ORCH-3079] a deadline that passes ends a queued task, and a running one with an abort', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: 'running', deadlineMs: 300 });
  driver.enqueue({ taskKey: 'queued', deadlineMs: 200 });
  expect(only(driver.tick(200), 'finish')).toMatchObject({ taskKey: 'queued', end: { error: 'deadline-passed' } });
  const effects = driver.tick(100);
  expect(effects.map((effect) => effect.kind)).toEqual(['finish', 'abort']);
  expect(only(effects, 'abort')).toMatchObject({ taskKey: 'running', reason: 'deadline' });
});

test('a task whose deadline passed is not dispatched by the event that notices it', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: 'running' });
  driver.enqueue({ taskKey: 'queued', deadlineMs: 200 });
  const effects = driver.wait(250).end('running');
  expect(dispatched(effects)).toEqual([]);
  expect(effects.filter((effect) => effect.kind === 'finish').map((effect) => effect.taskKey)).toEqual(['running', 'queued']);
});

test('[ORCH-3016] wall and idle limits end a stuck task and free its slot by an abort', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ wallTimeoutMs: 10_000, idleTimeoutMs: 2000 })] }));
  driver.enqueue({ taskKey: 'idle' });
  expect(driver.tick(1999)).toEqual([]);
  const idle = driver.tick(1);
  expect(only(idle, 'finish')).toMatchObject({ taskKey: 'idle', end: { error: 'idle-timeout' } });
  expect(only(idle, 'abort').reason).toBe('idle-timeout');
  driver.end('idle', { kind: 'aborted' });
  driver.enqueue({ taskKey: 'wall' });
  for (let second = 1; second < 10; second++) {
    expect(driver.tick(1000)).toEqual([]);
    driver.send({ kind: 'progress', taskKey: 'wall', attempt: 1, tokensOut: 1 });
  }
  expect(only(driver.tick(1000), 'finish')).toMatchObject({ taskKey: 'wall', end: { error: 'wall-timeout' } });
});

test('an attempt whose worker is gone and whose end nobody reports still times out', () => {
  const driver = new Driver();
  driver.enqueue();
  driver.send({ kind: 'replicaDown', replicaId: 'a/1' });
  expect(only(driver.tick(60_000), 'finish')).toMatchObject({ end: { error: 'idle-timeout' } });
});

test('[ORCH-3301] a strict task fails over inside its set, to another host first', () => {
  const pools = [
    aPool({ poolId: 'a', host: 'h1' }),
    aPool({ poolId: 'b', host: 'h1' }),
    aPool({ poolId: 'c', host: 'h2' }),
    aPool({ poolId: 'd', host: 'h3' }),
  ];
  const config = aConfig({ pools });
  const driver = new Driver(config, [aReplica('a'), aReplica('b'), aReplica('c', { numerics: 'unlike' }), aReplica('d')]);
  expect(only(driver.enqueue(), 'dispatch').replicaId).toBe('a/1');
  const effects = driver.end('task', broken());
  expect(only(effects, 'requeued')).toEqual({
    kind: 'requeued',
    taskKey: 'task',
    failedReplicaId: 'a/1',
    error: 'worker-reset',
    because: 'failed',
  });
  expect(only(effects, 'dispatch')).toMatchObject({ replicaId: 'd/1', attempt: 2, kvWarmth: false });
  expect(only(driver.end('task', broken(), 2), 'dispatch')).toMatchObject({ replicaId: 'b/1', attempt: 3 });
  expect(only(driver.end('task', broken(), 3), 'finish')).toMatchObject({ end: { error: 'replica-exhausted' } });
});

test('[ORCH-3301] a best_effort task fails over before its first token only, and then to any set', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b' })] }), [aReplica('a'), aReplica('b', { numerics: 'unlike' })]);
  driver.enqueue({ taskKey: '1', determinism: 'best_effort' });
  expect(only(driver.end('1', broken()), 'dispatch').replicaId).toBe('b/1');
  driver.send({ kind: 'firstToken', taskKey: '1', attempt: 2 });
  expect(only(driver.end('1', broken(), 2), 'finish')).toMatchObject({ end: { error: 'worker-reset' } });
});

test('an engine that refuses a task ends it as it says', () => {
  const driver = new Driver();
  driver.enqueue();
  expect(only(driver.end('task', broken({ error: 'engine-rejected', mayRunAgain: false })), 'finish')).toMatchObject({
    end: { error: 'engine-rejected' },
  });
});

test('a re-run goes to the head of its tenant, and waits for another replica than the one it failed on', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b' })] }));
  driver.enqueue({ taskKey: 'on a' });
  driver.enqueue({ taskKey: 'on b' });
  driver.enqueue({ taskKey: 'third' });
  only(driver.end('on a', broken()), 'requeued');
  expect(driver.scheduler.task('on a', 0)).toMatchObject({ state: 'queued', queuePosition: 0, attempt: 1 });
  // After its cooldown the replica it failed on serves the others.
  expect(dispatched(driver.tick(1000))).toEqual(['third']);
  expect(dispatched(driver.end('on b'))).toEqual(['on a']);
});

test('the only replica there is gets the re-run back, after a pause', () => {
  const driver = new Driver();
  driver.enqueue();
  expect(dispatched(driver.end('task', broken()))).toEqual([]);
  expect(dispatched(driver.tick(999))).toEqual([]);
  expect(dispatched(driver.tick(1))).toEqual(['task']);
});

test('a re-run goes back to where it failed once every other replica is gone', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b' })] }));
  driver.enqueue({ taskKey: 'on a' });
  driver.enqueue({ taskKey: 'on b' });
  driver.end('on a', broken());
  expect(dispatched(driver.tick(5000))).toEqual([]);
  expect(dispatched(driver.send({ kind: 'replicaPaused', replicaId: 'b/1' }))).toEqual(['on a']);
});

test('a dying worker does not swallow the queue: after a broken attempt it gets nothing for a while, longer each time', () => {
  const driver = new Driver(aConfig({ maxAttempts: 1 }));
  driver.enqueue({ taskKey: '0' });
  for (let index = 1; index < 6; index++) driver.enqueue({ taskKey: `${index}` });
  driver.end('0', broken());
  let startedAtMs = driver.nowMs;
  const pauses: number[] = [];
  for (let index = 1; index < 6; index++) {
    while (dispatched(driver.tick(500)).length === 0);
    pauses.push(driver.nowMs - startedAtMs);
    startedAtMs = driver.nowMs;
    driver.end(`${index}`, broken());
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000]);
});

test('[ORCH-3301] a re-run waits while its set can come back, and ends with worker-reset when it cannot', () => {
  const driver = new Driver();
  driver.enqueue();
  driver.send({ kind: 'replicaDown', replicaId: 'a/1' });
  only(driver.end('task', broken()), 'requeued');
  expect(driver.tick(100_000)).toEqual([]);
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: 'a/2' }) }))).toEqual(['task']);
  driver.send({ kind: 'replicaDown', replicaId: 'a/2' });
  driver.end('task', broken(), 2);
  const unlike = aReplica('a', { replicaId: 'a/3', numerics: 'unlike' });
  expect(only(driver.send({ kind: 'replicaUp', replica: unlike }), 'finish')).toMatchObject({ end: { error: 'worker-reset' } });
});

test('[ORCH-3018] a lane that nothing can serve keeps its tasks for the grace time', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: 'running' });
  driver.enqueue({ taskKey: 'queued' });
  driver.send({ kind: 'replicaPaused', replicaId: 'a/1' });
  driver.send({ kind: 'poolState', poolId: 'a', state: 'down' });
  expect(driver.tick(29_999)).toEqual([]);
  expect(only(driver.tick(1), 'finish')).toMatchObject({ taskKey: 'queued', end: { error: 'pool-unavailable' } });
  expect(only(driver.end('running'), 'finish')).toMatchObject({ end: { kind: 'succeeded' } });
});

test('a task pinned to a pool that is gone for good ends though its lane lives', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b' })] }));
  driver.enqueue({ taskKey: 'on b', pinPoolId: 'b' });
  driver.enqueue({ taskKey: 'pinned', pinPoolId: 'b' });
  driver.send({ kind: 'replicaDown', replicaId: 'b/1' });
  driver.send({ kind: 'poolState', poolId: 'b', state: 'down' });
  expect(only(driver.tick(30_000), 'finish')).toMatchObject({ taskKey: 'pinned', end: { error: 'pool-unavailable' } });
});

test('[ORCH-3004] a task that waits for its pinned pool does not block those behind it', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b' })] }));
  driver.enqueue({ taskKey: 'on a' });
  driver.enqueue({ taskKey: 'on b' });
  driver.enqueue({ taskKey: 'pinned', pinPoolId: 'b' });
  driver.enqueue({ taskKey: 'any' });
  expect(dispatched(driver.end('on a'))).toEqual(['any']);
  expect(dispatched(driver.end('on b'))).toEqual(['pinned']);
});

test('a new replica of a pool replaces the old one, whose attempts go on until they are reported', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: 'old' });
  driver.enqueue({ taskKey: 'new' });
  expect(only(driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: 'a/2' }) }), 'dispatch')).toMatchObject({
    taskKey: 'new',
    replicaId: 'a/2',
  });
  expect(only(driver.end('old'), 'finish')).toMatchObject({ taskKey: 'old', end: { kind: 'succeeded' } });
  expect(driver.scheduler.replicas()).toMatchObject([{ replicaId: 'a/2', running: 1 }]);
});

test('[ORCH-3007] equal pins make one set, unlike numerics or versions another', () => {
  const pools = ['a', 'b', 'c', 'd'].map((poolId) => aPool({ poolId }));
  const driver = new Driver(aConfig({ pools }), [
    aReplica('a'),
    aReplica('b'),
    aReplica('c', { numerics: 'n2' }),
    aReplica('d', { engineVersion: 'e2' }),
  ]);
  const sets = driver.scheduler.replicas().map((replica) => replica.setId);
  expect(sets[0]).toBe(sets[1]);
  expect(new Set(sets).size).toBe(3);
});

test('[ORCH-3031] a reload keeps what remains; the worker of a pool that is gone finishes what only it can', () => {
  const pools = [aPool(), aPool({ poolId: 'b', quant: 'q8' })];
  const driver = new Driver(aConfig({ pools, tenants: [aTenant()] }));
  driver.enqueue({ taskKey: 'on a', pinPoolId: 'a' });
  driver.enqueue({ taskKey: 'on b', pinPoolId: 'b' });
  driver.enqueue({ taskKey: 'waits for b', pinPoolId: 'b' });
  expect(driver.send({ kind: 'configured', config: aConfig({ pools: [aPool()] }) })).toEqual([]);
  expect(dispatched(driver.end('on b'))).toEqual(['waits for b']);
  expect(only(driver.enqueue({ taskKey: 'late', pinPoolId: 'b' }), 'refuse').error).toBe('model-not-served');
  expect(driver.send({ kind: 'replicaDown', replicaId: 'b/1' })).toEqual([]);
  expect(only(driver.end('waits for b'), 'finish')).toMatchObject({ end: { kind: 'succeeded' } });
  expect(driver.scheduler.lanes()).toHaveLength(1);
});

test('[ORCH-3031] a model that no pool serves any more takes no new task, and those that wait are served in their order', () => {
  const driver = new Driver();
  for (const taskKey of ['1', '2', '3']) driver.enqueue({ taskKey });
  expect(driver.send({ kind: 'configured', config: aConfig({ pools: [aPool({ modelDigest: 'sha256:new' })] }) })).toEqual([]);
  expect(only(driver.enqueue({ taskKey: 'late' }), 'refuse').error).toBe('unknown-model');
  driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: 'a/2' }) });
  expect(dispatched(driver.enqueue({ taskKey: 'new', modelDigest: 'sha256:new' }))).toEqual(['new']);
  expect(dispatched(driver.end('1'))).toEqual(['2']);
  // Longer than the grace of lanes that nothing serves: this one is served.
  expect(driver.tick(31_000)).toEqual([]);
  expect(dispatched(driver.end('2'))).toEqual(['3']);
  expect(only(driver.end('3'), 'finish').end.kind).toBe('succeeded');
  driver.send({ kind: 'replicaDown', replicaId: 'a/1' });
  expect(driver.scheduler.lanes().map(({ poolIds }) => poolIds)).toEqual([['a']]);
});

test('[ORCH-3031] a pool that goes back to its lane before its worker has left it stays with that worker', () => {
  const driver = new Driver();
  driver.enqueue();
  driver.send({ kind: 'configured', config: aConfig({ pools: [aPool({ modelDigest: 'sha256:new' })] }) });
  driver.send({ kind: 'configured', config: aConfig() });
  expect(dispatched(driver.enqueue({ taskKey: 'next' }))).toEqual([]);
  expect(dispatched(driver.end('task'))).toEqual(['next']);
});

test('[ORCH-3031] what waits for a worker that leaves and dies moves on or ends', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: '1' });
  driver.enqueue({ taskKey: '2' });
  driver.send({ kind: 'configured', config: aConfig({ pools: [aPool({ modelDigest: 'sha256:new' })] }) });
  expect(only(driver.send({ kind: 'replicaDown', replicaId: 'a/1' }), 'finish')).toMatchObject({
    taskKey: '2',
    end: { error: 'pool-unavailable' },
  });
  expect(driver.scheduler.task('1', 0)?.state).toBe('running');
});

test('[ORCH-2101] a drained pool gets nothing new; what runs has its grace, then goes on elsewhere at the head', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b' })], maxAttempts: 1 }));
  driver.enqueue({ taskKey: 'on a', pinPoolId: null });
  driver.enqueue({ taskKey: 'on b' });
  driver.enqueue({ taskKey: 'waits' });
  expect(driver.send({ kind: 'poolDrained', poolId: 'a', abortAtMs: 500, returns: false })).toEqual([]);
  expect(driver.tick(499)).toEqual([]);
  const effects = driver.tick(1);
  expect(effects.map(({ kind }) => kind)).toEqual(['abort', 'requeued']);
  expect(only(effects, 'abort')).toMatchObject({ taskKey: 'on a', replicaId: 'a/1', reason: 'drained' });
  expect(only(effects, 'requeued')).toMatchObject({ taskKey: 'on a', because: 'drained' });
  // The aborted attempt reports late; that changes nothing, and the drained pool stays empty.
  expect(driver.end('on a', { kind: 'aborted' })).toEqual([]);
  expect(only(driver.end('on b'), 'dispatch')).toMatchObject({ taskKey: 'on a', attempt: 2, replicaId: 'b/1' });
  expect(driver.send({ kind: 'poolDrained', poolId: 'a', abortAtMs: 0, returns: false })).toEqual([]);
  expect(only(driver.send({ kind: 'poolResumed', poolId: 'a' }), 'dispatch')).toMatchObject({ taskKey: 'waits', replicaId: 'a/1' });
  expect(only(driver.end('on a', succeeded(), 2), 'finish').end.kind).toBe('succeeded');
});

test('[ORCH-2101] at the end of a drain a best_effort task that has sent tokens ends, retriable', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b' })] }));
  driver.enqueue({ taskKey: 'begun', determinism: 'best_effort' });
  driver.send({ kind: 'firstToken', taskKey: 'begun', attempt: 1 });
  const effects = driver.send({ kind: 'poolDrained', poolId: 'a', abortAtMs: 0, returns: false });
  expect(effects.map(({ kind }) => kind)).toEqual(['abort', 'finish']);
  expect(only(effects, 'finish').end).toMatchObject({ error: 'worker-reset' });
});

test('[ORCH-2101] [ORCH-3018] tasks wait for a pool that returns, and not for one that stays drained', () => {
  const driver = new Driver();
  driver.send({ kind: 'poolDrained', poolId: 'a', abortAtMs: 0, returns: true });
  expect(driver.enqueue({ taskKey: 'waits' }).map(({ kind }) => kind)).toEqual(['accept']);
  expect(driver.tick(60_000)).toEqual([]);
  driver.send({ kind: 'poolDrained', poolId: 'a', abortAtMs: 0, returns: false });
  expect(only(driver.enqueue({ taskKey: 'refused' }), 'refuse').error).toBe('pool-unavailable');
  expect(only(driver.tick(30_000), 'finish')).toMatchObject({ taskKey: 'waits', end: { error: 'pool-unavailable' } });
  // A new worker of a drained pool is drained too.
  driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: 'a/2' }) });
  expect(only(driver.enqueue({ taskKey: 'still' }), 'refuse').error).toBe('pool-unavailable');
  driver.send({ kind: 'poolResumed', poolId: 'a' });
  expect(dispatched(driver.enqueue({ taskKey: 'again' }))).toEqual(['again']);
});

test('[ORCH-3031] a reload moves what can move in its order, and ends the rest', () => {
  const pools = [aPool(), aPool({ poolId: 'b', quant: 'q8' })];
  const driver = new Driver(aConfig({ pools, tenants: [aTenant()] }));
  driver.enqueue({ taskKey: 'on a', pinPoolId: 'a' });
  driver.enqueue({ taskKey: 'on b', pinPoolId: 'b' });
  driver.enqueue({ taskKey: '1', pinPoolId: 'b' });
  driver.enqueue({ taskKey: '2' });
  driver.enqueue({ taskKey: '3' });
  driver.enqueue({ taskKey: '4' });
  // A worker that is silent finishes nothing, so nothing waits for it.
  driver.send({ kind: 'replicaPaused', replicaId: 'b/1' });
  const effects = driver.send({ kind: 'configured', config: aConfig({ pools: [aPool()] }) });
  expect(effects).toMatchObject([{ kind: 'finish', taskKey: '1', end: { error: 'pool-unavailable' } }]);
  expect(['2', '3', '4'].map((key) => driver.scheduler.task(key, 0)?.queuePosition)).toEqual([0, 1, 2]);
  expect(only(driver.end('on b'), 'finish')).toMatchObject({ end: { kind: 'succeeded' } });
  const served: string[] = [];
  let running = ['on a'];
  while (running.length > 0) {
    running = dispatched(driver.wait(10).end(running[0] as string));
    served.push(...running);
  }
  expect(served).toEqual(['2', '3', '4']);
});

test('[ORCH-3031] a worker of a pool that moved to another lane never serves the new one', () => {
  const driver = new Driver();
  const moved = aConfig({ pools: [aPool({ modelDigest: 'sha256:new' })] });
  driver.send({ kind: 'configured', config: moved });
  driver.send({ kind: 'replicaUp', replica: aReplica() });
  expect(dispatched(driver.enqueue({ modelDigest: 'sha256:new' }))).toEqual([]);
  expect(dispatched(driver.send({ kind: 'replicaUp', replica: aReplica('a', { replicaId: 'a/2' }) }))).toEqual(['task']);
});

test('[ORCH-2013] [ORCH-3081] predictions appear once something was measured, and follow the load', () => {
  const driver = new Driver();
  driver.enqueue({ taskKey: '1', deadlineMs: 500_000 });
  expect(driver.scheduler.task('1', 0)).toMatchObject({ state: 'running', onTimeProbability: null });
  driver.wait(50).send({ kind: 'firstToken', taskKey: '1', attempt: 1 });
  driver.wait(950).end('1');
  expect(only(driver.enqueue({ taskKey: '2' }), 'accept').acceptance.predictedStartMs).toBe(0);
  const waits = ['3', '4', '5'].map(
    (taskKey) => only(driver.enqueue({ taskKey, deadlineMs: 4500 }), 'accept').acceptance.predictedStartMs ?? -1,
  );
  expect(waits[0]).toBeGreaterThan(500);
  expect(waits[0]).toBeLessThan(1500);
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  const [soon, later] = ['3', '5'].map((key) => driver.scheduler.task(key, driver.nowMs)?.onTimeProbability ?? -1);
  expect(soon).toBeGreaterThan(later ?? 1);
  expect(later).toBeGreaterThan(0);
  expect(soon).toBeLessThan(1);
});

test('figures tell what is queued, running and drained', () => {
  const driver = new Driver();
  for (const taskKey of ['1', '2', '3']) driver.enqueue({ taskKey, priority: taskKey === '3' ? 'batch' : 'interactive' });
  expect(driver.scheduler.lanes()).toMatchObject([
    { poolIds: ['a'], capacity: 100, queued: { interactive: 1, batch: 1 }, running: 1, available: true, drainPerSecond: null },
  ]);
  driver.wait(2000).end('1');
  expect(driver.scheduler.lanes()[0]?.drainPerSecond).toBeCloseTo(0.5);
  // The class that had nothing yet goes first, for all its low weight.
  expect(driver.scheduler.task('3', driver.nowMs)).toMatchObject({ state: 'running', laneDepth: 1 });
  expect(driver.scheduler.shares().byClass).toEqual({ interactive: 1, batch: 0 });
});
