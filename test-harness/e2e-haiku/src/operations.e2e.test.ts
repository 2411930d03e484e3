/**
 * Drain, reload, rollback and config changes of a whole stack, under load: not one task may fail, and every stream is what it would have
 * been without them.
 */
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Canary, ConfigApplied, ConfigGeneration, PoolOperation } from '@llama-orch/api-types';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { eventually } from './eventually.ts';
import { longTask, shortTask } from './long-answers.ts';
import { findMarked } from './marked-processes.ts';
import { type Stack, startStack } from './stack.ts';
import { type SteadyLoad, startSteadyLoad } from './steady-load.ts';
import { readStream } from './stream-reader.ts';
import { modelDigest, modelPath, workspaceRoot } from './workspace.ts';

/** The same weights under another digest: bytes behind the last tensor. */
const directory = mkdtempSync(join(tmpdir(), 'llama-orch-next-'));
const nextPath = join(directory, 'haiku-next.gguf');
copyFileSync(join(workspaceRoot, modelPath), nextPath);
appendFileSync(nextPath, '\0'.repeat(32));
const nextDigest = `sha256:${createHash('sha256').update(readFileSync(nextPath)).digest('hex')}`;

let stack: Stack;
let load: SteadyLoad;
beforeAll(async () => {
  const next = { path: nextPath, digest: nextDigest, quant: 'Q8_0', ctx_limit: 1_024 };
  const spoiled = { ...next, digest: `sha256:${'0'.repeat(64)}` };
  stack = await startStack({
    ctxLimit: 1_024,
    models: { 'haiku-next': next, 'haiku-spoiled': spoiled },
    controller: { rollout: { max_parallel: 2 } },
  });
  load = startSteadyLoad(stack.client, 3, (seed) => longTask(120, { seed }), 4);
});
afterAll(async () => {
  await load?.stop();
  await stack?.stop();
  rmSync(directory, { recursive: true });
});

