/** Each rule of the checker with the smallest transcript that breaks it; one that breaks none is the base of all. */
import { createHash } from 'node:crypto';
import type { StreamEvent, TaskStatus } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { check } from './checker.ts';
import type { EndState } from './end-state.ts';
import type { Moment, Promises, SeenConnection, SeenEvent, SeenReader, SeenTask } from './transcript.ts';
import type { Violation } from './violation.ts';

const whole = 'soft rain falls';
const at = (seq: number): Moment => ({ seq, atMs: seq * 10 });
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const started = { event: 'started', data: {} } as StreamEvent;
const token = (i: number, t: string): StreamEvent => ({ event: 'token', data: { i, t } });
const end = (text: string, reason = 'stop'): StreamEvent =>
  ({ event: 'end', data: { finish_reason: reason, stream_digest: reason === 'canceled' ? null : digest(text) } }) as StreamEvent;
const failure = (code: string, retriable = true): StreamEvent =>
  ({ event: 'error', data: { code, retriable, message: 'm', correlation_id: 'c' } }) as StreamEvent;
const usual = [started, token(0, 'soft'), token(1, ' rain'), token(2, ' falls'), end(whole)];

const seen = (events: readonly StreamEvent[], from: number): SeenEvent[] =>
  events.map((event, index) => ({ ...at(from + index), id: `${index}`, event }));
const connection = (events: readonly StreamEvent[], from = 10, rest: Partial<SeenConnection> = {}): SeenConnection => ({
  asked: at(from - 1),
  lastEventId: null,
  isDirect: true,
  events: seen(events, from),
  ...rest,
});
const reader = (...connections: SeenConnection[]): SeenReader => ({ kind: 'raw', connections, failure: null, hasLeft: false });
const status = (state: TaskStatus['state'], rest: Partial<TaskStatus> = {}): TaskStatus =>
  ({
    state,
    attempts: 1,
    timings: { enqueued_at: '', queue_ms: 0, ttft_ms: 0, decode_ms: 0 },
    result: state === 'succeeded' ? { finish_reason: 'stop' } : state === 'canceled' ? { finish_reason: 'canceled' } : null,
    error: null,
    ...rest,
  }) as TaskStatus;
const failed = (code: string, retriable = true): TaskStatus =>
  status('failed', { error: { code, retriable, message: 'm' } } as Partial<TaskStatus>);

let count = 0;
const task = (rest: Partial<SeenTask> = {}): SeenTask => ({
  taskId: `t${(count += 1)}`,
  tenant: 'steady',
  priority: 'interactive',
  determinism: 'strict',
  model: 'm',
  promptKey: 'k',
  deadlineMs: 60_000,
  firstSent: at(1),
  submits: [{ sent: at(1), answered: at(2), status: 202, body: '{}' }],
  readers: [reader(connection(usual))],
  canceled: null,
  polls: [],
  last: status('succeeded'),
  ...rest,
});
const admittedAt = (sent: number, answered: number) => ({
  firstSent: at(sent),
  submits: [{ sent: at(sent), answered: at(answered), status: 202, body: '{}' }],
});
const pollsAt = (...rest: readonly (readonly [number, TaskStatus])[]) =>
  rest.map(([sent, found]) => ({ sent: at(sent), answered: at(sent + 1), status: found }));

const promises: Promises = {
  tenants: { greedy: { maxConcurrent: 2 }, hasty: { rate: { perS: 1, burst: 2 } } },
  lanes: { m: { queueCapacity: 3, batchCapacity: 2, slots: 1 } },
  interactiveWeight: 8,
};
const figures = { descriptors: 40, rssBytes: 100 * 2 ** 20 };
const quiet: EndState = {
  busySlots: { a: 0 },
  busyPools: { a: 0 },
  orphans: [],
  services: { orchestratord: { before: figures, after: figures } },
};

function rulesOf(tasks: readonly SeenTask[], endState: Partial<EndState> = {}): readonly Violation['rule'][] {
  const transcript = { tasks, unfaulted: new Map([['k', whole]]), promises };
  return [...new Set(check({ transcript, endState: { ...quiet, ...endState } }).map(({ rule }) => rule))];
}

/** Enough that nothing is wrong with, so that a run is worth something. */
const fillers = Array.from({ length: 20 }, () => task());
const rulesOfOne = (rest: Partial<SeenTask>): readonly Violation['rule'][] => rulesOf([...fillers, task(rest)]);

