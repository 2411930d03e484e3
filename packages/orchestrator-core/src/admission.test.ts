import { expect, test } from 'vitest';
import { aConfig, aPool, aReplica, aTenant, dispatched, Driver, only } from './fixture.ts';
import type { PoolSpec, TaskSpec } from './model.ts';

const refusal = (driver: Driver, over: Partial<TaskSpec>) => only(driver.enqueue(over), 'refuse');
const busy = (over: Partial<PoolSpec> = {}, config = {}): Driver => {
  const driver = new Driver(aConfig({ pools: [aPool(over)], ...config }));
  driver.enqueue({ taskKey: 'running', tenantId: 'first' });
  return driver;
};

test('the first demand that no lane meets names the refusal', () => {
  const driver = new Driver(
    aConfig({
      pools: [
        aPool({ poolId: 'a', engine: 'vllm', workloads: ['completion'] }),
        aPool({ poolId: 'b', determinism: 'none', samplerProfileVersion: 'v2', ctxTokens: 4000 }),
      ],
    }),
  );
  expect(refusal(driver, { modelDigest: 'sha256:other' }).error).toBe('unknown-model');
  expect(refusal(driver, { workload: 'rerank' }).error).toBe('model-not-served');
  expect(refusal(driver, { engine: 'tgi' }).error).toBe('model-not-served');
  expect(refusal(driver, { pinPoolId: 'nowhere' }).error).toBe('model-not-served');
  expect(refusal(driver, { engine: 'vllm', pinPoolId: 'b' }).error).toBe('model-not-served');
  expect(refusal(driver, { engine: 'llamacpp' })).toMatchObject({
    error: 'determinism-not-served',
    details: { accepted_determinism: ['best_effort'] },
    policyLabel: null,
    retryAfterMs: null,
  });
  expect(refusal(driver, { samplerProfileVersion: 'v2' })).toMatchObject({
    error: 'unknown-sampler-profile',
    details: { accepted_sampler_profiles: ['v1'] },
  });
  expect(refusal(driver, { samplerProfileVersion: 'v9', determinism: 'best_effort' }).details).toEqual({
    accepted_sampler_profiles: ['v1', 'v2'],
  });
});

test('[ORCH-3014] a ctx above every lane is refused with the limit', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b', ctxTokens: 2000 })] }));
  expect(refusal(driver, { ctxTokens: 2001 })).toMatchObject({ error: 'ctx-above-limit', details: { limit: 2000 } });
  expect(only(driver.enqueue({ ctxTokens: 1500 }), 'accept').acceptance.ctxTokens).toBe(1500);
});

test('[ORCH-3015] prompt and max_tokens must fit ctx; the default is 256 or what is left', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ slots: 8, determinism: 'batch_invariant' })] }));
  expect(refusal(driver, { promptTokens: 900, maxTokens: 101 })).toMatchObject({
    error: 'prompt-too-long',
    details: { prompt_tokens: 900, max_tokens: 101, ctx: 1000 },
  });
  expect(refusal(driver, { promptTokens: 1000, maxTokens: null }).error).toBe('prompt-too-long');
  const accepted = (over: Partial<TaskSpec>) => only(driver.enqueue(over), 'accept').acceptance.maxTokens;
  expect(accepted({ taskKey: 'a', promptTokens: 900, maxTokens: 100 })).toBe(100);
  expect(accepted({ taskKey: 'b', promptTokens: 10, maxTokens: null })).toBe(256);
  expect(accepted({ taskKey: 'c', promptTokens: 900, maxTokens: null })).toBe(100);
  expect(accepted({ taskKey: 'd', promptTokens: 999, maxTokens: null })).toBe(1);
});

test('embedding and rerank need room for their prompt only', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ workloads: ['embedding'] })] }));
  expect(refusal(driver, { workload: 'embedding', promptTokens: 1001 }).error).toBe('prompt-too-long');
  expect(only(driver.enqueue({ workload: 'embedding', promptTokens: 1000, maxTokens: null }), 'accept').acceptance.maxTokens).toBeNull();
});

