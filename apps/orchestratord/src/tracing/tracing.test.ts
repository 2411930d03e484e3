import { WorkerError } from '@llama-orch/adapter-api';
import { parseConfig } from '@llama-orch/config-schema';
import { createLogger } from '@llama-orch/service-kit';
import { onTestFinished, expect, test } from 'vitest';
import { createTestController, settle, type TestOptions } from '../testing/test-controller.ts';
import { attributeOf, type CollectedSpan, startTraceCollector } from '../testing/trace-collector.ts';
import { createSpanSinks } from './create-tracing.ts';
import type { Span } from './otlp.ts';
import type { SpanOutcome, SpanSink } from './span-exporter.ts';
import { traceOfTask } from './trace-context.ts';

const log = createLogger({ service: 'test', level: 'silent', pretty: false });
const callerTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';

const parsed = parseConfig('pools: []\nmodels: {}\n');
if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
const { tracing } = parsed.config.controller;

const collector = async (respond?: () => number | Promise<number>) => {
  const started = await startTraceCollector(respond);
  onTestFinished(started.close);
  return started;
};

/** A controller whose spans go to a collector; `close` sends what is left. */
const traced = async (options: TestOptions = {}) => {
  const seen = await collector();
  const createSpanSink = createSpanSinks({ ...tracing, endpoint: seen.url }, { env: {}, version: '1.2.3', log });
  return { t: createTestController({ ...options, createSpanSink }), seen };
};

const named = (spans: readonly CollectedSpan[], name: string): CollectedSpan[] => spans.filter((span) => span.name === name);

test('[ORCH-3101, ORCH-3301] a failover is one trace below the caller’s span, with two attempts', async () => {
  const { t, seen } = await traced({ pools: [{ id: 'a' }, { id: 'b' }] });
  await t.ready('a', 'b');
  const response = await t.request('POST', '/v1/tasks', {
    body: { model_ref: 'm', prompt: 'a secret prompt', seed: 4 },
    headers: { traceparent: `00-${callerTrace}-${callerSpan}-01` },
  });
  const { task_id: id } = (await response.json()) as { task_id: string };
  t.workers.last.start().tokens('one ');
  await settle();
  t.clock.now += 50;
  t.workers.last.fail(new WorkerError('worker-reset', 'socket closed', { mayRunAgain: true }));
  await settle();
  t.workers.last.start().tokens('one ', 'two').end();
  await settle();
  expect((await t.status(id)).state).toBe('succeeded');
  await t.controller.close();

  const spans = seen.spans();
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([callerTrace]));
  expect(spans.map(({ name }) => name).toSorted()).toEqual(['admission', 'attempt', 'attempt', 'queue', 'queue', 'task']);
  const [root] = named(spans, 'task');
  expect(root).toMatchObject({ parentSpanId: callerSpan, kind: 2, status: {}, events: [{ name: 'first_token' }] });
  expect(spans.filter((span) => span !== root).map(({ parentSpanId }) => parentSpanId)).toEqual(spans.slice(1).map(() => root?.spanId));
  const attempts = named(spans, 'attempt');
  expect(attempts.map((span) => [attributeOf(span, 'orch.attempt'), attributeOf(span, 'orch.outcome'), span.status.message])).toEqual([
    ['1', 'failed', 'worker-reset'],
    ['2', 'succeeded', undefined],
  ]);
  expect(new Set(attempts.map((span) => attributeOf(span, 'orch.pool_id')))).toEqual(new Set(['a', 'b']));
  expect(attempts.map(({ events }) => events.length)).toEqual([1, 1]);
  // Each engine goes on from the span of its own attempt.
  expect(t.workers.requests.map(({ task }) => task.traceparent)).toEqual(attempts.map(({ spanId }) => `00-${callerTrace}-${spanId}-01`));
  expect(spans.every((span) => BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano))).toBe(true);
  expect(seen.requests[0]?.path).toBe('/v1/traces');
  expect(seen.requests[0]?.body).toContain('{"key":"service.name","value":{"stringValue":"orchestratord"}}');
  expect(seen.requests.map(({ body }) => body).join('')).not.toMatch(/secret prompt|one |two/);
});

test('[ORCH-3101, ORCH-3024] a task without a caller’s trace begins one, that its task_id leads to', async () => {
  const { t, seen } = await traced();
  await t.ready('a');
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('x').end();
  await settle();
  await t.controller.close();
  const [root] = named(seen.spans(), 'task');
  expect(root?.parentSpanId).toBeUndefined();
  expect(attributeOf(root as CollectedSpan, 'orch.task_id')).toBe(id);
  expect(attributeOf(root as CollectedSpan, 'orch.tokens_out')).toBe('1');
});

test('[ORCH-3101] a task that was refused, one canceled in the queue, and one that the caller does not record', async () => {
  const { t, seen } = await traced({ pools: [{ id: 'a', queue: { capacity: 1 } }] });
  await t.ready('a');
  const running = await t.submit();
  const waiting = await t.submit();
  await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } });
  await t.request('POST', `/v1/tasks/${waiting.task_id}/cancel`);
  await t.request('POST', '/v1/tasks', {
    body: { model_ref: 'm', prompt: 'p' },
    headers: { traceparent: `00-${callerTrace}-${callerSpan}-00` },
  });
  t.workers.last.start().tokens('x').end();
  await settle();
  await t.controller.close();
  const spans = seen.spans();
  expect(spans.some(({ traceId }) => traceId === callerTrace)).toBe(false);
  const outcomes = named(spans, 'task').map((span) => [
    attributeOf(span, 'orch.task_id'),
    attributeOf(span, 'orch.outcome'),
    span.status.message,
  ]);
  expect(outcomes).toContainEqual([running.task_id, 'succeeded', undefined]);
  expect(outcomes).toContainEqual([waiting.task_id, 'canceled', undefined]);
  expect(outcomes).toContainEqual([expect.any(String), undefined, 'ADMISSION_REJECT']);
});

