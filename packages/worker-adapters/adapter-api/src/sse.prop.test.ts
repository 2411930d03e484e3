/** Property of the SSE reader: how the network slices a stream never shows in its events. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SseReader } from './sse.ts';

const payload = fc.string({ unit: fc.constantFrom('a', ' ', ':', 'é', '日', '😀', '\u{feff}', 'd', '\\n') });
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const field = fc.oneof(
  payload.map((text) => `data:${text}`),
  payload.map((text) => `data: ${text}`),
  payload.map((text) => `:${text}`),
  fc.constantFrom('data', 'event: tick', 'id: 1', 'x'),
);
const stream = fc
  .array(fc.tuple(fc.array(fc.tuple(field, lineEnd)), lineEnd))
  .map((events) => events.map(([lines, end]) => `${lines.map((line) => line.join('')).join('')}${end}`).join(''));

const read = (chunks: readonly Buffer[]): string[] => {
  const events: string[] = [];
  const reader = new SseReader((data, name) => events.push(JSON.stringify([name, data])));
  for (const chunk of chunks) reader.push(chunk);
  return events;
};

test('any split of the bytes gives the same events', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat()), (text, cuts) => {
      const bytes = Buffer.from(text);
      const edges = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b);
      const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index] ?? 0, end));
      const whole = read(bytes.length === 0 ? [] : [bytes]);
      expect(read(chunks)).toEqual(whole);
      expect(read(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(whole);
    }),
  );
});

test('every payload written as data lines is read back unchanged', () => {
  fc.assert(
    fc.property(fc.array(payload, { minLength: 1 }), lineEnd, (texts, end) => {
      const bytes = Buffer.from(texts.map((text) => `data: ${text}${end}${end}`).join(''));
      expect(read([bytes])).toEqual(texts.map((text) => JSON.stringify(['message', text])));
    }),
  );
});
