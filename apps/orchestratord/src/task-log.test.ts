/** The event log: order, resume by bytes, and what a cut does. */
import { expect, test } from 'vitest';
import { parseEventId } from './event-id.ts';
import { type CursorAnswer, type LogCursor, type LogReader, TaskLog } from './task-log.ts';

const silent: LogReader = { onLogChanged: () => undefined, onTextCut: () => undefined };
const cursorOf = (answer: CursorAnswer): LogCursor => {
  if (answer.kind !== 'cursor') throw new Error('expected a cursor');
  return answer.cursor;
};
const readAll = (log: TaskLog, cursor: LogCursor, maxChars = 1 << 20): string => {
  let frames = '';
  for (let read = log.read(cursor, maxChars); read.kind !== 'nothing'; read = log.read(cursor, maxChars)) {
    if (read.kind === 'mismatch') return `${frames}MISMATCH`;
    frames += read.frames;
  }
  return frames;
};
const idsOf = (frames: string): string[] => [...frames.matchAll(/^id: (.*)$/gm)].map((match) => match[1] as string);
const textOf = (frames: string): string =>
  [...frames.matchAll(/^data: (\{"t":.*\})$/gm)].map((match) => (JSON.parse(match[1] as string) as { t: string }).t).join('');

const finished = (pieces: readonly string[]): TaskLog => {
  const log = new TaskLog();
  log.start('{"s":1}');
  for (const piece of pieces) log.append([piece]);
  log.finish({ event: 'end', data: '{"e":1}' });
  return log;
};

test('[ORCH-2002] frames are started, tokens counted from 0, one terminal event', () => {
  const log = finished(['He', 'llo']);
  expect(readAll(log, cursorOf(log.open(null)))).toMatchInlineSnapshot(`
    "id: 0.0.00000000
    event: started
    data: {"s":1}

    id: 1.2.44a14225
    event: token
    data: {"t":"He","i":0}

    id: 2.5.f7d18982
    event: token
    data: {"t":"llo","i":1}

    id: 3.5.082e767d
    event: end
    data: {"e":1}

    "
  `);
});

test('[ORCH-2002] a task that never ran has no started', () => {
  const log = new TaskLog();
  log.finish({ event: 'error', data: '{}' });
  expect(readAll(log, cursorOf(log.open(null)))).toMatch(/^id: \S+\nevent: error\n/);
});

test('[ORCH-2010] a resume after any event gives exactly the text that is left', () => {
  const pieces = ['日', '本語', ' 🎉🎉', 'end', '\n'];
  const log = finished(pieces);
  const whole = readAll(log, cursorOf(log.open(null)));
  const ids = idsOf(whole);
  for (const [index, id] of ids.slice(0, -1).entries()) {
    const rest = readAll(log, cursorOf(log.open(parseEventId(id) ?? null)));
    expect(textOf(rest)).toBe(pieces.slice(index).join(''));
    expect(idsOf(rest)).toEqual(ids.slice(index + 1));
  }
});

test('[ORCH-2010] the id of the terminal event is complete, and no other id is', () => {
  const log = finished(['a', 'b']);
  const ids = idsOf(readAll(log, cursorOf(log.open(null))));
  expect(ids.map((id) => log.open(parseEventId(id) ?? null).kind)).toEqual(['cursor', 'cursor', 'cursor', 'complete']);
});

test('[ORCH-2010] a resume cuts inside an event that a re-run sliced otherwise', () => {
  const first = finished(['日', '本', '語!']);
  const id = idsOf(readAll(first, cursorOf(first.open(null))))[2] as string;
  const rerun = finished(['日本語', '!']);
  const rest = readAll(rerun, cursorOf(rerun.open(parseEventId(id) ?? null)));
  expect(textOf(rest)).toBe('語!');
  expect(rest).toContain('"i":2');
});

test('[ORCH-2010] an id ahead of a re-run waits for it, and is checked when the text is there', () => {
  const first = finished(['one ', 'two ', 'three']);
  const id = parseEventId(idsOf(readAll(first, cursorOf(first.open(null))))[2] as string) ?? null;
  const rerun = new TaskLog();
  rerun.subscribe(silent);
  rerun.start('{}');
  rerun.append(['one ']);
  const cursor = cursorOf(rerun.open(id));
  expect(rerun.read(cursor, 1 << 20)).toEqual({ kind: 'nothing' });
  rerun.append(['two three']);
  expect(textOf(readAll(rerun, cursor))).toBe('three');

  const unlike = new TaskLog();
  unlike.start('{}');
  unlike.append(['one two?three']);
  expect(unlike.read(cursorOf(unlike.open(id)), 1 << 20)).toEqual({ kind: 'mismatch' });
});

