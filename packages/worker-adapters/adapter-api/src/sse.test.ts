/** Tests of the SSE reader's framing on hand-written streams. */
import { expect, test } from 'vitest';
import { SseReader } from './sse.ts';
import { WorkerError } from './worker-error.ts';

const read = (...chunks: (string | Buffer)[]): string[] => {
  const events: string[] = [];
  const reader = new SseReader((data, name) => events.push(name === 'message' ? data : `${name}!${data}`));
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return events;
};

test('gives one payload for each event, in order', () => {
  expect(read('data: a\n\ndata: b\n\n')).toEqual(['a', 'b']);
});

test('ends lines at LF, CRLF and CR, also when a read ends between CR and LF', () => {
  expect(read('data: a\r\n\r\ndata: b\r\rdata: c\n\n')).toEqual(['a', 'b', 'c']);
  expect(read('data: a\r', '\n\r', '\ndata: b\n\n')).toEqual(['a', 'b']);
});

test('joins several data lines with LF', () => {
  expect(read('data: a\ndata:b\ndata\ndata:  c\n\n')).toEqual(['a\nb\n\n c']);
});

test('skips comments, ids, retries, unknown fields and events without data', () => {
  expect(read(': ping\n\nid: 4\nretry: 10\nnonsense\n\nevent: x\n\ndata: a\n\n')).toEqual(['a']);
});

test('names an event only until its blank line', () => {
  expect(read('event: error\ndata: a\n\ndata: b\n\n')).toEqual(['error!a', 'b']);
});

test('drops one byte order mark at the start, split over reads too', () => {
  const mark = Buffer.from('\u{feff}data: a\n\n');
  expect(read(mark)).toEqual(['a']);
  expect(read(mark.subarray(0, 1), mark.subarray(1, 2), mark.subarray(2))).toEqual(['a']);
  expect(read('data: \u{feff}a\n\n')).toEqual(['\u{feff}a']);
});

test('gives nothing for an event whose blank line never came, and says so', () => {
  const events: string[] = [];
  const reader = new SseReader((data) => events.push(data));
  reader.push(Buffer.from('data: a\n'));
  expect(events).toEqual([]);
  expect(reader.isMidEvent).toBe(true);
  reader.push(Buffer.from('\n'));
  expect(events).toEqual(['a']);
  expect(reader.isMidEvent).toBe(false);
});

test('refuses an event above the bound without holding more than the bound, in one read and in many', () => {
  const one = new SseReader(() => {}, 100);
  expect(() => one.push(Buffer.from(`data: ${'x'.repeat(101)}\n\n`))).toThrow(WorkerError);
  const many = new SseReader(() => {}, 100);
  const piece = Buffer.from('x'.repeat(30));
  many.push(Buffer.from('data: '));
  for (let i = 0; i < 3; i += 1) many.push(piece);
  expect(() => many.push(piece)).toThrow(/larger than 100 bytes/);
  const lines = new SseReader(() => {}, 100);
  const line = Buffer.from(`data: ${'x'.repeat(30)}\n`);
  for (let i = 0; i < 3; i += 1) lines.push(line);
  expect(() => lines.push(line)).toThrow(/larger than 100 bytes/);
});
