/**
 * Whether every accepted task ended exactly once and every reader got its text whole, in order and only until its cancel. Pure: it
 * reads the transcript and nothing else.
 */
import { createHash } from 'node:crypto';
import type { StreamEvent, TaskStatus } from '@llama-orch/api-types';
import {
  acceptedOf,
  eventsOf,
  hasEnded,
  isTerminalEvent,
  type SeenEvent,
  type SeenReader,
  type SeenTask,
  type Transcript,
} from './transcript.ts';
import type { Violation } from './violation.ts';

/** Errors that a fault may end a task with. Everything else is the orchestrator's own. */
const faultCodes = new Set(['WORKER_RESET', 'REPLICA_EXHAUSTED', 'DEADLINE_UNMET', 'DECODE_TIMEOUT', 'POOL_UNAVAILABLE', 'POOL_UNREADY']);

export function checkStreams({ tasks, unfaulted }: Transcript): readonly Violation[] {
  return tasks.flatMap((task) => {
    if (acceptedOf(task) === undefined) return [];
    const expected = task.determinism === 'strict' ? unfaulted.get(task.promptKey) : undefined;
    return [
      ...checkAnswers(task),
      ...checkEnd(task),
      ...checkCancel(task),
      ...task.readers.flatMap((reader) => checkReader(task, reader, expected)),
    ];
  });
}

/** The 202 of one id is the same, however often it was asked for. */
function checkAnswers(task: SeenTask): readonly Violation[] {
  const bodies = new Set(task.submits.filter(({ status }) => status === 202).map(({ body }) => body));
  return bodies.size > 1 ? [violation('two-answers', task, `one 202 for one task_id, got ${[...bodies].join(' and ')}`)] : [];
}

/**
 * 1. The task is known, and over.
 * 2. Every reader that stayed saw its end, the same end as the last look, and nothing behind it.
 * 3. An error is one that a fault explains, and not before its time.
 */
function checkEnd(task: SeenTask): readonly Violation[] {
  const { last } = task;
  if (last === null || typeof last === 'number') return [violation('lost-task', task, `a status of a task answered 202, got ${last}`)]; // 1
  if (!hasEnded(last)) return [violation('one-terminal', task, `a terminal state, got ${last.state} after ${last.attempts} attempts`)];
  const found: Violation[] = [];
  for (const reader of task.readers) {
    const events = eventsOf(reader);
    const terminals = events.filter(isTerminalEvent); // 2
    if (!reader.hasLeft && reader.failure === null && terminals.length !== 1)
      found.push(violation('one-terminal', task, `one terminal event on a ${reader.kind} reader, got ${terminals.length}`));
    if (terminals.length > 1) found.push(violation('one-terminal', task, `one terminal event, got ${terminals.length}`));
    for (const { event } of terminals) {
      const seen = endOf(event);
      if (seen !== endOfStatus(last)) found.push(violation('one-terminal', task, `the end ${endOfStatus(last)}, got ${seen} on a stream`));
    }
    if (terminals.length > 0 && events.at(-1) !== terminals[0])
      found.push(violation('one-terminal', task, 'nothing after the terminal event'));
  }
  return [...found, ...checkError(task, last)]; // 3
}

function checkError(task: SeenTask, { error }: TaskStatus): readonly Violation[] {
  if (error === null) return [];
  const { code, retriable, message } = error;
  if (!faultCodes.has(code)) return [violation('wrong-error', task, `an error that a fault explains, got ${code}: ${message}`)];
  if (!retriable) return [violation('unlike-unfaulted', task, `a re-run with the same text, got ${code}: ${message}`)];
  const terminal = task.readers.flatMap(eventsOf).find(isTerminalEvent);
  if (code === 'DEADLINE_UNMET' && terminal !== undefined && terminal.atMs - task.firstSent.atMs < task.deadlineMs)
    return [
      violation(
        'wrong-error',
        task,
        `a deadline of ${task.deadlineMs} ms, got DEADLINE_UNMET after ${Math.round(terminal.atMs - task.firstSent.atMs)} ms`,
      ),
    ];
  if (code === 'WORKER_RESET' && task.determinism === 'strict')
    return [violation('wrong-error', task, `a strict task to fail over, got ${code}: ${message}`)];
  return [];
}

