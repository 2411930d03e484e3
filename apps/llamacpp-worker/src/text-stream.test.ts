import { expect, test } from 'vitest';
import { hasCutCharacter, TextStream } from './text-stream.ts';

const utf8 = new TextEncoder();
const feed = (stream: TextStream, texts: readonly string[]): (string | undefined)[] =>
  texts.map((text) => stream.push(utf8.encode(text), false)?.text);

test('shows text at once when there is no stop word', () => {
  const stream = new TextStream([]);
  expect(feed(stream, ['a', ' b', ''])).toEqual(['a', ' b', '']);
  expect(stream.text).toBe('a b');
});

test('joins the bytes of a character and says when the last one is not complete', () => {
  const stream = new TextStream([]);
  const [first, second, third] = utf8.encode('日');
  expect(stream.push(Uint8Array.of(first ?? 0), false)).toBeUndefined();
  expect(stream.push(Uint8Array.of(second ?? 0), false)).toBeUndefined();
  expect(stream.isCut).toBe(true);
  expect(stream.push(Uint8Array.of(third ?? 0), false)).toEqual({ text: '日', stopWord: undefined });
  expect(stream.isCut).toBe(false);
});

test('does not wait for bytes that can never become a character', () => {
  const stream = new TextStream([]);
  expect(stream.push(Uint8Array.of(0x80), false)?.text).toBe('\uFFFD');
  expect(hasCutCharacter(Uint8Array.of(0xe6, 0x97, 0x61))).toBe(false);
});

test('holds what could become a stop word and releases it when it does not', () => {
  const stream = new TextStream([' wher']);
  expect(feed(stream, [' he', ' dow', ' w', 'ell'])).toEqual([' he', ' dow', '', ' well']);
});

test('ends before the stop word and names it', () => {
  const stream = new TextStream(['zz', ' wher']);
  feed(stream, [' dow', ' w']);
  expect(stream.push(utf8.encode(' wher'), false)).toEqual({ text: ' w', stopWord: ' wher' });
  expect(stream.text).toBe(' dow w');
});

test('takes the stop word that begins first', () => {
  expect(new TextStream(['cd', 'bc']).push(utf8.encode('abcd'), false)).toEqual({ text: 'a', stopWord: 'bc' });
});

test('releases held text with the last token', () => {
  const stream = new TextStream(['end.']);
  expect(feed(stream, ['the en'])).toEqual(['']);
  expect(stream.push(new Uint8Array(0), true)).toEqual({ text: 'the en', stopWord: undefined });
});

test('keeps held text in the whole answer', () => {
  const stream = new TextStream(['w wherx']);
  expect(feed(stream, [' he', ' dow', ' w', ' wher'])).toEqual([' he', '', '', '']);
  expect(stream.text).toBe(' he dow w wher');
});

test('ignores an empty stop word', () => {
  expect(new TextStream(['']).push(utf8.encode('a'), false)).toEqual({ text: 'a', stopWord: undefined });
});