test('[ORCH-3101] without an endpoint nothing is traced, and engines get the caller’s own context', async () => {
  const createSpanSink = createSpanSinks(tracing, { env: {}, version: '1', log });
  expect(createSpanSink(() => undefined)).toBeNull();
  const t = createTestController({ createSpanSink });
  await t.ready('a');
  const traceparent = `00-${callerTrace}-${callerSpan}-01`;
  await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' }, headers: { traceparent } });
  expect(t.workers.last.task.traceparent).toBe(traceparent);
});

test('[ORCH-3101] the variables of OpenTelemetry turn it on, name the service and bring its headers', async () => {
  const seen = await collector();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${seen.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, x-two=2',
    OTEL_SERVICE_NAME: 'mine',
  };
  const sink = createSpanSinks(tracing, { env, version: '1', log })(() => undefined) as SpanSink;
  sink.add(aSpan('0'));
  await sink.close();
  expect(seen.requests).toHaveLength(1);
  expect(seen.requests[0]).toMatchObject({ path: '/v1/traces', headers: { 'x-key': 'a b', 'x-two': '2' } });
  expect(seen.requests[0]?.body).toContain('"mine"');
  const off = { ...env, OTEL_SDK_DISABLED: 'true' };
  expect(createSpanSinks(tracing, { env: off, version: '1', log })(() => undefined)).toBeNull();
  expect(() => createSpanSinks(tracing, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' }, version: '1', log })).toThrow(/not an http/);
  expect(() => createSpanSinks(tracing, { env: { ...env, OTEL_EXPORTER_OTLP_HEADERS: 'sekret' }, version: '1', log })).toThrow(
    /^(?!.*sekret).*name=value/,
  );
});

const aSpan = (spanId: string): Span => ({
  traceId: callerTrace,
  spanId,
  parentSpanId: null,
  name: 'x',
  kind: 'internal',
  startEpochMs: 1,
  endEpochMs: 2.5,
  attributes: { whole: 1, part: 0.5, yes: true, no: null },
  events: [],
  error: null,
});

test('[ORCH-3101] a collector that hangs holds nobody up: the queue is bounded, the rest dropped and counted', async () => {
  const answer = Promise.withResolvers<number>();
  const seen = await collector(() => answer.promise);
  const counts = new Map<SpanOutcome, number>();
  const small = { ...tracing, endpoint: seen.url, batch: 2, max_queue: 4 };
  const sink = createSpanSinks(small, { env: {}, version: '1', log })((outcome, spans) =>
    counts.set(outcome, (counts.get(outcome) ?? 0) + spans),
  ) as SpanSink;
  // Two are on their way, four wait, four are too many.
  for (let index = 0; index < 10; index++) sink.add(aSpan(`${index}`));
  expect(counts).toEqual(new Map([['full', 4]]));
  answer.resolve(200);
  await sink.close();
  expect(counts).toEqual(
    new Map([
      ['full', 4],
      ['exported', 6],
    ] as const),
  );
  expect(seen.spans().map(({ spanId }) => spanId)).toEqual(['0', '1', '2', '3', '4', '5']);
  expect(seen.spans()[0]).toMatchObject({
    startTimeUnixNano: '1000000',
    endTimeUnixNano: '2500000',
    attributes: [
      { key: 'whole', value: { intValue: '1' } },
      { key: 'part', value: { doubleValue: 0.5 } },
      { key: 'yes', value: { boolValue: true } },
    ],
  });
});

test('[ORCH-3101] what a collector refuses is counted as failed, and the metric says so', async () => {
  const seen = await collector(() => 503);
  const t = createTestController({
    createSpanSink: createSpanSinks({ ...tracing, endpoint: seen.url, batch: 1 }, { env: {}, version: '1', log }),
  });
  await t.ready('a');
  await t.submit();
  t.workers.last.start().tokens('x').end();
  await settle();
  await t.controller.close();
  expect(await t.metric(/^trace_spans_total\{outcome="failed"\}/)).toBe(4);
  expect(await t.metric(/^trace_spans_total\{outcome="exported"\}/)).toBe(0);
});

test('[ORCH-3101] a trace is the same after a restart, and a share of those that begin here is kept', () => {
  expect(traceOfTask('t/1', undefined, 1)).toEqual(traceOfTask('t/1', undefined, 1));
  expect(traceOfTask('t/1', undefined, 1)).toEqual({
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    parentSpanId: null,
  });
  const kept = Array.from({ length: 2_000 }, (_, index) => traceOfTask(`t/${index}`, undefined, 0.25)).filter((trace) => trace !== null);
  expect(kept.length).toBeGreaterThan(400);
  expect(kept.length).toBeLessThan(600);
  expect(traceOfTask('t/1', undefined, 0)).toBeNull();
  expect(traceOfTask('t/1', `00-${callerTrace}-${callerSpan}-01`, 0)).toMatchObject({ traceId: callerTrace, parentSpanId: callerSpan });
});
