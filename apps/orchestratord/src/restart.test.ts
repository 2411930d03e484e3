/**
 * A controller that ends at any moment, and the next one on the journal it left. Each run is a whole controller; only the journal's
 * records pass from one to the other.
 */
import type { StreamEnd } from '@llama-orch/api-types';
import { WorkerError } from '@llama-orch/adapter-api';
import { createClient } from '@llama-orch/openapi-client';
import { afterEach, expect, test, vi } from 'vitest';
import type { JournalRecord } from './journal/journal.ts';
import { RecordingJournal } from './testing/recording-journal.ts';
import { createTestController, settle, type TestController, type TestOptions } from './testing/test-controller.ts';

const boot = (uptimeMs: number) => ({ bootId: 'boot', uptimeMs, epochMs: 1_700_000_000_000 });
const uuid = (last: number): string => `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`;

type Run = { readonly t: TestController; readonly journal: RecordingJournal };

const firstRun = (options: TestOptions = {}): Run => {
  const journal = new RecordingJournal();
  return { t: createTestController({ ...options, journal, start: boot(0) }), journal };
};

/** The next run, so many milliseconds after the first one began, on what the first `count` records left. */
const nextRun = (
  before: RecordingJournal,
  { afterMs = 5_000, count = before.history.length, ...options }: TestOptions & { afterMs?: number; count?: number } = {},
): Run => {
  const journal = new RecordingJournal();
  journal.history.push(...before.history.slice(0, count));
  return { t: createTestController({ ...options, journal, contents: before.contents(count), start: boot(afterMs) }), journal };
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const serve = async (t: TestController): Promise<string> => {
  const { url, close } = await t.serve();
  closers.push(close);
  return url;
};

/** Wait until somebody reads the task. */
const untilRead = (t: TestController, id: string): Promise<void> =>
  vi.waitFor(() => expect(t.controller.store.find(`default/${id}`)?.log.readerCount).toBe(1));

/** What a new reader of the task would be shown now. */
const shownOf = (t: TestController, id: string): string => {
  const log = t.controller.store.find(`default/${id}`)?.log;
  const opened = log?.open(null);
  const read = opened?.kind === 'cursor' ? log?.read(opened.cursor, 1e6) : undefined;
  return read?.kind === 'frames' ? read.frames : '';
};

/** Events of a stream until it ends or closes. */
const read = async (url: string, taskId: string, lastEventId?: string) => {
  const response = await fetch(`${url}/v1/tasks/${taskId}/stream`, {
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  const text = await response.text();
  const frames = text.split('\n\n').filter((frame) => frame.includes('event: '));
  return frames.map((frame) => {
    const field = (name: string): string => new RegExp(`^${name}: ?(.*)$`, 'm').exec(frame)?.[1] ?? '';
    return { event: field('event'), id: field('id'), data: JSON.parse(field('data')) as Record<string, unknown> };
  });
};

const textOf = (events: readonly { readonly data: Record<string, unknown> }[]): string =>
  events.map(({ data }) => (typeof data['t'] === 'string' ? data['t'] : '')).join('');

test('[ORCH-2011] the 202 is the same byte for byte after a restart, and another body is still refused', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  const body = { model_ref: 'm', prompt: 'p', task_id: uuid(1), max_tokens: 7 };
  const before = await (await t.request('POST', '/v1/tasks', { body })).text();
  const after = nextRun(journal).t;
  const repeated = await after.request('POST', '/v1/tasks', { body });
  expect([repeated.status, await repeated.text()]).toEqual([202, before]);
  expect((await after.request('POST', '/v1/tasks', { body: { ...body, prompt: 'q' } })).status).toBe(409);
});

test('[ORCH-3302] what waited runs in its old order, after what was interrupted, and with its old deadline', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  const prompts = ['interrupted', 'first', 'second', 'late'];
  const ids: string[] = [];
  for (const prompt of prompts) ids.push((await t.submit({ prompt, ...(prompt === 'late' && { deadline_ms: 6_000 }) })).task_id);
  t.workers.last.start().tokens('x');
  await settle();
  const next = nextRun(journal, { afterMs: 6_000 });
  await settle();
  expect(await next.t.status(ids[3] as string)).toMatchObject({ state: 'failed', error: { code: 'DEADLINE_UNMET' } });
  expect(await next.t.status(ids[0] as string)).toMatchObject({ state: 'queued', attempts: 1 });
  await next.t.ready('a');
  for (let served = 0; served < 3; served += 1) {
    next.t.workers.last.start().tokens('x').end();
    await settle();
  }
  expect(next.t.workers.requests.map(({ task }) => 'prompt' in task && task.prompt)).toEqual(['interrupted', 'first', 'second']);
});

test('[ORCH-3302] [ORCH-2010] a strict stream goes on after the restart where its reader was, though the re-run slices its text otherwise', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  const { task_id: id, ...accepted } = await t.submit();
  const url = await serve(t);
  t.workers.last.start().tokens('Über ', 'den ', 'Wolk');
  await settle();
  const reading = read(url, id);
  await untilRead(t, id);
  await closers.pop()?.();
  const seen = await reading;
  expect(seen.map(({ event }) => event)).toEqual(['started', 'token', 'token', 'token']);

  const next = nextRun(journal);
  const nextUrl = await serve(next.t);
  // Nothing runs yet, and the reader is ahead of the log: it waits.
  const resumed = read(nextUrl, id, seen.at(-1)?.id);
  await next.t.ready('a');
  const { task } = next.t.workers.last;
  expect(task).toEqual(t.workers.last.task);
  expect('seed' in task && task.seed).toBe(accepted.effective.seed);
  next.t.workers.last.start().tokens('Übe', 'r den W', 'olken', '!').end();
  const rest = await resumed;
  expect(rest.map(({ event, data }) => [event, data['t'], data['i']])).toEqual([
    ['token', 'en', 3],
    ['token', '!', 4],
    ['end', undefined, undefined],
  ]);
  const end = rest.at(-1)?.data as unknown as StreamEnd;
  expect(end).toMatchObject({ failovers: 1, finish_reason: 'stop' });
  expect(end.failover_ms).not.toBeNull();
  const whole = await read(nextUrl, id);
  expect(textOf(whole)).toBe('Über den Wolken!');
});

