import { randomUUID } from 'node:crypto';
import type { PoolHealth, TaskAccepted, TaskRequest } from '@llama-orch/api-types';
import { OrchApiError } from '@llama-orch/openapi-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { longTask, shortTask } from './long-answers.ts';
import { type Stack, startStack } from './stack.ts';
import { readStream } from './stream-reader.ts';

let stack: Stack;
beforeAll(async () => {
  // Past the end of any test: a stream must never meet the deadline only because the machine is slow.
  stack = await startStack({ ctxLimit: 4_096, controller: { shutdown_deadline_ms: 300_000 } });
});
afterAll(() => stack?.stop());

const pools = ['haiku-a', 'haiku-b'] as const;
const submit = async (request: TaskRequest): Promise<string> => (await stack.client.submit(request)).task_id;

/** The text of a task that nothing disturbs. */
async function undisturbed(request: TaskRequest): Promise<string> {
  const { result } = await stack.client.waitForResult(await submit(request), { pollMs: 50 });
  return result?.text ?? '';
}

/** Wait until the pool is Unready and says why. */
async function untilUnready(poolId: string): Promise<PoolHealth> {
  return eventually(
    `pool ${poolId} to be Unready with its cause`,
    async () => {
      const health = await stack.client.poolHealth(poolId);
      return !health.ready && health.last_error !== null && health;
    },
    { describe: () => stack.describe() },
  );
}

test('[ORCH-3301] kill -9 of a worker: the strict stream goes on byte-equal elsewhere, its pool restarts and serves again', async () => {
  const request = longTask(1_500, { seed: 21 });
  const whole = await undisturbed(request);
  const reader = readStream(stack.client, await submit(request));
  const { pool_id: poolId } = await reader.untilStarted();
  await reader.untilTokens(20);
  const killed = stack.worker(poolId);
  stack.signalWorker(poolId, 'SIGKILL');
  expect((await untilUnready(poolId)).last_error?.message).toContain('SIGKILL');

  const end = await reader.untilEnd();
  expect(end).toMatchObject({ failovers: 1, kv_migrated: false, finish_reason: 'length', tokens_out: 1_500 });
  expect(end.failover_ms).toBeGreaterThan(0);
  expect(reader.text).toBe(whole);
  expect(reader.events.filter(({ event }) => event === 'started')).toHaveLength(1);

  await stack.untilReady([poolId]);
  expect(await stack.client.poolHealth(poolId)).toMatchObject({ start_count: killed.startCount + 1, restarts: 1 });
  expect(stack.worker(poolId).pid).not.toBe(killed.pid);
  const next = readStream(stack.client, await submit(shortTask({ pin_pool_id: poolId })));
  expect((await next.untilStarted()).replica_id).toBe(`${poolId}/${killed.startCount + 1}`);
  await next.untilEnd();
});

test('[ORCH-3301] kill -9 of a worker: a best_effort task that has begun ends with WORKER_RESET, one that waits is served', async () => {
  const [first, second] = await Promise.all(
    pools.map(async (id) => readStream(stack.client, await submit(longTask(1_500, { determinism: 'best_effort', pin_pool_id: id })))),
  );
  await Promise.all([first?.untilTokens(3), second?.untilTokens(3)]);
  const waiting = readStream(stack.client, await submit(shortTask({ determinism: 'best_effort' })));
  stack.signalWorker('haiku-a', 'SIGKILL');
  await first?.untilOver();
  expect(first?.events.at(-1)).toMatchObject({ event: 'error', data: { code: 'WORKER_RESET', retriable: true, pool_id: 'haiku-a' } });
  await second?.untilEnd();
  await waiting.untilEnd();
  await stack.untilReady(['haiku-a']);
});