test('[ORCH-3051] a run that keeps every promise has no violation', () => {
  const resumed = reader(connection(usual.slice(0, 3)), connection(usual.slice(3), 20, { lastEventId: '2' }));
  const left = { ...reader(connection(usual.slice(0, 2))), hasLeft: true };
  expect(rulesOfOne({ readers: [resumed, left] })).toEqual([]);
  expect(rulesOfOne({ readers: [reader(connection([...usual.slice(0, 2), end('', 'canceled')]))], last: status('canceled') })).toEqual([]);
  expect(rulesOfOne({ readers: [reader(connection([failure('REPLICA_EXHAUSTED')]))], last: failed('REPLICA_EXHAUSTED') })).toEqual([]);
  expect(rulesOfOne({ submits: [{ sent: at(1), answered: at(2), status: 429, body: '' }], readers: [], last: null })).toEqual([]);
});

const streamOf = (events: readonly StreamEvent[]): Partial<SeenTask> => ({ readers: [reader(connection(events))] });
const canceledTask = (...connections: SeenConnection[]): Partial<SeenTask> => ({
  canceled: { sent: at(11), answered: at(13) },
  readers: [reader(...connections)],
  last: status('canceled'),
});

test.each<[string, Violation['rule'], Partial<SeenTask>]>([
  ['a task that nobody knows any more', 'lost-task', { last: 404 }],
  ['a task that never ends', 'one-terminal', { last: status('running'), readers: [] }],
  [
    'two answers to one id',
    'two-answers',
    { submits: [1, 2].map((seq) => ({ sent: at(seq), answered: at(seq), status: 202, body: `${seq}` })) },
  ],
  ['a stream without an end', 'one-terminal', streamOf(usual.slice(0, 4))],
  ['a stream with two ends', 'one-terminal', streamOf([...usual, end(whole)])],
  ['a token behind the end', 'one-terminal', streamOf([...usual, token(3, '!')])],
  ['an end that is not that of the status', 'one-terminal', { last: failed('REPLICA_EXHAUSTED') }],
  ['a lost token', 'lost-or-doubled-token', streamOf([started, token(0, 'soft'), token(2, ' falls'), end(whole)])],
  ['a lost token, renumbered', 'unlike-unfaulted', streamOf([started, token(0, 'soft'), token(1, ' falls'), end('soft falls')])],
  ['a doubled token', 'lost-or-doubled-token', streamOf([started, token(0, 'soft'), token(0, 'soft'), ...usual.slice(2)])],
  ['reordered tokens', 'lost-or-doubled-token', streamOf([started, token(1, ' rain'), token(0, 'soft'), ...usual.slice(3)])],
  ['another text', 'unlike-unfaulted', streamOf([started, token(0, 'hard rain falls'), end('hard rain falls')])],
  ['a digest of another text', 'lost-or-doubled-token', streamOf([...usual.slice(0, 4), end('soft')])],
  ['a token before `started`', 'lost-or-doubled-token', streamOf(usual.slice(1))],
  [
    'another beginning under an error',
    'unlike-unfaulted',
    { ...streamOf([started, token(0, 'hard'), failure('REPLICA_EXHAUSTED')]), last: failed('REPLICA_EXHAUSTED') },
  ],
  [
    'a contract that the typed client saw broken',
    'broken-stream',
    { readers: [{ ...reader(connection(usual.slice(0, 1))), failure: 'gap' }] },
  ],
  ['an error that no fault explains', 'wrong-error', { ...streamOf([failure('INTERNAL')]), last: failed('INTERNAL') }],
  ['a strict task that is not failed over', 'wrong-error', { ...streamOf([failure('WORKER_RESET')]), last: failed('WORKER_RESET') }],
  [
    'a re-run with another text',
    'unlike-unfaulted',
    { ...streamOf([failure('WORKER_RESET', false)]), last: failed('WORKER_RESET', false) },
  ],
  ['a deadline before its time', 'wrong-error', { ...streamOf([failure('DEADLINE_UNMET')]), last: failed('DEADLINE_UNMET') }],
  [
    'a token on an open stream after the 204',
    'token-after-cancel',
    canceledTask(connection([...usual.slice(0, 4), end('', 'canceled')], 12, { asked: at(9) })),
  ],
  [
    'a token on a stream opened after the 204',
    'token-after-cancel',
    canceledTask(connection([started, token(0, 'soft'), end('', 'canceled')], 20, { isDirect: false })),
  ],
])('[ORCH-3051] %s is found: %s', (_, rule, rest) => {
  expect(rulesOfOne(rest)).toContain(rule);
});