test('[ORCH-2010] a re-run after the restart with other bytes ends the reader’s stream with WORKER_RESET', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  const { task_id: id } = await t.submit();
  const url = await serve(t);
  t.workers.last.start().tokens('one ', 'two ');
  await settle();
  const reading = read(url, id);
  await untilRead(t, id);
  await closers.pop()?.();
  const lastId = (await reading).at(-1)?.id;
  const next = nextRun(journal);
  const resumed = read(await serve(next.t), id, lastId);
  await next.t.ready('a');
  next.t.workers.last.start().tokens('one ', 'zwei ', 'three').end();
  expect((await resumed).map(({ event, data }) => [event, data['code'], data['retriable']])).toEqual([['error', 'WORKER_RESET', false]]);
});

test('[ORCH-3302] a best_effort task that showed text ends with WORKER_RESET after the restart; before its first token it runs again', async () => {
  const pools = [{ id: 'a' }, { id: 'b' }];
  const { t, journal } = firstRun({ pools });
  await t.ready('a', 'b');
  const shown = await t.submit({ determinism: 'best_effort', prompt: 'shown' });
  t.workers.last.start().tokens('x');
  const silent = await t.submit({ determinism: 'best_effort', prompt: 'silent' });
  t.workers.last.start();
  await settle();
  const next = nextRun(journal, { pools }).t;
  await settle();
  expect(await next.status(shown.task_id)).toMatchObject({ state: 'failed', error: { code: 'WORKER_RESET', retriable: true } });
  await next.ready('a');
  next.workers.last.start().tokens('y').end();
  await settle();
  expect(await next.status(silent.task_id)).toMatchObject({ state: 'succeeded', result: { text: 'y' } });
});

