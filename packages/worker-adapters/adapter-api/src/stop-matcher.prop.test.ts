/** Property of the stop matcher: however a text is sliced, what comes out is the text up to its first stop text. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { StopMatcher } from './stop-matcher.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '日'), maxLength: 12 });
const word = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '日'), minLength: 1, maxLength: 4 });

test('gives out exactly what stands before the first stop text, sooner or later', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 6 }), fc.array(word, { maxLength: 4 }), (pieces, stop) => {
      const matcher = new StopMatcher(stop);
      const given = pieces.map((piece) => matcher.push(piece)).join('') + matcher.rest();
      const whole = pieces.join('');
      const found = stop.map((each) => whole.indexOf(each)).filter((at) => at !== -1);
      expect(given).toBe(found.length === 0 ? whole : whole.slice(0, Math.min(...found)));
      expect(matcher.isMet).toBe(found.length > 0);
    }),
  );
});

test('holds back no more than may begin a stop text', () => {
  const matcher = new StopMatcher(['STOP', '\n\n']);
  expect(['one S', 'T', 'ART', '\n', 'x', 'STO', 'P', 'after'].map((piece) => matcher.push(piece))).toEqual([
    'one ',
    '',
    'START',
    '',
    '\nx',
    '',
    '',
    '',
  ]);
  expect(matcher.rest()).toBe('');
});