test('a pinned pool that is not Ready is refused at once', () => {
  const driver = new Driver(aConfig({ pools: [aPool(), aPool({ poolId: 'b' })] }), [aReplica('a')]);
  expect(refusal(driver, { pinPoolId: 'b' })).toMatchObject({ error: 'pool-unready', details: { pool_id: 'b' } });
  driver.send({ kind: 'replicaUp', replica: aReplica('b') });
  expect(dispatched(driver.enqueue({ pinPoolId: 'b' }))).toEqual(['task']);
  driver.send({ kind: 'replicaPaused', replicaId: 'b/1' });
  expect(refusal(driver, { taskKey: 'later', pinPoolId: 'b' }).error).toBe('pool-unready');
});

test('[ORCH-3018] tasks wait while a pool starts, and are refused with a hint when none can', () => {
  const driver = new Driver(aConfig(), []);
  expect(only(driver.enqueue(), 'accept').acceptance.predictedStartMs).toBeNull();
  driver.send({ kind: 'poolState', poolId: 'a', state: 'down' });
  expect(refusal(driver, { taskKey: 'later' })).toMatchObject({ error: 'pool-unavailable', retryAfterMs: 30_000, policyLabel: null });
  expect(dispatched(driver.wait(5000).send({ kind: 'replicaUp', replica: aReplica() }))).toEqual(['task']);
  driver.send({ kind: 'replicaDown', replicaId: 'a/1' });
  driver.send({ kind: 'poolState', poolId: 'a', state: 'down' });
  // The hint is what the first recovery took.
  expect(refusal(driver, { taskKey: 'later' }).retryAfterMs).toBe(5000);
});

test('[ORCH-3006] a rate refusal takes nothing, waits exactly, and carries a policy label', () => {
  const rate = { perSecond: 2, burst: 2 };
  const driver = new Driver(
    aConfig({
      defaultTenant: aTenant({ rate }),
      classes: { interactive: { weight: 8, rate: null }, batch: { weight: 1, rate: { perSecond: 1, burst: 1 } } },
    }),
  );
  driver.enqueue({ taskKey: '1' });
  driver.enqueue({ taskKey: '2' });
  for (let index = 0; index < 5; index++) {
    expect(refusal(driver, { taskKey: '3' })).toMatchObject({
      error: 'rate-limited',
      details: { limit: 'tenant_rate' },
      retryAfterMs: 500,
      policyLabel: 'reject',
    });
  }
  expect(only(driver.wait(500).enqueue({ taskKey: '3' }), 'accept').taskKey).toBe('3');
  expect(only(driver.enqueue({ taskKey: '4', tenantId: 'other', priority: 'batch' }), 'accept').taskKey).toBe('4');
  expect(refusal(driver, { taskKey: '5', tenantId: 'third', priority: 'batch' })).toMatchObject({
    details: { limit: 'class_rate' },
    retryAfterMs: 1000,
  });
});

test('[ORCH-3036] tokens a minute are reserved at admission and corrected at the end', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ ctxTokens: 4000 })], defaultTenant: aTenant({ tokensPerMinute: 600 }) }));
  driver.enqueue({ taskKey: '1', promptTokens: 100, maxTokens: 400 });
  expect(refusal(driver, { taskKey: '2', promptTokens: 100, maxTokens: 400 })).toMatchObject({
    details: { limit: 'tokens_per_minute' },
    retryAfterMs: 40_000,
  });
  driver.end('1', { kind: 'succeeded', finishReason: 'stop', tokensIn: 100, tokensOut: 10, cachedTokens: 0 });
  expect(only(driver.enqueue({ taskKey: '2', promptTokens: 90, maxTokens: 400 }), 'accept').taskKey).toBe('2');
  driver.send({ kind: 'cancel', taskKey: '2' });
  // Used so far: 110 and 90 of 600.
  expect(only(driver.enqueue({ taskKey: '3', promptTokens: 100, maxTokens: 300 }), 'accept').taskKey).toBe('3');
  expect(refusal(driver, { taskKey: '4', promptTokens: 1, maxTokens: 1 }).details).toEqual({ limit: 'tokens_per_minute' });
});

