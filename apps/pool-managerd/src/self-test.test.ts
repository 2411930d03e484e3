import { type WorkerAdapter, WorkerError, type WorkerEvent, type WorkerTask } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import type { PoolSpec } from './pool-spec.ts';
import { runSelfTest } from './self-test.ts';
import { poolSpec, quietAdapter } from './testing/pool-specs.ts';

const end = (tokensOut: number, more: Partial<Extract<WorkerEvent, { kind: 'end' }>> = {}): WorkerEvent => ({
  kind: 'end',
  finishReason: 'length',
  tokensIn: 5,
  tokensOut,
  cachedTokens: 0,
  ...more,
});

/** An engine that generates, counts and lets go as it should; `overrides` break one thing. */
const goodAdapter = (overrides: Partial<WorkerAdapter> = {}) => {
  const tasks: WorkerTask[] = [];
  const released: number[] = [];
  let counted = 100;
  const adapter = quietAdapter({
    async *submit(task, { signal }) {
      tasks.push(task);
      yield [{ kind: 'started' }];
      if (task.workload !== 'completion') {
        yield [end(0, task.workload === 'embedding' ? { embeddings: [[0.1, 0.2]] } : { scores: [1, -2] })];
        return;
      }
      for (let index = 0; index < task.maxTokens; index += 1) {
        if (signal.aborted) throw new WorkerError('aborted', 'aborted', { mayRunAgain: false });
        counted += 1;
        yield [{ kind: 'token', text: 'x', tokensOut: index + 1 }];
      }
      yield [end(task.maxTokens)];
    },
    confirmReleased: ({ expectedBusy }) => {
      released.push(expectedBusy());
      return Promise.resolve();
    },
    metrics: () =>
      Promise.resolve({
        promptTokensTotal: counted,
        generatedTokensTotal: counted,
        requestsRunning: 0,
        requestsWaiting: 0,
        kvUsageRatio: null,
      }),
    ...overrides,
  });
  return { adapter, tasks, released };
};

const idle = new AbortController().signal;
const failureOf = async (adapter: WorkerAdapter, spec: PoolSpec = poolSpec()): Promise<unknown> =>
  runSelfTest(adapter, spec, idle).then(
    () => 'passed',
    (error: unknown) => (error instanceof Error ? error.message : error),
  );

test('[ORCH-3049] passes a worker that is what was asked for, generates, lets go and counts', async () => {
  const { adapter, tasks, released } = goodAdapter();
  expect(await runSelfTest(adapter, poolSpec(), idle)).toEqual({ engineVersion: 'b1', slotsTotal: 1, ctxTokens: 8192 });
  expect(tasks.map((task) => task.workload === 'completion' && task.maxTokens)).toEqual([4, 4096]);
  expect(released).toEqual([0]);
});

test('[ORCH-3019] takes the pool’s word for the slots of an engine that does not say how many it has', async () => {
  const { adapter } = goodAdapter();
  const silent = { ...adapter, props: () => Promise.resolve({ engineVersion: 'v', slotsTotal: null, ctxTokens: 8192, modelName: null }) };
  expect(await runSelfTest(silent, poolSpec({ slots: 16 }), idle)).toMatchObject({ slotsTotal: 16 });
});

test('[ORCH-3049] tests embedding and rerank pools by their own workload', async () => {
  for (const workload of ['embedding', 'rerank'] as const) {
    const { adapter, tasks } = goodAdapter();
    expect(await failureOf(adapter, poolSpec({ workloads: [workload] }))).toBe('passed');
    expect(tasks.map((task) => task.workload)).toEqual([workload, workload]);
  }
});