test('[ORCH-2010] an id beyond a finished text is a mismatch', () => {
  const longer = finished(['abc', 'def']);
  const id = parseEventId(idsOf(readAll(longer, cursorOf(longer.open(null))))[2] as string) ?? null;
  const shorter = finished(['abc']);
  expect(shorter.read(cursorOf(shorter.open(id)), 1 << 20)).toEqual({ kind: 'mismatch' });
});

test.each(['failed', 'canceled'] as const)(
  '[ORCH-2010] an id ahead of a re-run that %s before it got there is told how the task ended, and nothing else',
  (how) => {
    const [id] = idsOf(readAll(finished(['one ', 'two ']), cursorOf(finished(['one ', 'two ']).open(null)))).slice(2);
    const log = new TaskLog();
    log.start('{}');
    log.append(['one ']);
    const cursor = cursorOf(log.open(parseEventId(id ?? '') ?? null));
    expect(log.read(cursor, 1 << 20)).toEqual({ kind: 'nothing' });
    if (how === 'canceled') log.cut();
    log.finish(
      how === 'canceled' ? { event: 'end', data: '{"finish_reason":"canceled"}' } : { event: 'error', data: '{"code":"WORKER_RESET"}' },
    );
    expect(readAll(log, cursor)).toMatch(how === 'canceled' ? /^id: 3\.\S+\nevent: end\n.*\n\n$/ : /^id: 3\.\S+\nevent: error\n.*\n\n$/);
    expect(cursor.done).toBe(true);
  },
);

test('[ORCH-3302] a held log shows nothing until its last hold is released, and then all of it', () => {
  const log = new TaskLog();
  const cursor = cursorOf(log.open(null));
  let told = 0;
  log.subscribe({ onLogChanged: () => (told += 1), onTextCut: () => undefined });
  log.hold();
  log.hold();
  log.start('{}');
  log.append(['a']);
  log.release();
  expect([log.read(cursor, 1 << 20).kind, told]).toEqual(['nothing', 0]);
  log.release();
  expect(told).toBe(1);
  expect(textOf(readAll(log, cursor))).toBe('a');
});

test('[ORCH-2010] an id inside a character is a mismatch', () => {
  const log = finished(['日']);
  const answer = log.open({ number: 1, bytes: 1, crc: 0 });
  expect(log.read(cursorOf(answer), 1 << 20)).toEqual({ kind: 'mismatch' });
});

test('[ORCH-3026] after a cut every reader goes straight to the terminal event', () => {
  const log = new TaskLog();
  let cuts = 0;
  log.subscribe({ onLogChanged: () => undefined, onTextCut: () => (cuts += 1) });
  log.start('{}');
  log.append(['seen']);
  const cursor = cursorOf(log.open(null));
  readAll(log, cursor);
  log.append(['unseen']);
  log.cut();
  expect(cuts).toBe(1);
  expect(log.read(cursor, 1 << 20)).toEqual({ kind: 'nothing' });
  expect(() => log.append(['late'])).toThrow('text comes after started and before the end');
  log.finish({ event: 'end', data: '{"finish_reason":"canceled"}' });
  const rest = readAll(log, cursor);
  expect(rest).not.toContain('unseen');
  expect(rest).toContain('event: end');
  expect(readAll(log, cursorOf(log.open(null)))).toMatch(/^id: \S+\nevent: end\ndata: \{"finish_reason":"canceled"\}\n\n$/);
});

test('a reader at the newest batch and one that renders for itself get the same bytes', () => {
  const log = new TaskLog();
  const live = cursorOf(log.open(null));
  let seen = '';
  log.subscribe({ onLogChanged: () => (seen += readAll(log, live)), onTextCut: () => undefined });
  log.start('{}');
  log.append(['a', 'b']);
  log.append(['c"\n', '🎉']);
  log.finish({ event: 'end', data: '{}' });
  expect(seen).toBe(readAll(log, cursorOf(log.open(null))));
});

test('a slow reader gets bounded pieces and loses nothing', () => {
  const log = finished(Array.from({ length: 100 }, (_, index) => `token ${index} `));
  const cursor = cursorOf(log.open(null));
  const first = log.read(cursor, 200);
  expect(first.kind === 'frames' && first.frames.length).toBeLessThan(300);
  expect((first.kind === 'frames' ? first.frames : '') + readAll(log, cursor, 200)).toBe(readAll(log, cursorOf(log.open(null))));
});

test('the digest is that of the whole text', () => {
  expect(finished(['a', 'bc']).digest()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
