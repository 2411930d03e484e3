/** However the bytes are cut, the frames are the same. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSseParser, type SseFrame } from './sse-parser.ts';

const encoder = new TextEncoder();

/** Frames of bytes that come in pieces of these sizes, again and again. */
function parse(bytes: Uint8Array, sizes: readonly number[]): readonly SseFrame[] {
  const parser = createSseParser();
  const frames: SseFrame[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    frames.push(...parser.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return frames;
}

const eol = fc.constantFrom('\n', '\r', '\r\n');
const word = fc.string({ unit: fc.constantFrom('a', ':', ' ', 'é', '雨', '🌧', '\uFEFF', '\0'), maxLength: 6 });
const line = fc.oneof(
  word.map((text) => `data: ${text}`),
  word.map((text) => `id:${text}`),
  word.map((text) => `event: ${text}`),
  word.map((text) => `:${text}`),
  word,
  fc.constant(''),
);
const stream = fc.array(fc.tuple(line, eol), { maxLength: 30 }).map((lines) => encoder.encode(lines.map((pair) => pair.join('')).join('')));
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 10 });

test('[ORCH-2002] never depends on where the bytes are cut', () => {
  fc.assert(
    fc.property(stream, sizes, (bytes, cuts) => {
      expect(parse(bytes, cuts)).toEqual(parse(bytes, [bytes.length || 1]));
    }),
  );
});

test('[ORCH-2002] gives back the data that was framed', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !/[\r\n]/.test(value));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), eol, sizes, (texts, end, cuts) => {
      const bytes = encoder.encode(texts.map((value) => `data: ${value}${end}${end}`).join(''));
      expect(parse(bytes, cuts).map(({ data }) => data)).toEqual(texts);
    }),
  );
});