/**
 * A canceled task sends no token after its 204.
 *
 * 1. On connections asked for after it, whatever lies between.
 * 2. On any that was open, where bytes are read as they come and nothing lies between: what had been sent before was read first.
 */
function checkCancel(task: SeenTask): readonly Violation[] {
  const { canceled, last } = task;
  if (canceled === null || last === null || typeof last === 'number' || last.state !== 'canceled') return [];
  return task.readers.flatMap((reader) =>
    reader.connections.flatMap(({ asked, isDirect, events }) => {
      const isLate = asked.seq > canceled.answered.seq; // 1
      if (!isLate && !(reader.kind === 'raw' && isDirect)) return [];
      const late = events.find(({ seq, event }) => event.event === 'token' && seq > canceled.answered.seq); // 2
      return late === undefined ? [] : [violation('token-after-cancel', task, 'no token after the 204 of a cancel, got one')];
    }),
  );
}

/**
 * 1. The client found nothing wrong.
 * 2. Tokens are numbered from 0 without a gap over all connections, behind one `started`.
 * 3. The text is that of the run without faults: all of it at `end`, a beginning of it before.
 * 4. It is the text that the service says it sent.
 */
function checkReader(task: SeenTask, reader: SeenReader, expected: string | undefined): readonly Violation[] {
  const found: Violation[] = [];
  if (reader.failure !== null)
    found.push(violation('broken-stream', task, `a whole stream on a ${reader.kind} reader, got: ${reader.failure}`)); // 1
  const events = eventsOf(reader);
  const gap = findGap(events); // 2
  if (gap !== null) found.push(violation('lost-or-doubled-token', task, gap));
  const text = events.map(({ event }) => (event.event === 'token' ? event.data.t : '')).join('');
  const terminal = events.find(isTerminalEvent)?.event;
  const isWhole = terminal?.event === 'end' && terminal.data.finish_reason !== 'canceled';
  if (expected !== undefined && (isWhole ? text !== expected : !expected.startsWith(text)))
    found.push(
      violation(
        'unlike-unfaulted',
        task,
        `${isWhole ? 'the text' : 'a beginning of the text'} of the unfaulted run, ${firstUnlike(expected, text)}`,
      ),
    ); // 3
  if (isWhole && terminal.data.stream_digest !== createHash('sha256').update(text, 'utf8').digest('hex'))
    found.push(violation('lost-or-doubled-token', task, `text with the digest in \`end\`, got ${text.length} characters with another`)); // 4
  return found;
}

function findGap(events: readonly SeenEvent[]): string | null {
  let next = 0;
  let started = 0;
  for (const { event } of events) {
    if (event.event === 'started') started += 1;
    if (event.event !== 'token') continue;
    if (started === 0) return 'expected `started` before the first token, got none';
    if (event.data.i !== next) return `expected token ${next}, got ${event.data.i}`;
    next += 1;
  }
  return started > 1 ? `expected one \`started\`, got ${started}` : null;
}

function firstUnlike(expected: string, got: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === got[at]) at += 1;
  return `got ${got.length} instead of ${expected.length} characters, unlike from ${at} on`;
}

function endOf(event: StreamEvent): string {
  if (event.event === 'end') return `end ${event.data.finish_reason}`;
  return event.event === 'error' ? `error ${event.data.code}` : event.event;
}

function endOfStatus({ result, error }: TaskStatus): string {
  return error === null ? `end ${result?.finish_reason}` : `error ${error.code}`;
}

function violation(rule: Violation['rule'], { taskId }: SeenTask, what: string): Violation {
  return { rule, taskId, what: `expected ${what.replace(/^expected /, '')}` };
}