test('[ORCH-3302] ended tasks are told of after the restart exactly as before: status, stream and terminal event, until their retention ends', async () => {
  const controller = { retention: { ms: 60_000, bytes: 1e8, tasks: 100 } };
  const { t, journal } = firstRun({ controller });
  await t.ready('a');
  const good = await t.submit({ prompt: 'good' });
  t.workers.last.start().tokens('Grüße ', '🎉'.repeat(700)).end();
  await settle();
  const bad = await t.submit({ prompt: 'bad' });
  t.workers.last.fail(new WorkerError('invalid-params', 'no', { mayRunAgain: false }));
  await settle();
  const canceled = await t.submit({ prompt: 'canceled' });
  t.workers.last.start().tokens('partial');
  await settle();
  await t.request('POST', `/v1/tasks/${canceled.task_id}/cancel`);
  const ids = [good, bad, canceled].map(({ task_id: id }) => id);
  const before = await Promise.all(ids.map((id) => t.status(id)));
  const url = await serve(t);
  const streams = await Promise.all(ids.map((id) => read(url, id)));

  const next = nextRun(journal, { controller, afterMs: 30_000 }).t;
  expect(await Promise.all(ids.map((id) => next.status(id)))).toEqual(before);
  const nextUrl = await serve(next);
  for (const [index, id] of ids.entries()) {
    const stream = await read(nextUrl, id);
    const first = streams[index] ?? [];
    expect(stream.at(-1)?.data).toEqual(first.at(-1)?.data);
    expect(textOf(stream)).toBe(textOf(first));
    // Who had the terminal event is told that there is no more.
    const again = await fetch(`${nextUrl}/v1/tasks/${id}/stream`, { headers: { 'last-event-id': first.at(-1)?.id ?? '' } });
    expect(again.status).toBe(204);
  }
  // Half of the retention passed before the restart.
  next.clock.now += 29_000;
  next.controller.housekeep();
  expect((await next.request('GET', `/v1/tasks/${good.task_id}`)).status).toBe(200);
  next.clock.now += 2_000;
  next.controller.housekeep();
  expect((await next.request('GET', `/v1/tasks/${good.task_id}`)).status).toBe(404);
});

test('[ORCH-3026] a task canceled before the restart stays canceled, and its worker is never asked again', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  await t.submit({ prompt: 'runs' });
  const { task_id: id } = await t.submit({ prompt: 'waits' });
  expect((await t.request('POST', `/v1/tasks/${id}/cancel`)).status).toBe(204);
  const next = nextRun(journal).t;
  await next.ready('a');
  next.workers.last.start().tokens('x').end();
  await settle();
  expect(await next.status(id)).toMatchObject({ state: 'canceled' });
  expect(next.workers.requests).toHaveLength(1);
});

test('[ORCH-3021] sessions and quotas are what they were: turns, a deleted session, tasks in use, and buckets', async () => {
  const tenants = [{ id: 'default', rate: { requests_per_s: 0.001, burst: 6 }, max_concurrent_tasks: 2 }];
  const { t, journal } = firstRun({ tenants });
  await t.ready('a');
  const turn = async (sessionId: string): Promise<void> => {
    await t.submit({ session_id: sessionId });
    t.workers.last.start().tokens('x').end();
    await settle();
  };
  await turn(uuid(1));
  await turn(uuid(1));
  await turn(uuid(2));
  await t.request('DELETE', `/v1/sessions/${uuid(2)}`);
  await t.submit({ session_id: uuid(1) });
  t.controller.housekeep();
  const next = nextRun(journal, { tenants }).t;
  await next.ready('a');
  expect(await (await next.request('GET', `/v1/sessions/${uuid(1)}`)).json()).toMatchObject({ turns: 3 });
  expect((await next.request('GET', `/v1/sessions/${uuid(2)}`)).status).toBe(404);
  // Four of six requests are used up, and one of two places.
  await next.submit();
  const over = (await (await next.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } })).json()) as object;
  expect(over).toMatchObject({ details: { limit: { name: 'max_concurrent_tasks' } } });
  next.workers.last.start().tokens('x').end();
  await settle();
  await next.submit();
  next.workers.last.start().tokens('x').end();
  await settle();
  const rated = (await (await next.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } })).json()) as object;
  expect(rated).toMatchObject({ code: 'ADMISSION_REJECT', details: { limit: { name: expect.stringContaining('rate') as string } } });
});

