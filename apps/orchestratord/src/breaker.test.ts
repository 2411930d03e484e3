import { WorkerError } from '@llama-orch/adapter-api';
import type { PoolHealth } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { createTestController, settle, type TestController } from './testing/test-controller.ts';

const breaker = { replica: { failures: 3 }, open_ms: 2_000, restart_after: 2 };
const cannotDecode = () => new WorkerError('engine-rejected', 'The engine answered 500: decode failed.', { mayRunAgain: false });

const health = async (t: TestController, poolId = 'a'): Promise<PoolHealth> =>
  (await (await t.request('GET', `/v1/pools/${poolId}/health`)).json()) as PoolHealth;

/** A task that gets a worker, and no answer. */
const failOne = async (t: TestController): Promise<void> => {
  await t.submit({ determinism: 'best_effort' });
  t.workers.last.fail(cannotDecode());
  await settle();
  t.clock.now += 100;
};

test('[ORCH-3040, ORCH-3010] a worker that answers its health check and cannot decode is found by traffic, shut off, and restarted', async () => {
  const t = createTestController({ controller: { breaker } });
  await t.ready('a');
  for (let index = 0; index < 3; index++) await failOne(t);
  expect(await health(t)).toMatchObject({
    ready: false,
    breaker: { state: 'open', scope: 'replica', cause: 'faults', retry_ms: 1_900 },
  });
  expect(await t.metric(/^breaker_transitions_total\{engine="llamacpp",scope="replica",state="open"\}/)).toBe(1);
  expect(await t.metric(/^breakers\{engine="llamacpp",scope="replica",state="open"\}/)).toBe(1);
  const sets = (await (await t.request('GET', '/v1/replicasets')).json()) as { replica_sets: { replicas: { breaker: string }[] }[] };
  expect(sets.replica_sets[0]?.replicas[0]?.breaker).toBe('open');

  // Its agent says that all is well, and its health check passes: it gets nothing all the same.
  await t.ready('a');
  const waiting = await t.submit();
  expect(t.workers.requests).toHaveLength(3);
  const before = t.controller.fleet.desired.generation('h');
  t.clock.now += 2_000;
  t.controller.loop.tick();
  expect(t.workers.requests).toHaveLength(4);
  expect((await health(t)).breaker?.state).toBe('half_open');
  t.workers.last.fail(cannotDecode());
  await settle();
  expect((await t.status(waiting.task_id)).state).toBe('failed');
  expect(t.controller.fleet.desired.generation('h')).toBe(before + 1);
  expect(t.logged()).toContainEqual(expect.objectContaining({ event: 'replica_restart_requested', replica_id: 'a/1' }));

  // Another worker starts with a breaker of its own.
  await t.report([t.poolStatus('a', 2)]);
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('ok').end();
  await settle();
  expect((await t.status(id)).state).toBe('succeeded');
  expect(await health(t)).toMatchObject({ ready: true, breaker: { state: 'closed', cause: null, retry_ms: null } });
});

test('[ORCH-3040] a task that succeeds half-open closes it, and nothing but tasks was ever sent', async () => {
  const t = createTestController({ controller: { breaker } });
  await t.ready('a');
  for (let index = 0; index < 3; index++) await failOne(t);
  t.clock.now += 2_000;
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('ok').end();
  await settle();
  expect((await t.status(id)).state).toBe('succeeded');
  expect((await health(t)).breaker?.state).toBe('closed');
  expect(t.workers.requests).toHaveLength(4);
  expect(t.logged().flatMap(({ event }) => (String(event).startsWith('breaker_') ? [event] : []))).toEqual([
    'breaker_open',
    'breaker_half_open',
    'breaker_closed',
  ]);
});

test('[ORCH-3040, ORCH-3301] its streams that break are finished elsewhere meanwhile, however often its health check clears it', async () => {
  const t = createTestController({ controller: { breaker }, pools: [{ id: 'a' }, { id: 'b' }] });
  await t.ready('a', 'b');
  const isOfA = (url: string): boolean => url.includes('//a.');
  const ids: string[] = [];
  for (let index = 0; index < 6; index++) {
    ids.push((await t.submit({ seed: index })).task_id);
    // What comes to `a` breaks, what comes to `b` succeeds.
    for (let rounds = 0; rounds < 3; rounds++) {
      const request = t.workers.last;
      if (isOfA(request.baseUrl)) {
        request.fail(new WorkerError('worker-reset', 'connection reset', { mayRunAgain: true }));
        await settle();
        t.workers.releases.at(-1)?.();
        await settle();
        t.clock.now += 300;
        await t.ready('a', 'b');
      } else {
        request.start().tokens('ok').end();
        await settle();
        break;
      }
    }
  }
  expect(await Promise.all(ids.map(async (id) => (await t.status(id)).state))).toEqual(ids.map(() => 'succeeded'));
  // The second failure within seconds opens it only where nothing else ran there: three at most got there.
  expect(t.workers.requests.filter(({ baseUrl }) => isOfA(baseUrl)).length).toBeLessThanOrEqual(3);
  expect((await health(t)).breaker?.state).toBe('open');
  expect((await health(t, 'b')).breaker?.state).toBe('closed');
  await t.controller.fleet.close();
});

test('[ORCH-3040] breakers can be turned off', async () => {
  const t = createTestController({ controller: { breaker: { ...breaker, enabled: false } } });
  await t.ready('a');
  for (let index = 0; index < 6; index++) await failOne(t);
  expect(await health(t)).toMatchObject({ ready: true, breaker: { state: 'closed' } });
});