async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(stack.url + path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

const begin = (path: string, body?: unknown): Promise<PoolOperation> => call('POST', path, body) as Promise<PoolOperation>;

async function untilEnded({ operation_id: id }: { operation_id: string }): Promise<PoolOperation> {
  return eventually(
    `operation ${id} to end`,
    async () => {
      const operation = (await call('GET', `/v1/operations/${id}`)) as PoolOperation;
      return operation.state !== 'running' && operation;
    },
    { withinMs: 60_000, describe: () => stack.describe() },
  );
}

const config = (): Promise<ConfigGeneration> => call('GET', '/v1/config') as Promise<ConfigGeneration>;
const digestOn = async (poolId: string): Promise<string | undefined> => (await stack.client.poolHealth(poolId)).replica?.model_digest;

/** Workers of the stack by process. */
const workerCount = (): number => findMarked(stack.mark).length - 2;

function expectNoHarm(): void {
  expect(load.failures).toEqual([]);
  for (const [seed, texts] of load.texts) expect(texts.size, `texts of seed ${seed}`).toBe(1);
}

test('[ORCH-2101] a drain under load moves what is late, byte for byte, and a resume brings the pool back', async () => {
  await load.untilMore(4);
  const drained = await untilEnded(await begin('/v1/pools/haiku-a/drain', { deadline_ms: 50 }));
  expect(drained).toMatchObject({ state: 'succeeded', progress: { running: 0 } });
  expect(await stack.client.poolHealth('haiku-a')).toMatchObject({ draining: true, ready: false, metrics: { running: 0 } });
  await load.untilMore(4);
  expect((await stack.client.poolHealth('haiku-a')).metrics.running).toBe(0);
  await begin('/v1/pools/haiku-a/resume');
  await eventually('the resumed pool to run tasks', async () => (await stack.client.poolHealth('haiku-a')).metrics.running > 0);
  expectNoHarm();
});

test('[ORCH-3033] a canary comes, is promoted, aborted and goes under load, without a restart of a worker', async () => {
  const workers = [stack.worker('haiku-a'), stack.worker('haiku-b')];
  const { config: active } = await config();
  const canaries = [{ id: 'next', model: 'haiku-tiny', pools: ['haiku-b'], percent: 50 }];
  await call('POST', '/v1/config', { config: { ...active, canaries } });
  const figures = async () => ((await call('GET', '/v1/canaries')) as { canaries: [Canary] }).canaries[0];
  await eventually('tasks of both sides to end', async () => {
    const { base, canary } = await figures();
    return base.succeeded > 2 && canary.succeeded > 2;
  });
  await call('POST', '/v1/canaries/next/promote');
  const { admitted } = (await figures()).base;
  await load.untilMore(4);
  await call('POST', '/v1/canaries/next/abort');
  expect((await figures()).base.admitted).toBe(admitted);
  await load.untilMore(4);
  expect(await call('POST', '/v1/config', { config: active })).toMatchObject({ diff: { settings: ['/canaries'] }, operations: [] });
  await load.untilMore(4);
  expect([stack.worker('haiku-a'), stack.worker('haiku-b')]).toEqual(workers);
  expectNoHarm();
});

test('[ORCH-2102] [ORCH-2106] [ORCH-3037] a reload switches under load, one that fails changes nothing, and one call goes back', async () => {
  const spoiled = await untilEnded(await begin('/v1/pools/haiku-a/reload', { new_model_ref: 'haiku-spoiled' }));
  expect(spoiled).toMatchObject({ state: 'failed', error: { code: 'UNTRUSTED_ARTIFACT' } });
  expect(await digestOn('haiku-a')).toBe(modelDigest);
  const { generation } = await config();
  expect(spoiled.generation).toBeNull();

  const reloaded = await untilEnded(await begin('/v1/pools/haiku-a/reload', { new_model_ref: 'haiku-next' }));
  expect(reloaded).toMatchObject({ state: 'succeeded', error: null, generation: generation + 1 });
  expect(await digestOn('haiku-a')).toBe(nextDigest);
  const next = await stack.client.submit(shortTask({ model_ref: 'haiku-next' }));
  expect(next.effective.model_digest).toBe(nextDigest);
  expect((await stack.client.waitForResult(next.task_id, { pollMs: 50 })).state).toBe('succeeded');
  await eventually('the old worker to be gone', () => workerCount() === 2);

  const back = await untilEnded(await begin('/v1/pools/haiku-a/rollback'));
  expect(back).toMatchObject({ kind: 'rollback', state: 'succeeded', generation: generation + 2 });
  expect(await digestOn('haiku-a')).toBe(modelDigest);
  await load.untilMore(4);
  await eventually('the old worker to be gone', () => workerCount() === 2);
  expectNoHarm();
});

test('[ORCH-2107] [ORCH-3031] the file is changed and read again by SIGHUP: one name, another digest, no task lost', async () => {
  const { generation: started } = await config();
  const file = parse(readFileSync(stack.configFile, 'utf8')) as { models: Record<string, { path: string; digest: string }> };
  const before = readFileSync(stack.configFile, 'utf8');
  writeFileSync(stack.configFile, before.replace('haiku-a', 'haiku a'));
  stack.controller.signal('SIGHUP');
  await eventually('the bad file to be refused', () => stack.controller.logLines().some((line) => line.includes('"config_refused"')));

  Object.assign(file.models['haiku-tiny'] ?? {}, { path: nextPath, digest: nextDigest });
  writeFileSync(stack.configFile, stringify(file));
  stack.controller.signal('SIGHUP');
  await eventually(
    'both pools to be replaced',
    async () => {
      const { generation, pending_pools: pending } = await config();
      return generation === started + 1 && pending.length === 0;
    },
    { withinMs: 90_000, describe: () => stack.describe() },
  );
  expect([await digestOn('haiku-a'), await digestOn('haiku-b')]).toEqual([nextDigest, nextDigest]);
  const { operations } = (await call('GET', '/v1/operations')) as { operations: PoolOperation[] };
  expect(operations.slice(0, 2).map(({ kind, state }) => [kind, state])).toEqual([
    ['replace', 'succeeded'],
    ['replace', 'succeeded'],
  ]);
  await load.untilMore(4);
  expectNoHarm();

  const applied = (await call('POST', '/v1/config/rollback')) as ConfigApplied;
  expect(applied).toMatchObject({ generation: started + 2, diff: { changed: ['haiku-a', 'haiku-b'] } });
  for (const id of applied.operations) expect(await untilEnded({ operation_id: id })).toMatchObject({ state: 'succeeded' });
  expect([await digestOn('haiku-a'), await digestOn('haiku-b')]).toEqual([modelDigest, modelDigest]);
  await eventually('the old workers to be gone', () => workerCount() === 2);
  expectNoHarm();
});

test('[ORCH-3054] [ORCH-2101] [ORCH-2107] a second signal ends the controller at once; its successor knows drains, operations and config', async () => {
  await load.stop();
  const drained = await untilEnded(await begin('/v1/pools/haiku-b/drain', { deadline_ms: 0 }));
  const { config: active } = await config();
  const applied = (await call('POST', '/v1/config', {
    config: { ...active, slos: { interactive: { error_ratio: 0.5 } } },
  })) as ConfigApplied;
  expect(applied.diff).toMatchObject({ changed: [], settings: ['/slos'] });

  const { task_id: id } = await stack.client.submit(longTask(850));
  await readStream(stack.client, id).untilTokens(3);
  stack.controller.signal('SIGTERM');
  await eventually('the first signal to be heard', () => stack.controller.logLines().some((line) => line.includes('"shutdown_started"')));
  stack.controller.signal('SIGTERM');
  expect(await stack.controller.exited).toEqual({ code: 1, signal: null });
  const workers = [stack.worker('haiku-a'), stack.worker('haiku-b')];

  await stack.startController();
  await stack.untilReady(['haiku-a']);
  expect(await call('GET', `/v1/operations/${drained.operation_id}`)).toEqual(drained);
  expect(await config()).toMatchObject({ generation: applied.generation, source: 'api', pending_pools: [] });
  expect(await stack.client.poolHealth('haiku-b')).toMatchObject({ draining: true, ready: false });
  // The strict task that was cut off goes on by itself, on the pool that is not drained.
  expect(await stack.client.waitForResult(id, { pollMs: 50 })).toMatchObject({ state: 'succeeded', started: { pool_id: 'haiku-a' } });
  await begin('/v1/pools/haiku-b/resume');
  await stack.untilReady();
  expect([stack.worker('haiku-a'), stack.worker('haiku-b')]).toEqual(workers);
});