test('[ORCH-2109] kill -9 of the agent: the stream goes on, and the next agent adopts the same workers', async () => {
  const request = longTask(2_000, { seed: 5 });
  const whole = await undisturbed(request);
  const before = pools.map((id) => stack.worker(id));
  const replicas = (await stack.client.replicaSets()).replica_sets.flatMap((set) => set.replicas.map(({ replica_id: id }) => id));
  const reader = readStream(stack.client, await submit(request));
  await reader.untilTokens(3);
  await stack.killAgent();
  const atKill = reader.tokenCount;
  await stack.startAgent();
  await reader.untilEnd();
  expect(atKill).toBeLessThan(2_000);
  expect(reader.text).toBe(whole);
  expect(reader.events.at(-1)?.data).toMatchObject({ failovers: 0 });

  await eventually(
    'the new agent to report',
    async () => {
      const { agents } = await stack.client.agents();
      return agents[0]?.connected === true && agents[0].pools.every(({ state }) => state === 'ready') && agents[0].pools.length === 2;
    },
    { describe: () => stack.describe() },
  );
  await stack.untilReady();
  expect(pools.map((id) => stack.worker(id))).toEqual(before);
  const started = await readStream(stack.client, await submit(shortTask())).untilStarted();
  expect(replicas).toContain(started.replica_id);
});

test('[ORCH-3054] a controller that is asked to end lets its streams end first, and its successor serves with the same workers', async () => {
  const before = pools.map((id) => stack.worker(id));
  const reader = readStream(stack.client, await submit(longTask(2_000)));
  await reader.untilTokens(3);
  stack.controller.signal('SIGTERM');
  // It says so once it has closed its door, so that nothing is admitted here beside the stream that it waits for.
  await eventually('the first signal to be heard', () => stack.controller.logLines().some((line) => line.includes('"draining"')));
  const refused = await stack.client.submit(shortTask()).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(OrchApiError);
  expect(refused).toMatchObject({ status: 503, retriable: true, envelope: { code: 'POOL_UNAVAILABLE' } });
  expect((await reader.untilEnd()).finish_reason).toBe('length');
  expect(await stack.controller.exited).toEqual({ code: 0, signal: null });

  await stack.startController();
  await stack.untilReady();
  expect(await undisturbed(shortTask())).not.toBe('');
  expect(pools.map((id) => stack.worker(id))).toEqual(before);
});

test('[ORCH-3301] kill -9 of the only worker that may run a task: its stream waits for the restart and goes on byte-equal', async () => {
  const request = longTask(1_500, { seed: 22, pin_pool_id: 'haiku-a' });
  const whole = await undisturbed(request);
  const reader = readStream(stack.client, await submit(request));
  await reader.untilTokens(20);
  const killed = stack.worker('haiku-a');
  stack.signalWorker('haiku-a', 'SIGKILL');
  const end = await reader.untilEnd();
  expect(end).toMatchObject({ failovers: 1, finish_reason: 'length' });
  expect(reader.text).toBe(whole);
  expect(stack.worker('haiku-a').startCount).toBe(killed.startCount + 1);
  await stack.untilReady();
});

test('[ORCH-3301] a task that kills every worker it gets ends with REPLICA_EXHAUSTED after its attempts, and others are served after it', async () => {
  const before = await Promise.all(pools.map((id) => stack.client.poolHealth(id)));
  const poison = await submit(longTask(1_500, { seed: 23 }));
  const reader = readStream(stack.client, poison);
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const victim = await eventually(`attempt ${attempt} to run`, async () => {
      const { state, attempts } = await stack.client.task(poison);
      if (state !== 'running' || attempts !== attempt) return undefined;
      const { replica_sets: sets } = await stack.client.replicaSets();
      return sets.flatMap((set) => set.replicas).find(({ slots, state: replicaState }) => replicaState === 'ready' && slots.free === 0)
        ?.pool_id;
    });
    stack.signalWorker(victim, 'SIGKILL');
  }
  await reader.untilOver();
  expect(reader.events.at(-1)).toMatchObject({ event: 'error', data: { code: 'REPLICA_EXHAUSTED', retriable: true } });
  await stack.untilReady();
  const after = await Promise.all(pools.map((id) => stack.client.poolHealth(id)));
  const restarts = after.map((health, index) => (health.restarts ?? 0) - (before[index]?.restarts ?? 0));
  // Three attempts, spread over the pools: no pool lost more than two workers, and none gave up.
  expect(restarts.toSorted((a, b) => a - b)).toEqual([1, 2]);
  expect(await Promise.all(pools.map((id) => undisturbed(shortTask({ pin_pool_id: id }))))).not.toContain('');
});

