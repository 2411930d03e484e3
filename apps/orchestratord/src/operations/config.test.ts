/** The config through the whole controller: read, changed, refused, rolled back. */
import type { ConfigApplied, ConfigGeneration } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { createTestController, settle } from '../testing/test-controller.ts';
import { createOperator, digestOf, type EditableConfig, otherModel } from '../testing/test-operator.ts';

const command = ['server', '--model', '{model}', '--proxy-password', 'hush-1', '--hf-token=hush-2', '--port', '{port}'];
const secretive = {
  pools: [{ id: 'a', devices: ['0'], runtime: { kind: 'command', command, env: { HF_TOKEN: 'hush-3' } }, allow_cpu: false }, { id: 'b' }],
  keys: [{ key: 'k', tenant: 'default', scopes: ['control', 'agent'] }],
};

test('[ORCH-2107] [ORCH-3043] the active generation is shown without anything that could be a secret', async () => {
  const t = createTestController(secretive);
  const response = await t.request('GET', '/v1/config', { key: 'k' });
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(text).not.toContain('hush');
  const { generation, previous_generation, source, config } = JSON.parse(text) as ConfigGeneration;
  expect({ generation, previous_generation, source }).toEqual({ generation: 1, previous_generation: null, source: 'file' });
  expect(config).toMatchObject({
    keys: [{ id: 'k0', digest: '[removed]' }],
    pools: [
      {
        runtime: {
          command: ['server', '--model', '{model}', '--proxy-password', '[removed]', '--hf-token=[removed]', '--port', '{port}'],
          env: { HF_TOKEN: '[removed]' },
        },
      },
      { id: 'b' },
    ],
  });
  // Sent back as it was read, with another change, nothing of it is lost.
  (config as { tenants: unknown[] }).tenants.push({ id: 'team' });
  const applied = await t.request('POST', '/v1/config', { key: 'k', body: { config } });
  expect([applied.status, ((await applied.json()) as ConfigApplied).diff]).toEqual([
    200,
    { added: [], changed: [], removed: [], settings: ['/tenants'] },
  ]);
  expect(JSON.stringify(t.controller.config)).toContain('hush-1');
  // A placeholder for what is not there is a fault, not a password.
  (config as { pools: { runtime: { env?: object } }[] }).pools[0]!.runtime.env = { OTHER: '[removed]' };
  const refused = await t.request('POST', '/v1/config', { key: 'k', body: { config } });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain('/config/pools/0/runtime/env/OTHER');
});

test('[ORCH-2107] [ORCH-3031] a change that needs no other worker counts at once, and touches no worker and no agent', async () => {
  const t = createTestController({ pools: [{ id: 'a', queue: { capacity: 1 } }, { id: 'b' }] });
  const o = createOperator(t);
  await o.report({ id: 'a', worker: { start: 1 } }, { id: 'b', worker: { start: 1 } });
  const before = await o.desired();
  await t.submit();
  const { status, body } = await o.change((config) => {
    config.pools[0].queue.capacity = 7;
    config.tenants = [{ id: 'default', max_concurrent_tasks: 1 }];
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    generation: 2,
    previous_generation: 1,
    dry_run: false,
    diff: { added: [], changed: ['a'], removed: [], settings: ['/tenants'] },
    restart_required: [],
    operations: [],
  });
  expect(t.controller.scheduler.lanes()[0]?.capacity).toBe(7 + 64);
  expect((await o.desired()).generation).toBe(before.generation);
  expect(t.workers.requests[0]?.signal.aborted).toBe(false);
  // The new quota binds the next task.
  expect((await o.call('POST', '/v1/tasks', { model_ref: 'm', prompt: 'p' })).status).toBe(429);
  expect(t.logged().find(({ event }) => event === 'config_applied')).toMatchObject({
    generation: 2,
    source: 'api',
    diff: { changed: ['a'] },
  });
});

test('[ORCH-2107] [ORCH-3030] a config with a fault is refused whole, and every fault is named', async () => {
  const t = createTestController();
  const o = createOperator(t);
  const refused = await o.change((config) => {
    config.pools[0].model = 'nothing';
    config.pools[0].slots = 0;
    config.tenants.push({ id: 'team' });
  });
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain('/config/pools/0/slots');
  expect(await o.config()).toMatchObject({ generation: 1 });
  expect(t.controller.config.tenants.map(({ id }) => id)).toEqual(['default']);
  const moved = await o.change((config) => {
    config.pools[0].host = 'elsewhere';
  });
  expect([moved.status, JSON.stringify(moved.body).includes('/config/pools/0/host')]).toEqual([400, true]);
  expect((await o.call('POST', '/v1/config', {})).status).toBe(400);
  expect((await o.call('POST', '/v1/config', { config: [] })).status).toBe(400);
});