test('[ORCH-3006] a crash fills no bucket again: what was admitted after the last record of the levels counts, too', async () => {
  const tenants = [{ id: 'default', rate: { requests_per_s: 0.001, burst: 4 } }];
  const { t, journal } = firstRun({ tenants });
  await t.ready('a');
  await t.submit();
  t.controller.housekeep();
  t.clock.now += 5;
  await t.submit();
  t.workers.last.start().tokens('x').end();
  await settle();
  t.clock.now += 5;
  await t.submit();
  const next = nextRun(journal, { tenants }).t;
  await next.ready('a');
  await next.submit();
  const answer = await next.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } });
  expect(await answer.json()).toMatchObject({
    code: 'ADMISSION_REJECT',
    details: { limit: { name: expect.stringContaining('rate') as string } },
  });
});

test('[ORCH-3099] what a session used of its budgets stays used over a restart', async () => {
  const tenants = [{ id: 'default', session_budgets: { tokens: 1_000 } }];
  const controller = { retention: { ms: 3_600_000, bytes: 1e8, tasks: 1 } };
  const { t, journal } = firstRun({ tenants, controller });
  await t.ready('a');
  for (const sessionId of [uuid(1), uuid(1), uuid(2)]) {
    await t.submit({ session_id: sessionId });
    t.workers.last.start().tokens('x').end();
    await settle();
  }
  const budgetsOf = async (run: TestController, id: string): Promise<unknown> =>
    ((await (await run.request('GET', `/v1/sessions/${id}`)).json()) as { budgets: unknown }).budgets;
  const before = [await budgetsOf(t, uuid(1)), await budgetsOf(t, uuid(2))];
  expect(before[0]).toMatchObject({ tokens_remaining: 988 });
  const next = nextRun(journal, { tenants, controller }).t;
  expect([await budgetsOf(next, uuid(1)), await budgetsOf(next, uuid(2))]).toEqual(before);
});

test('[ORCH-3021] a session outlives the tasks of it that are forgotten', async () => {
  const controller = { retention: { ms: 3_600_000, bytes: 1e8, tasks: 1 } };
  const { t, journal } = firstRun({ controller });
  await t.ready('a');
  for (const sessionId of [uuid(1), uuid(1), uuid(2)]) {
    await t.submit({ session_id: sessionId });
    t.workers.last.start().tokens('x').end();
    await settle();
  }
  expect(journal.contents().ended).toHaveLength(1);
  const next = nextRun(journal, { controller }).t;
  expect(await (await next.request('GET', `/v1/sessions/${uuid(1)}`)).json()).toMatchObject({ turns: 2 });
  // And its record goes when it does.
  next.clock.now += 1_300_000;
  next.controller.loop.tick();
  next.controller.housekeep();
  expect(next.controller.scheduler.session(`default/${uuid(1)}`, next.clock.now)).toBeUndefined();
});

test('[ORCH-3302] no event is shown before the replica set that it binds the task to is stable', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  journal.hold(({ kind }) => kind === 'pinned');
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('x');
  await settle();
  const url = await serve(t);
  const reading = read(url, id);
  await untilRead(t, id);
  // A crash now leaves no trace of the attempt, so no reader may have one.
  expect(shownOf(t, id)).toBe('');
  expect(nextRun(journal).t.controller.store.find(`default/${id}`)).toMatchObject({ state: 'queued', attempts: 0 });
  journal.release();
  t.workers.last.tokens('y').end();
  const events = await reading;
  expect(events.map(({ event, data }) => [event, data['t']])).toEqual([
    ['started', undefined],
    ['token', 'x'],
    ['token', 'y'],
    ['end', undefined],
  ]);
});