test('[ORCH-3301] [ORCH-3053] three tasks that kill every worker they get end one after the other, and what waits behind them on the only pool is served', async () => {
  await stack.untilReady();
  const pinned = { pin_pool_id: 'haiku-a' };
  const poisons: string[] = [];
  for (const seed of [61, 62, 63]) poisons.push(await submit(longTask(1_500, { seed, ...pinned })));
  const good = await submit(shortTask({ seed: 64, ...pinned }));
  const before = stack.worker('haiku-a');
  const killed = new Set<string>();
  while (killed.size < 9) {
    const attempt = await eventually(
      `attempt ${killed.size + 1} of 9 to run`,
      async () => {
        const tasks = await Promise.all(poisons.map((id) => stack.client.task(id)));
        const running = tasks.find(({ state, task_id: id, attempts }) => state === 'running' && !killed.has(`${id} ${attempts}`));
        return running && `${running.task_id} ${running.attempts}`;
      },
      { withinMs: 60_000, describe: () => stack.describe() },
    );
    stack.signalWorker('haiku-a', 'SIGKILL');
    killed.add(attempt);
  }
  expect(await stack.client.waitForResult(good, { pollMs: 50 })).toMatchObject({ state: 'succeeded', attempts: 1 });
  for (const id of poisons) {
    expect(await stack.client.task(id)).toMatchObject({ state: 'failed', attempts: 3, error: { code: 'REPLICA_EXHAUSTED' } });
  }
  expect(stack.worker('haiku-a').startCount).toBe(before.startCount + 9);
});

test('[ORCH-3302] kill -9 of the controller under its clients: streams go on byte-equal, nothing that was promised is lost, no worker restarts', async () => {
  const strict = longTask(1_500, { seed: 31, pin_pool_id: 'haiku-a' });
  const whole = await undisturbed(strict);
  const wait = pools.map((id, index) =>
    shortTask({ seed: 40 + index, pin_pool_id: 'haiku-a', ...(id === 'haiku-b' && { priority: 'batch' }) }),
  );
  const answers = await Promise.all(wait.map(undisturbed));
  const before = pools.map((id) => stack.worker(id));

  const ended = await submit(shortTask({ seed: 50 }));
  const result = await stack.client.waitForResult(ended, { pollMs: 50 });
  const body = JSON.stringify({ ...strict, task_id: randomUUID() });
  const post = async (): Promise<string> => {
    const response = await fetch(`${stack.url}/v1/tasks`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(response.status).toBe(202);
    return response.text();
  };
  const accepted = await post();
  const running = readStream(stack.client, (JSON.parse(accepted) as TaskAccepted).task_id);
  const loose = readStream(stack.client, await submit(longTask(1_500, { determinism: 'best_effort', pin_pool_id: 'haiku-b' })));
  await Promise.all([running.untilTokens(20), loose.untilTokens(3)]);
  const waiting = [];
  for (const request of wait) waiting.push(readStream(stack.client, await submit(request)));
  const canceled = await submit(shortTask({ pin_pool_id: 'haiku-a' }));
  await stack.client.cancel(canceled);

  await stack.killController();
  expect(running.tokenCount).toBeLessThan(1_500);
  await stack.startController();
  expect(await post()).toBe(accepted);
  const end = await running.untilEnd();
  expect(end).toMatchObject({ finish_reason: 'length', failovers: 1, kv_migrated: false });
  expect(running.text).toBe(whole);
  expect(running.events.filter(({ event }) => event === 'started')).toHaveLength(1);
  await loose.untilOver();
  expect(loose.events.at(-1)).toMatchObject({ event: 'error', data: { code: 'WORKER_RESET', retriable: true } });
  await Promise.all(waiting.map((reader) => reader.untilEnd()));
  expect(waiting.map(({ text }) => text)).toEqual(answers);
  expect(await stack.client.task(canceled)).toMatchObject({ state: 'canceled', attempts: 0 });
  expect(await stack.client.task(ended)).toEqual(result);
  expect(pools.map((id) => stack.worker(id))).toEqual(before);
});
