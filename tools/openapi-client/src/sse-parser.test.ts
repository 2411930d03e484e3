/** The parser against the HTML standard's own examples, and what a hostile or unlucky peer may send. */
import { expect, test } from 'vitest';
import { createSseParser, SseLineTooLong } from './sse-parser.ts';

const encoder = new TextEncoder();
const parse = (...texts: readonly string[]) => {
  const parser = createSseParser();
  return texts.flatMap((text) => [...parser.push(encoder.encode(text))]);
};

test.each([
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
])('[ORCH-2002] reads lines that end in %s', (_, eol) => {
  const text = ['id: 1', 'event: token', 'data: a', '', 'data: b', '', ''].join(eol);
  expect(parse(text)).toEqual([
    { id: '1', event: 'token', data: 'a' },
    { id: '1', event: 'message', data: 'b' },
  ]);
});

test('a CRLF cut between its halves ends one line', () => {
  expect(parse('data: a\r', '\ndata: b\r', '\n\r', '\n')).toEqual([{ id: null, event: 'message', data: 'a\nb' }]);
});

test('several data lines are joined, empty ones kept', () => {
  expect(parse('data: a\ndata\ndata:\ndata: b\n\n')).toEqual([{ id: null, event: 'message', data: 'a\n\n\nb' }]);
});

test('only one blank after the colon is dropped, and none is needed', () => {
  expect(parse('data:  a\n\ndata:b:c\n\n').map(({ data }) => data)).toEqual([' a', 'b:c']);
});

test('comments, unknown fields and frames without data dispatch nothing', () => {
  expect(parse(': keep-alive\n\nretry: 10\nfoo: bar\n\nevent: token\n\ndata: x\n\n')).toEqual([{ id: null, event: 'message', data: 'x' }]);
});

test('an id lasts, an empty one resets it, one with a NUL is ignored', () => {
  expect(parse('id: 7\ndata: a\n\ndata: b\n\nid: 8\0\ndata: c\n\nid\ndata: d\n\n').map(({ id }) => id)).toEqual(['7', '7', '7', '']);
});

test('one BOM at the start is dropped, another one is text', () => {
  expect(parse('\uFEFFdata: a\n\ndata: \uFEFFb\n\n').map(({ data }) => data)).toEqual(['a', '\uFEFFb']);
});

test('[ORCH-2010] an unfinished frame is never dispatched', () => {
  expect(parse('data: a\n\nid: 2\ndata: b\n')).toEqual([{ id: null, event: 'message', data: 'a' }]);
});

test('a line break of Unicode that is none of the standard stays text', () => {
  expect(parse('data: a\u2028b\u0085c\u000Bd\n\n').map(({ data }) => data)).toEqual(['a\u2028b\u0085c\u000Bd']);
});

test('a line or an event beyond the bound is refused, in however many pieces it comes', () => {
  const pieces = (text: string) => () => {
    const parser = createSseParser({ maxChars: 10 });
    for (const char of text) {
      parser.push(encoder.encode(char));
    }
  };
  expect(pieces(`${'x'.repeat(10)}\n`)).not.toThrow();
  expect(pieces('x'.repeat(11))).toThrow(SseLineTooLong);
  expect(pieces('data:12345\ndata:12345\n\ndata:12345\n\n')).not.toThrow();
  expect(pieces('data:12345\ndata:12345\ndata:1\n')).toThrow(SseLineTooLong);
});