test('a task larger than its whole token rate passes once the bucket is full', () => {
  const driver = new Driver(aConfig({ defaultTenant: aTenant({ tokensPerMinute: 60 }) }));
  expect(only(driver.enqueue({ taskKey: '1', promptTokens: 500, maxTokens: 100 }), 'accept').taskKey).toBe('1');
  expect(refusal(driver, { taskKey: '2' }).retryAfterMs).toBeGreaterThan(500_000);
});

test('[ORCH-3036] quotas of admitted and queued tasks name what is used up', () => {
  const driver = new Driver(aConfig({ defaultTenant: aTenant({ maxConcurrentTasks: 3, maxQueuedTasks: 1 }) }));
  driver.enqueue({ taskKey: '1' });
  driver.enqueue({ taskKey: '2' });
  expect(refusal(driver, { taskKey: '3' })).toMatchObject({
    error: 'quota-exceeded',
    details: { limit: 'max_queued_tasks', allowed: 1, used: 1 },
    policyLabel: 'reject',
  });
  driver.end('1');
  driver.enqueue({ taskKey: '3' });
  driver.end('2');
  driver.enqueue({ taskKey: '4' });
  driver.send({ kind: 'cancel', taskKey: '4' });
  expect(only(driver.enqueue({ taskKey: '5' }), 'accept').taskKey).toBe('5');
  expect(only(driver.enqueue({ taskKey: '6', tenantId: 'other' }), 'accept').taskKey).toBe('6');
});

test('[ORCH-3036] the quota of KV bytes binds where the pool knows its bytes per token', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ kvBytesPerToken: 10 })], defaultTenant: aTenant({ maxKvBytes: 500 }) }));
  driver.enqueue({ taskKey: '1', promptTokens: 10, maxTokens: 20 });
  expect(refusal(driver, { taskKey: '2', promptTokens: 10, maxTokens: 20 })).toMatchObject({
    details: { limit: 'max_kv_bytes', allowed: 500, used: 300 },
  });
  driver.end('1');
  expect(only(driver.enqueue({ taskKey: '2', promptTokens: 10, maxTokens: 20 }), 'accept').taskKey).toBe('2');
});

test('[ORCH-3079] a deadline before the predicted start is refused, and nothing is before anything was measured', () => {
  const driver = busy();
  expect(only(driver.enqueue({ taskKey: 'unmeasured', deadlineMs: 1 }), 'accept').acceptance.predictedStartMs).toBeNull();
  driver.wait(10_000).end('running');
  driver.tick();
  driver.enqueue({ taskKey: 'next' });
  const late = refusal(driver, { taskKey: 'late', deadlineMs: 50 });
  expect(late.error).toBe('deadline-unmeetable');
  expect(late.details).toMatchObject({ deadline_ms: 50 });
  expect(late.retryAfterMs).toBeGreaterThan(0);
  expect(only(driver.enqueue({ taskKey: 'in time', deadlineMs: 600_000 }), 'accept').taskKey).toBe('in time');
});

test('[ORCH-3005] reject: the newcomer is refused with the drain rate as its wait', () => {
  const driver = busy({ queueCapacity: 2 });
  driver.enqueue({ taskKey: '1' });
  driver.enqueue({ taskKey: '2' });
  const full = refusal(driver, { taskKey: '3' });
  expect(full).toMatchObject({
    error: 'queue-full',
    policyLabel: 'reject',
    queuePosition: 2,
    details: { limit: 'queue_capacity', allowed: 2 },
  });
});