test.each([
  [
    'too small a context',
    { props: () => Promise.resolve({ engineVersion: 'b1', slotsTotal: 1, ctxTokens: 4096, modelName: null }) },
    /"properties": expected a context of 8192/,
  ],
  [
    'other slots',
    { props: () => Promise.resolve({ engineVersion: 'b1', slotsTotal: 4, ctxTokens: 8192, modelName: null }) },
    /expected 1 slots, the worker has 4/,
  ],
  [
    'an engine that refuses more requests than the pool has slots',
    { props: () => Promise.resolve({ engineVersion: 'b1', slotsTotal: null, requestsMax: 0, ctxTokens: 8192, modelName: null }) },
    /expected room for 1 requests at a time, the worker takes 0/,
  ],
  [
    'no tokens',
    {
      async *submit() {
        yield [end(0)];
      },
    },
    /"minimal completion": expected at least one token/,
  ],
  [
    'a cut-off answer',
    {
      async *submit() {
        yield [{ kind: 'started' as const }];
      },
    },
    /the answer has no end/,
  ],
  [
    'a refused request',
    {
      submit: () => {
        throw new WorkerError('engine-rejected', 'bad request', { mayRunAgain: false });
      },
    },
    /"minimal completion": bad request/,
  ],
  [
    'a slot that stays busy',
    { confirmReleased: () => Promise.reject(new WorkerError('worker-reset', 'connection lost', { mayRunAgain: true })) },
    /"cancel": connection lost/,
  ],
  [
    'no metrics',
    {
      metrics: () =>
        Promise.resolve({
          promptTokensTotal: null,
          generatedTokensTotal: null,
          requestsRunning: null,
          requestsWaiting: null,
          kvUsageRatio: null,
        }),
    },
    /"telemetry": the engine does not export promptTokensTotal/,
  ],
  [
    'counters that stand still',
    {
      metrics: () =>
        Promise.resolve({ promptTokensTotal: 1, generatedTokensTotal: 1, requestsRunning: 0, requestsWaiting: 0, kvUsageRatio: null }),
    },
    /expected promptTokensTotal to rise/,
  ],
] as const satisfies readonly (readonly [string, Partial<WorkerAdapter>, RegExp])[])(
  '[ORCH-3049] names the step for a worker with %s',
  async (_what, overrides, message) => {
    expect(await failureOf(goodAdapter(overrides).adapter)).toMatch(message);
  },
);

test('[ORCH-3049] an embedding of zeros is no embedding', async () => {
  const { adapter } = goodAdapter({
    async *submit() {
      yield [end(0, { embeddings: [[0, 0]] })];
    },
  });
  expect(await failureOf(adapter, poolSpec({ workloads: ['embedding'] }))).toMatch(/all zero/);
});

test('[ORCH-3046] refuses another engine version where the lane pins one', async () => {
  const { adapter } = goodAdapter();
  const pinned = poolSpec({ requireSameEngineVersion: true, expectedEngineVersion: 'b2' });
  await expect(runSelfTest(adapter, pinned, idle)).rejects.toMatchObject({ failure: { kind: 'engine-version-mismatch' } });
  expect(await failureOf(adapter, { ...pinned, requireSameEngineVersion: false })).toBe('passed');
  expect(await failureOf(adapter, { ...pinned, expectedEngineVersion: null })).toBe('passed');
});

test('[ORCH-1102] an embedded worker must say that it is one', async () => {
  expect(await failureOf(goodAdapter().adapter, poolSpec({ runtime: { kind: 'embedded' } }))).toMatch(/starts with "embedded-"/);
});

test('ends with the reason of its signal', async () => {
  const { adapter } = goodAdapter();
  await expect(runSelfTest(adapter, poolSpec(), AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
});

test('[ORCH-3049] an engine without token counters must still show its figures', async () => {
  const capabilities = { ...quietAdapter().capabilities, tokenCounters: false };
  const figures = { promptTokensTotal: null, generatedTokensTotal: null, requestsRunning: 0, requestsWaiting: 0, kvUsageRatio: null };
  const { adapter } = goodAdapter({ capabilities, metrics: () => Promise.resolve(figures) });
  await expect(runSelfTest(adapter, poolSpec(), new AbortController().signal)).resolves.toMatchObject({ slotsTotal: 1 });
  const deaf = goodAdapter({
    capabilities,
    metrics: () => Promise.reject(new WorkerError('engine-rejected', 'no figures', { mayRunAgain: false })),
  });
  expect(await failureOf(deaf.adapter)).toMatch(/"telemetry": no figures/);
});