test('[ORCH-2107] who expected another generation is refused; a dry run and the same config change nothing', async () => {
  const t = createTestController();
  const o = createOperator(t);
  const add = (config: EditableConfig): void => void config.tenants.push({ id: 'team' });
  expect(await o.change(add, { dry_run: true })).toMatchObject({
    status: 200,
    body: { generation: 1, dry_run: true, diff: { settings: ['/tenants'] } },
  });
  expect(await o.change(() => undefined, { expected_generation: 1 })).toMatchObject({ body: { generation: 1 } });
  expect((await o.change(add, { expected_generation: 1 })).body.generation).toBe(2);
  const late = await o.change((config) => void config.tenants.push({ id: 'other' }), { expected_generation: 1 });
  expect([late.status, JSON.stringify(late.body).includes('generation 2 is active')]).toEqual([409, true]);
});

test('[ORCH-2106] [ORCH-3031] one call goes back to the previous generation, and once more undoes that', async () => {
  const t = createTestController();
  const o = createOperator(t);
  expect((await o.call('POST', '/v1/config/rollback')).status).toBe(409);
  await o.change((config) => void config.tenants.push({ id: 'team' }));
  const back = await o.call<ConfigApplied>('POST', '/v1/config/rollback');
  expect(back.body).toMatchObject({ generation: 3, previous_generation: 2, diff: { settings: ['/tenants'] } });
  expect(t.controller.config.tenants).toHaveLength(1);
  expect(await o.config()).toMatchObject({ generation: 3, source: 'rollback', previous_generation: 2 });
  await o.call('POST', '/v1/config/rollback');
  expect(t.controller.config.tenants).toHaveLength(2);
});

test('[ORCH-2107] fields that are read at the start are told, and count from the next start on', async () => {
  const t = createTestController();
  const o = createOperator(t);
  const { body } = await o.change((config) => {
    config.controller.limits.max_open_tasks = 3;
    config.controller.failover.max_attempts = 5;
  });
  expect(body).toMatchObject({
    diff: { settings: ['/controller/failover', '/controller/limits'] },
    restart_required: ['/controller/limits'],
  });
  expect(await o.config()).toMatchObject({ restart_required: ['/controller/limits'] });
});

test('[ORCH-2107] [ORCH-2109] a new pool reaches its agent and serves; a removed one finishes what it has, then its worker may go', async () => {
  const t = createTestController();
  const o = createOperator(t);
  await o.report({ id: 'a', worker: { start: 1 } });
  const running = await t.submit();
  const pinned = await t.submit({ pin_pool_id: 'a' });
  const { generation } = await o.desired();
  const { body } = await o.change((config) => {
    config.pools = [{ ...config.pools[0], id: 'b' }];
  });
  expect(body.diff).toMatchObject({ added: ['b'], removed: ['a'] });
  const desired = await o.desired();
  expect(desired.generation).toBeGreaterThan(generation);
  // Its worker must not be stopped while it works.
  expect(desired.pools.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
  await o.report({ id: 'a', worker: { start: 1 } }, { id: 'b', worker: { start: 1 } });
  const next = await t.submit();
  expect(t.workers.requests.map(({ baseUrl }) => baseUrl)).toEqual(['http://a-1.test', 'http://b-1.test']);
  for (let index = 0; index < 3; index++) {
    t.workers.requests[index]?.start().tokens('x').end();
    await settle();
  }
  for (const { task_id: id } of [running, pinned, next]) expect((await t.status(id)).state).toBe('succeeded');
  expect(t.workers.requests[2]?.baseUrl).toBe('http://a-1.test');
  t.controller.loop.tick();
  expect((await o.desired()).pools.map(({ id }) => id)).toEqual(['b']);
  expect(await o.operation(body.operations[0] ?? '')).toMatchObject({ kind: 'replace', pool_id: 'a', state: 'succeeded' });
  expect((await t.request('GET', '/v1/pools/a/health')).status).toBe(404);
});

test('[ORCH-2107] what was applied outlives a restart, until the file says something else', async () => {
  const saved = new Map<string, unknown>();
  const store = {
    save: (key: string, body: unknown) => Promise.resolve(void saved.set(key, structuredClone(body))),
    forget: (key: string) => void saved.delete(key),
    fault: null,
  };
  const first = createTestController({ store, models: otherModel });
  await createOperator(first).change((config) => void config.tenants.push({ id: 'team' }));
  const second = createTestController({ store, stored: saved, models: otherModel });
  expect(await createOperator(second).config()).toMatchObject({ generation: 2, source: 'api', previous_generation: 1 });
  expect(second.controller.config.tenants).toHaveLength(2);
  const third = createTestController({ store, stored: saved });
  expect(await createOperator(third).config()).toMatchObject({ generation: 3, source: 'file', previous_generation: 2 });
  expect(third.controller.config.models['m']?.digest).toBe(digestOf('a'));
});