test('[ORCH-3302] the first token of a best_effort task is stable before anybody sees it', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  const { task_id: id } = await t.submit({ determinism: 'best_effort' });
  journal.hold(({ kind }) => kind === 'firstToken');
  t.workers.last.start().tokens('x');
  await settle();
  t.workers.last.tokens('y');
  await settle();
  expect([shownOf(t, id), journal.waiting.map(({ record }) => record.kind)]).toEqual(['', ['firstToken']]);
  journal.release();
  await settle();
  expect(shownOf(t, id)).toContain('"x"');
  expect(shownOf(t, id)).toContain('"y"');
});

test('[ORCH-3302] while the journal cannot be written new tasks get 503, the service says that it is not ready, and both recover', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  journal.fault = 'The journal cannot be written: database or disk is full.';
  const refused = await t.request('POST', '/v1/tasks', { body: { model_ref: 'm', prompt: 'p' } });
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'INTERNAL', retriable: true }]);
  const ready = await t.request('GET', '/readyz');
  expect([ready.status, await ready.json()]).toMatchObject([503, { message: expect.stringContaining('disk is full') as string }]);
  expect(t.workers.requests).toHaveLength(0);
  expect(await t.metric(/^journal_writable /)).toBe(0);
  journal.fault = null;
  expect(await t.metric(/^journal_writable /)).toBe(1);
  await t.submit();
  expect((await t.request('GET', '/readyz')).status).toBe(200);
});

test('[ORCH-2003] a cancel that cannot be made stable is 503 and stops the work all the same; said again later it is 204', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  const { task_id: id } = await t.submit();
  t.workers.last.start();
  await settle();
  journal.isStuck = true;
  journal.hold(() => true);
  expect((await t.request('POST', `/v1/tasks/${id}/cancel`)).status).toBe(503);
  expect(t.workers.last.signal.aborted).toBe(true);
  journal.isStuck = false;
  journal.release();
  expect((await t.request('POST', `/v1/tasks/${id}/cancel`)).status).toBe(204);
});

test('[ORCH-3054] with a durable journal a shutdown lets running work end, begins nothing, and leaves the rest to the next run without a terminal event', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  const runs = await t.submit({ prompt: 'runs' });
  const waits = await t.submit({ prompt: 'waits' });
  t.workers.last.start().tokens('x');
  await settle();
  const url = await serve(t);
  const readingEnd = read(url, runs.task_id);
  const readingWait = read(url, waits.task_id);
  await Promise.all([untilRead(t, runs.task_id), untilRead(t, waits.task_id)]);
  const draining = t.controller.drain(new AbortController().signal);
  t.workers.last.end();
  await draining;
  await closers.pop()?.();
  expect((await readingEnd).at(-1)?.event).toBe('end');
  expect(await readingWait).toEqual([]);
  expect(t.workers.requests).toHaveLength(1);
  const next = nextRun(journal).t;
  await next.ready('a');
  next.workers.last.start().tokens('y').end();
  await settle();
  expect(await next.status(waits.task_id)).toMatchObject({ state: 'succeeded', attempts: 1 });
});

test('[ORCH-3054] at the deadline of a shutdown a running strict task is stopped without an end, and is whole after the restart', async () => {
  const { t, journal } = firstRun();
  await t.ready('a');
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('x');
  await settle();
  const reading = read(await serve(t), id);
  await untilRead(t, id);
  const deadline = new AbortController();
  const draining = t.controller.drain(deadline.signal);
  deadline.abort();
  await draining;
  await settle();
  await closers.pop()?.();
  const seen = await reading;
  expect(seen.map(({ event }) => event)).toEqual(['started', 'token']);
  expect(t.workers.last.signal.aborted).toBe(true);
  const next = nextRun(journal).t;
  const client = createClient({ baseUrl: await serve(next) });
  await next.ready('a');
  next.workers.last.start().tokens('x', 'y').end();
  const texts: string[] = [];
  for await (const event of client.streamTask(id, { lastEventId: seen.at(-1)?.id })) if (event.event === 'token') texts.push(event.data.t);
  expect(texts).toEqual(['y']);
});

