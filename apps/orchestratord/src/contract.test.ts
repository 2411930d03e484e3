/** What the running app answers and streams fits the schemas of the contract, in every state of a task. */
import { type SchemaName, validate } from '@llama-orch/api-types';
import { afterEach, expect, test } from 'vitest';
import { createTestController, settle, type TestController } from './testing/test-controller.ts';

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

const expectToFit = (name: SchemaName, value: unknown): void => {
  const checked = validate(name, value);
  expect(checked.ok ? [] : checked.faults, name).toEqual([]);
};

const expectAnswer = async (t: TestController, path: string, name: SchemaName): Promise<void> => {
  const response = await t.request('GET', path);
  expect(response.status, path).toBe(200);
  expectToFit(name, await response.json());
};

test('[ORCH-2103] [ORCH-2104] [ORCH-2105] [ORCH-2109] the control plane fits its schemas with a worker, without one, and after work', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b', host: 'unheard' }] });
  const look = async (): Promise<void> => {
    await expectAnswer(t, '/v1/pools/a/health', 'PoolHealth');
    await expectAnswer(t, '/v1/pools/b/health', 'PoolHealth');
    await expectAnswer(t, '/v1/replicasets', 'ReplicaSetList');
    await expectAnswer(t, '/v1/capabilities', 'Capabilities');
    await expectAnswer(t, '/v1/agents', 'AgentList');
  };
  await look();
  await t.ready('a');
  await look();
  await t.submit();
  t.workers.last.start().tokens('x').end();
  await settle();
  t.controller.housekeep();
  await look();
});

test('[ORCH-2001] [ORCH-2009] [ORCH-2004] a task and its session fit their schemas in every state', async () => {
  const t = createTestController();
  await t.ready('a');
  const running = await t.submit();
  const queued = await t.submit();
  expectToFit('TaskAccepted', running);
  const look = async (): Promise<void> => {
    for (const { task_id: id, session_id: session } of [running, queued]) {
      await expectAnswer(t, `/v1/tasks/${id}`, 'TaskStatus');
      await expectAnswer(t, `/v1/sessions/${session}`, 'Session');
    }
  };
  await look();
  t.workers.last.start().tokens('x');
  await settle();
  await look();
  await t.request('POST', `/v1/tasks/${queued.task_id}/cancel`);
  t.workers.last.end();
  await settle();
  await look();
  const { task_id: failed } = await t.submit();
  t.clock.now += 700_000;
  await t.ready('a');
  t.controller.loop.tick();
  await settle();
  await expectAnswer(t, `/v1/tasks/${failed}`, 'TaskStatus');
});

test('[ORCH-2002] every event of a stream fits its schema', async () => {
  const t = createTestController();
  await t.ready('a');
  const served = await t.serve();
  open.push(served);
  const schemas: Readonly<Record<string, SchemaName>> = {
    started: 'StreamStarted',
    token: 'StreamToken',
    metrics: 'StreamMetrics',
    end: 'StreamEnd',
    error: 'ErrorEnvelope',
  };
  const first = await t.submit();
  const second = await t.submit();
  const bodies = [first, second].map(async ({ task_id: id }) => (await fetch(`${served.url}/v1/tasks/${id}/stream`)).text());
  await expect.poll(() => t.controller.hub.count).toBe(2);
  t.clock.now += 6_000;
  t.controller.housekeep();
  t.workers.last.start().tokens('a', '日').end();
  await settle();
  t.workers.last.start().tokens('b');
  await settle();
  t.clock.now += 700_000;
  await t.ready('a');
  t.controller.loop.tick();
  const seen = new Set<string>();
  for (const body of await Promise.all(bodies)) {
    for (const [, event = '', data = ''] of body.matchAll(/^event: (\w+)\ndata: (.*)$/gm)) {
      seen.add(event);
      expectToFit(schemas[event] as SchemaName, JSON.parse(data));
    }
  }
  expect([...seen].toSorted()).toEqual(Object.keys(schemas).toSorted());
});
