/** Property of the scanned fast path: it reads exactly what a JSON parser reads, whatever the text is. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toCompletionEvent } from './wire.ts';

const piece = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '/', '\n', '\u{0}', '\u{2028}', 'é', '😀', ',"tokens":[', '","tokens":[', '],"stop":false,', 'a'),
  }),
);

const escape = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const eventOf = (literal: string, tokensOut: number): string =>
  `{"index":0,"content":${literal},"tokens":[377],"stop":false,"id_slot":-1,"tokens_predicted":${tokensOut},"tokens_evaluated":4}`;

test('gives any text back exactly, escaped or not', () => {
  fc.assert(
    fc.property(piece, fc.integer({ min: 1, max: 100_000 }), (text, tokensOut) => {
      const expected = { kind: 'token', text, tokenId: text === '' ? 377 : null, tokensOut, tokensIn: 4 };
      expect(toCompletionEvent(eventOf(JSON.stringify(text), tokensOut))).toEqual(expected);
      expect(toCompletionEvent(eventOf(escape(text), tokensOut))).toEqual(expected);
    }),
  );
});

test('never takes a broken event for a token with other text', () => {
  fc.assert(
    fc.property(piece, fc.nat(), (text, cut) => {
      const event = eventOf(JSON.stringify(text), 5);
      const read = toCompletionEvent(event.slice(0, cut % event.length));
      expect(read.kind === 'garbage' || (read.kind === 'token' && read.text === text)).toBe(true);
    }),
  );
});
