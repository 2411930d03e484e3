/** What the control plane and the sessions show, through the whole controller with played workers. */
import { schemaBundle } from '@llama-orch/api-types';
import { engines } from '@llama-orch/config-schema';
import { expect, test } from 'vitest';
import { createTestController, settle } from './testing/test-controller.ts';

const read = async (t: ReturnType<typeof createTestController>, path: string): Promise<unknown> => {
  const response = await t.request('GET', path);
  expect(response.status).toBe(200);
  return await response.json();
};

test('[ORCH-2008] the config knows the engines of the contract, in their order', () => {
  expect(schemaBundle.$defs.Engine).toMatchObject({ enum: engines });
});

test('[ORCH-2004, ORCH-3021] a session tells what is left of it, and the turn after its last starts over', async () => {
  const t = createTestController({ tenants: [{ id: 'default' }] });
  await t.ready('a');
  const { session_id: id } = await t.submit();
  const finish = async (): Promise<void> => {
    t.workers.last.start().tokens('x').end();
    await settle();
  };
  await finish();
  t.clock.now += 1_000;
  const first = await read(t, `/v1/sessions/${id}`);
  expect(first).toMatchObject({ session_id: id, turns: 1, turns_max: 8, ttl_ms_remaining: 599_000, kv_bytes: null, kv_warmth: true });
  expect(first).toHaveProperty('budgets');
  for (let turn = 2; turn <= 9; turn += 1) {
    await t.submit({ session_id: id });
    expect(await read(t, `/v1/sessions/${id}`)).toMatchObject({ turns: turn > 8 ? 1 : turn });
    await finish();
  }
});

test('[ORCH-2005] a deleted session is unknown at once, and deleting it again is 404', async () => {
  const t = createTestController();
  await t.ready('a');
  const { session_id: id } = await t.submit();
  t.workers.last.start().tokens('x').end();
  await settle();
  const statuses = [];
  for (const method of ['DELETE', 'GET', 'DELETE']) statuses.push((await t.request(method, `/v1/sessions/${id}`)).status);
  expect(statuses).toEqual([204, 404, 404]);
});

test('[ORCH-2103, ORCH-3032] a pool’s health tells liveness, readiness, its worker’s versions, and why it is not ready', async () => {
  const t = createTestController();
  await t.ready('a');
  expect(await read(t, '/v1/pools/a/health')).toMatchObject({
    live: true,
    ready: true,
    draining: false,
    last_error: null,
    replica: { replica_id: 'a/1', engine_version: 'scripted', model_digest: `sha256:${'a'.repeat(64)}` },
    metrics: { queue_depth: 0, running: 0, oom_events: 0, driver_reset_events: 0 },
  });
  const lastError = {
    kind: 'device-oom',
    code: 'WORKER_RESET',
    message: 'Out of memory.',
    cause: 'CUDA',
    at: new Date(0).toISOString(),
  } as const;
  await t.report([
    t.poolStatus('a', 1, {
      state: 'unready',
      last_error: lastError,
      oom_events: { device: 2, host: 1 },
      ecc_events: 1,
      capacity_slots: 3,
      replica: null,
    }),
  ]);
  expect(await read(t, '/v1/pools/a/health')).toMatchObject({
    live: false,
    ready: false,
    last_error: { code: 'WORKER_RESET', message: 'Out of memory.', cause: 'CUDA' },
    replica: null,
    metrics: { oom_events: 3, host_oom_events: 1, driver_reset_events: 0, ecc_events: 1, capacity_slots: 3 },
  });
});

test('[ORCH-2104, ORCH-3041] a replica set lists its pins, replicas, load and what its tasks got beside the SLOs', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b' }] });
  await t.ready('a', 'b');
  await t.submit();
  t.clock.now += 901;
  t.workers.last.start().tokens('x').end();
  await settle();
  const { replica_sets: sets } = (await read(t, '/v1/replicasets')) as { replica_sets: Record<string, unknown>[] };
  expect(sets).toHaveLength(1);
  const free = { total: 1, busy: 0, releasing: 0, free: 1 };
  expect(sets[0]).toMatchObject({
    engine: 'llamacpp',
    engine_version: 'scripted',
    models: ['m'],
    quant: 'Q8_0',
    ctx: 1024,
    sampler_profile_version: 'v1',
    replicas: [
      { replica_id: 'a/1', pool_id: 'a', state: 'ready', slots: free },
      { replica_id: 'b/1', pool_id: 'b', state: 'ready', slots: free },
    ],
    load: { queue_depth: 0, running: 0 },
    slo: [
      { priority: 'interactive', samples: 1, first_token_p95_ms: 901, targets: { first_token_p95_ms: 900 }, met: false },
      { priority: 'batch', samples: 0, met: null },
    ],
  });
});

test('[ORCH-2105] capabilities tell a client what it may ask for: limits, features, operations that are served', async () => {
  const t = createTestController({ tenants: [{ id: 'default', rate: { requests_per_s: 20, burst: 40 } }] });
  await t.ready('a');
  const seen = (await read(t, '/v1/capabilities')) as { operations: string[]; api_version: string };
  expect(seen).toMatchObject({
    replica_sets: [{ engine: 'llamacpp', engine_version: 'scripted', ctx_max: 1024, workloads: ['completion'], evict: false }],
    rate_limits: [{ priority: null, requests_per_s: 20, burst: 40 }],
  });
  expect(await read(t, '/openapi.json')).toMatchObject({ info: { version: seen.api_version } });
  expect(seen.operations).toContain('submitTask');
});

test('[ORCH-3029] the line of an admission carries the position and the predicted start that the client is told', async () => {
  const t = createTestController();
  await t.ready('a');
  await t.submit();
  const queued = await t.submit();
  const line = t.logged().find(({ event, task_id: id }) => event === 'task_admitted' && id === queued.task_id);
  expect(line).toMatchObject({ queue_position: queued.queue_position, predicted_start_ms: queued.predicted_start_ms });
});

test('[ORCH-3041] the metrics hold what an alert compares: the time to 64 tokens, once for each task, and the targets', async () => {
  const t = createTestController();
  await t.ready('a');
  await t.submit();
  t.clock.now += 2_600;
  const tokens = t.workers.last.start();
  for (let token = 0; token < 63; token += 1) tokens.tokens('x');
  await settle();
  expect(await t.metric(/^latency_64_tokens_ms_count/)).toBe(0);
  tokens.tokens('x').tokens('x');
  await settle();
  expect(await t.metric(/^latency_64_tokens_ms_count\{.*priority="interactive"/)).toBe(1);
  expect(await t.metric(/^latency_64_tokens_ms_sum/)).toBe(2_600);
  expect(await t.metric(/^slo_target\{priority="interactive",slo="tokens_64_p95_ms"\}/)).toBe(2_500);
  expect(await t.metric(/^slo_target\{priority="batch",slo="error_ratio"\}/)).toBe(0.01);
});

test('[ORCH-3044] every path that is served carries its version, but for those of the service itself', async () => {
  const { paths } = (await read(createTestController(), '/openapi.json')) as { paths: Record<string, unknown> };
  const unversioned = Object.keys(paths).filter((path) => !path.startsWith('/v1/'));
  expect(unversioned.toSorted()).toEqual(['/docs', '/healthz', '/metrics', '/openapi.json', '/readyz']);
  expect(Object.keys(paths)).toContain('/v1/tasks');
});
