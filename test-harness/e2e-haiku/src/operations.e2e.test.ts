/**
 * Drain, reload, rollback and config changes of a whole stack, under load: not one task may fail, and every stream is what it would have
 * been without them.
 */
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigApplied, ConfigGeneration, PoolOperation } from '@llama-orch/api-types';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { eventually } from './eventually.ts';
import { longTask, shortTask } from './long-answers.ts';
import { findMarked } from './marked-processes.ts';
import { type Stack, startStack } from './stack.ts';
import { type SteadyLoad, startSteadyLoad } from './steady-load.ts';
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
  stack = await startStack({ ctxLimit: 1_024, models: { 'haiku-next': next, 'haiku-spoiled': spoiled } });
  load = startSteadyLoad(stack.client, 4, (seed) => longTask(150, { seed }), 6);
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
  await load.untilMore(8);
  const drained = await untilEnded(await begin('/v1/pools/haiku-a/drain', { deadline_ms: 50 }));
  expect(drained).toMatchObject({ state: 'succeeded', progress: { running: 0 } });
  expect(await stack.client.poolHealth('haiku-a')).toMatchObject({ draining: true, ready: false, metrics: { running: 0 } });
  await load.untilMore(6);
  expect((await stack.client.poolHealth('haiku-a')).metrics.running).toBe(0);
  await begin('/v1/pools/haiku-a/resume');
  await eventually('the resumed pool to run tasks', async () => (await stack.client.poolHealth('haiku-a')).metrics.running > 0);
  expectNoHarm();
});

test('[ORCH-2102] [ORCH-2106] [ORCH-3037] a reload switches under load, one that fails changes nothing, and one call goes back', async () => {
  const spoiled = await untilEnded(await begin('/v1/pools/haiku-a/reload', { new_model_ref: 'haiku-spoiled' }));
  expect(spoiled).toMatchObject({ state: 'failed', error: { code: 'UNTRUSTED_ARTIFACT' } });
  expect(await digestOn('haiku-a')).toBe(modelDigest);
  expect(await config()).toMatchObject({ generation: 1 });

  const reloaded = await untilEnded(await begin('/v1/pools/haiku-a/reload', { new_model_ref: 'haiku-next' }));
  expect(reloaded).toMatchObject({ state: 'succeeded', error: null, generation: 2 });
  expect(await digestOn('haiku-a')).toBe(nextDigest);
  const next = await stack.client.submit(shortTask({ model_ref: 'haiku-next' }));
  expect(next.effective.model_digest).toBe(nextDigest);
  expect((await stack.client.waitForResult(next.task_id, { pollMs: 50 })).state).toBe('succeeded');
  await eventually('the old worker to be gone', () => workerCount() === 2);

  const back = await untilEnded(await begin('/v1/pools/haiku-a/rollback'));
  expect(back).toMatchObject({ kind: 'rollback', state: 'succeeded', generation: 3 });
  expect(await digestOn('haiku-a')).toBe(modelDigest);
  await load.untilMore(6);
  await eventually('the old worker to be gone', () => workerCount() === 2);
  expectNoHarm();
});

test('[ORCH-2107] [ORCH-3031] the file is changed and read again by SIGHUP: one name, another digest, pool after pool, no task lost', async () => {
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
      return generation === 4 && pending.length === 0;
    },
    { withinMs: 90_000, describe: () => stack.describe() },
  );
  expect([await digestOn('haiku-a'), await digestOn('haiku-b')]).toEqual([nextDigest, nextDigest]);
  const { operations } = (await call('GET', '/v1/operations')) as { operations: PoolOperation[] };
  expect(operations.slice(0, 2).map(({ kind, state }) => [kind, state])).toEqual([
    ['replace', 'succeeded'],
    ['replace', 'succeeded'],
  ]);
  await load.untilMore(6);
  expectNoHarm();

  const applied = (await call('POST', '/v1/config/rollback')) as ConfigApplied;
  expect(applied).toMatchObject({ generation: 5, diff: { changed: ['haiku-a', 'haiku-b'] } });
  for (const id of applied.operations) expect(await untilEnded({ operation_id: id })).toMatchObject({ state: 'succeeded' });
  expect([await digestOn('haiku-a'), await digestOn('haiku-b')]).toEqual([modelDigest, modelDigest]);
  await eventually('the old workers to be gone', () => workerCount() === 2);
  expectNoHarm();
});