/** Everything that can happen to a task, one after the other. */
const story = async (t: TestController): Promise<void> => {
  await t.ready('a', 'b');
  const submit = async (prompt: string, more: Record<string, unknown> = {}) => (await t.submit({ prompt, ...more })).task_id;
  await submit('fails over');
  t.workers.last.start().tokens('x');
  await settle();
  const first = t.workers.last;
  await submit('best effort', { determinism: 'best_effort' });
  t.workers.last.start().tokens('z');
  await settle();
  const second = t.workers.last;
  await submit('waits', { session_id: uuid(9) });
  const canceled = await submit('canceled');
  await t.request('POST', `/v1/tasks/${canceled}/cancel`);
  first.fail(new WorkerError('worker-reset', 'gone', { mayRunAgain: true }));
  await settle();
  second.end();
  await settle();
  t.workers.last.start().tokens('x', 'y').end();
  await settle();
  t.clock.now += 60_000;
  t.controller.loop.tick();
  await t.report([t.poolStatus('a', 2), t.poolStatus('b', 1)]);
  t.workers.last.start().tokens('w').end();
  await settle();
  await t.request('DELETE', `/v1/sessions/${uuid(9)}`);
};

test('[ORCH-3302] after a crash behind any record every task is there once, as it was promised, and all of them end', async () => {
  const pools = [{ id: 'a' }, { id: 'b' }];
  const { t, journal } = firstRun({ pools });
  await story(t);
  const { history } = journal;
  const kinds = new Set(history.map((entry) => ('kind' in entry ? entry.kind : 'forgotten')));
  expect([...kinds]).toEqual(expect.arrayContaining(['run', 'accepted', 'pinned', 'firstToken', 'terminal', 'session']));
  for (let count = 0; count <= history.length; count += 1) {
    const records = history.slice(0, count).filter((entry): entry is JournalRecord => 'kind' in entry);
    const next = nextRun(journal, { pools, count, afterMs: 90_000 });
    const promised = records.filter(({ kind }) => kind === 'accepted');
    await settle();
    expect(next.t.controller.store.liveCount + next.journal.contents().ended.length, `after ${count} records`).toBe(promised.length);
    for (const record of promised) {
      if (record.kind !== 'accepted') continue;
      const terminal = records.find((other) => other.kind === 'terminal' && other.taskKey === record.taskKey);
      const task = next.t.controller.store.find(record.taskKey);
      expect(task?.admission.acceptedBody).toBe(record.acceptedBody);
      if (terminal?.kind === 'terminal') expect(task?.log.terminal).toEqual(terminal.terminal);
    }
    // The fleet comes back, and everything that is left ends, each task once.
    await next.t.ready('a', 'b');
    for (let index = 0; index < next.t.workers.requests.length; index += 1) {
      next.t.workers.requests[index]?.start().tokens('x', 'y').end();
      await settle();
    }
    expect(next.t.controller.loop.liveTasks.size).toBe(0);
    const ends = next.journal.history
      .filter((entry) => 'kind' in entry && entry.kind === 'terminal')
      .map((entry) => 'taskKey' in entry && entry.taskKey);
    expect(new Set(ends).size).toBe(ends.length);
    expect(ends).toHaveLength(promised.length);
    // A task that had shown text of a best_effort run is not run again.
    const shown = records.find(({ kind }) => kind === 'firstToken');
    if (shown !== undefined) {
      const rerun = next.t.workers.requests.some(({ task }) => 'prompt' in task && task.prompt === 'best effort');
      expect(rerun, `after ${count} records`).toBe(false);
    }
  }
});