test('[ORCH-3051] bytes that a wire held back are no token after a cancel', () => {
  const late = connection([...usual.slice(0, 4), end('', 'canceled')], 12, { asked: at(9), isDirect: false });
  expect(rulesOfOne(canceledTask(late))).toEqual([]);
});

test('[ORCH-3051] more open tasks than the quota, as far as it is certain', () => {
  const open = (polledAt: number) => task({ tenant: 'greedy', ...admittedAt(10, 11), polls: pollsAt([polledAt, status('running')]) });
  expect(rulesOf([...fillers, open(20), open(21), open(22)])).toEqual(['quota-passed']);
  expect(
    rulesOf([...fillers, open(20), open(21), task({ tenant: 'greedy', ...admittedAt(30, 31), polls: pollsAt([40, status('running')]) })]),
  ).toEqual([]);
});

test('[ORCH-3051] more tasks in a second than the rate', () => {
  const hasty = (sent: number) => task({ tenant: 'hasty', ...admittedAt(sent, sent + 1) });
  expect(rulesOf([...fillers, ...[1, 2, 3, 4, 5].map(hasty)])).toEqual(['quota-passed']);
  expect(rulesOf([...fillers, ...[1, 101, 201, 301, 401].map(hasty)])).toEqual([]);
});

test('[ORCH-3051] more waiting tasks than the queue holds, but for those that had run', () => {
  const waiting = (attempts: number) => task({ ...admittedAt(10, 11), polls: pollsAt([20, status('queued', { attempts })]) });
  expect(rulesOf([...fillers, ...[0, 0, 0, 0].map(waiting)])).toEqual(['queue-bound-passed']);
  expect(rulesOf([...fillers, ...[0, 0, 0, 1].map(waiting)])).toEqual([]);
  const batch = (attempts: number): SeenTask => ({ ...waiting(attempts), priority: 'batch' });
  expect(rulesOf([...fillers, ...[0, 0, 0].map(batch)])).toEqual(['queue-bound-passed']);
});

test('[ORCH-3051] batch tasks that came later and began before an interactive one', () => {
  const waited = (queueMs: number): TaskStatus =>
    status('succeeded', { timings: { enqueued_at: '', queue_ms: queueMs, ttft_ms: 0, decode_ms: 0 } });
  const batch = (sent: number) => task({ priority: 'batch', ...admittedAt(sent, sent + 1), last: waited(0) });
  const slow = task({ ...admittedAt(10, 11), last: waited(1_000) });
  expect(rulesOf([...fillers, slow, ...[20, 22, 24, 26].map(batch)])).toEqual(['priority-inverted']);
  expect(rulesOf([...fillers, slow, ...[20, 22].map(batch)])).toEqual([]);
});

test.each<[Violation['rule'], Partial<EndState>]>([
  ['slot-not-free', { busySlots: { a: 1 } }],
  ['slot-not-free', { busyPools: { a: 1 } }],
  ['orphan-process', { orphans: ['7 node'] }],
  ['leaked-descriptor', { services: { orchestratord: { before: figures, after: { ...figures, descriptors: 90 } } } }],
  ['memory-grown', { services: { orchestratord: { before: figures, after: { ...figures, rssBytes: 500 * 2 ** 20 } } } }],
])('[ORCH-3051] what is left at the end is found: %s %o', (rule, endState) => {
  expect(rulesOf(fillers, endState)).toEqual([rule]);
});

test('[ORCH-3051] a run in which hardly anything succeeds, or nothing is compared, proves nothing', () => {
  const lost = Array.from({ length: 20 }, () => task({ ...streamOf([failure('REPLICA_EXHAUSTED')]), last: failed('REPLICA_EXHAUSTED') }));
  expect(rulesOf([...fillers, ...lost])).toEqual(['proved-nothing']);
  expect(rulesOf([...fillers, task({ promptKey: 'unknown' })])).toEqual(['proved-nothing']);
});