test('[ORCH-2007] waits follow the measured drain rate, and refused clients come back one after the other', () => {
  const slow = busy({ queueCapacity: 3 });
  const fast = busy({ queueCapacity: 3 });
  for (const [driver, stepMs] of [
    [slow, 4000],
    [fast, 100],
  ] as const) {
    let running = ['running'];
    for (let index = 0; index < 50; index++) {
      driver.enqueue({ taskKey: `k${index}` });
      driver.enqueue({ taskKey: `l${index}` });
      running = dispatched(driver.wait(stepMs).end(running[0] as string));
    }
    driver.enqueue({ taskKey: 'last place' });
  }
  const first = refusal(slow, { taskKey: 'x' }).retryAfterMs ?? 0;
  const second = refusal(slow, { taskKey: 'y' }).retryAfterMs ?? 0;
  expect(first).toBeGreaterThan(3500);
  expect(first).toBeLessThan(4500);
  expect(second).toBeGreaterThan(1.9 * first);
  expect(refusal(fast, { taskKey: 'x' }).retryAfterMs).toBeLessThan(130);
  // None is sent away for longer than the whole queue takes.
  for (let index = 0; index < 100; index++) refusal(slow, { taskKey: 'z' });
  expect(refusal(slow, { taskKey: 'z' }).retryAfterMs).toBeLessThan(4 * 4500);
});

test('[ORCH-3005] drop-lru: the oldest of the tenant furthest over its share, in the lowest class not above the newcomer', () => {
  const tenants = [aTenant({ tenantId: 'heavy', weight: 4 })];
  const driver = busy({ queueCapacity: 6, fullPolicy: 'drop-lru' }, { tenants });
  for (const key of ['h1', 'h2', 'h3']) driver.enqueue({ taskKey: key, tenantId: 'heavy' });
  for (const key of ['g1', 'g2']) driver.enqueue({ taskKey: key, tenantId: 'greedy' });
  driver.enqueue({ taskKey: 'b1', priority: 'batch' });
  // The only batch task goes before any interactive one.
  const first = driver.enqueue({ taskKey: 'n1' });
  expect(only(first, 'finish')).toMatchObject({ taskKey: 'b1', end: { kind: 'failed', error: 'dropped', policyLabel: 'drop-lru' } });
  expect(first.map((effect) => effect.kind)).toEqual(['finish', 'accept']);
  // Two of weight 1 are further over than three of weight 4.
  expect(only(driver.enqueue({ taskKey: 'n2' }), 'finish').taskKey).toBe('g1');
  // A batch newcomer takes nothing from the class above.
  expect(refusal(driver, { taskKey: 'b2', priority: 'batch' })).toMatchObject({ error: 'queue-full-no-victim', policyLabel: 'drop-lru' });
});

test('[ORCH-3005] who is furthest over its share changes with every task that comes and goes', () => {
  const driver = busy({ queueCapacity: 5, fullPolicy: 'drop-lru' });
  for (const key of ['x1', 'x2', 'y1', 'y2', 'y3']) driver.enqueue({ taskKey: key, tenantId: key.charAt(0) });
  const victimOf = (taskKey: string) => only(driver.enqueue({ taskKey, tenantId: taskKey.charAt(0) }), 'finish').taskKey;
  expect(['z1', 'z2', 'x3', 'x4'].map(victimOf)).toEqual(['y1', 'x1', 'y2', 'x2']);
  driver.send({ kind: 'cancel', taskKey: 'x3' });
  driver.send({ kind: 'cancel', taskKey: 'x4' });
  driver.enqueue({ taskKey: 'y4', tenantId: 'y' });
  driver.enqueue({ taskKey: 'y5', tenantId: 'y' });
  expect(victimOf('w1')).toBe('y3');
});

test('[ORCH-3005] shed-low-priority: the youngest of the class below, else the newcomer', () => {
  const driver = busy({ queueCapacity: 3, fullPolicy: 'shed-low-priority' });
  for (const key of ['b1', 'b2', 'b3']) driver.enqueue({ taskKey: key, priority: 'batch' });
  expect(only(driver.enqueue({ taskKey: 'i1' }), 'finish')).toMatchObject({
    taskKey: 'b3',
    end: { error: 'dropped', policyLabel: 'shed-low-priority' },
  });
  expect(refusal(driver, { taskKey: 'b4', priority: 'batch' })).toMatchObject({ error: 'queue-full', policyLabel: 'shed-low-priority' });
  driver.enqueue({ taskKey: 'i2' });
  driver.enqueue({ taskKey: 'i3' });
  expect(refusal(driver, { taskKey: 'i4' }).error).toBe('queue-full');
});

test('[ORCH-3005] a task that ever ran is never a victim', () => {
  for (const fullPolicy of ['drop-lru', 'shed-low-priority'] as const) {
    const driver = new Driver(aConfig({ pools: [aPool({ queueCapacity: 1, fullPolicy })] }));
    driver.enqueue({ taskKey: 'ran', priority: 'batch' });
    driver.end('ran', { kind: 'aborted' });
    driver.enqueue({ taskKey: 'again', priority: 'batch' });
    driver.send({ kind: 'replicaPaused', replicaId: 'a/1' });
    driver.end('ran', { kind: 'aborted' }, 2);
    const effects = driver.enqueue({ taskKey: 'new' });
    expect(effects.some((effect) => effect.kind === 'finish' && effect.taskKey === 'ran')).toBe(false);
  }
});

test('a class cap binds its own class only, and a victim of another class would not help', () => {
  const driver = busy({ queueCapacity: 10, classCaps: { batch: 1 }, fullPolicy: 'shed-low-priority' });
  driver.enqueue({ taskKey: 'b1', priority: 'batch' });
  expect(refusal(driver, { taskKey: 'b2', priority: 'batch' })).toMatchObject({
    error: 'queue-full',
    details: { limit: 'class_cap', allowed: 1 },
  });
  expect(only(driver.enqueue({ taskKey: 'i1' }), 'accept').taskKey).toBe('i1');
});

test('[ORCH-3004] a lane is as long as the queues of its pools together, and needs no place for a task that starts at once', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ queueCapacity: 0 }), aPool({ poolId: 'b', queueCapacity: 1 })] }));
  for (const key of ['1', '2', '3']) expect(only(driver.enqueue({ taskKey: key }), 'accept').taskKey).toBe(key);
  expect(refusal(driver, { taskKey: '4' }).error).toBe('queue-full');
});

test('[ORCH-2013] position counts the class, backoff starts at half of the capacity', () => {
  const driver = busy({ queueCapacity: 4 });
  const accept = (taskKey: string, priority: 'interactive' | 'batch') => only(driver.enqueue({ taskKey, priority }), 'accept').acceptance;
  expect(accept('1', 'interactive')).toMatchObject({ queuePosition: 0, backoffMs: 0 });
  expect(accept('2', 'batch')).toMatchObject({ queuePosition: 0, backoffMs: 0 });
  const third = accept('3', 'interactive');
  expect(third.queuePosition).toBe(1);
  expect(third.backoffMs).toBeGreaterThan(0);
  expect(accept('4', 'batch').backoffMs).toBeGreaterThan(third.backoffMs);
});

test('[ORCH-3008] of two lanes the one with the earlier predicted finish is taken, and one with room before a full one', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ queueCapacity: 1 }), aPool({ poolId: 'b', quant: 'q8', queueCapacity: 5 })] }));
  const lane = (taskKey: string) => only(driver.enqueue({ taskKey }), 'accept').acceptance.laneId;
  const [first, second, third, fourth, fifth] = ['1', '2', '3', '4', '5'].map(lane);
  expect(first).not.toBe(second);
  expect(new Set([third, fourth]).size).toBe(2);
  expect(fifth).toContain('/q8/');
});

test('a task key that still lives is a bug of the caller', () => {
  const driver = busy();
  expect(() => driver.enqueue({ taskKey: 'running' })).toThrow('lives already');
});
