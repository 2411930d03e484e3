/** Property of the stop matcher: however a text is sliced, what comes out is the text up to the stop text that is complete first. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { StopMatcher } from './stop-matcher.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '日'), maxLength: 12 });
const word = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '日'), minLength: 1, maxLength: 4 });

/** Where the first stop text to be complete begins, `null` without one: character by character, so that slices do not matter. */
const cutOf = (whole: string, stop: readonly string[]): number | null => {
  for (let end = 1; end <= whole.length; end += 1) {
    const complete = stop.filter((each) => whole.slice(0, end).endsWith(each)).map(({ length }) => length);
    if (complete.length > 0) return end - Math.max(...complete);
  }
  return null;
};

test('gives out exactly what stands before the first stop text, sooner or later', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 6 }), fc.array(word, { maxLength: 4 }), (pieces, stop) => {
      const matcher = new StopMatcher(stop);
      const given = pieces.map((piece) => matcher.push(piece)).join('') + matcher.rest();
      const whole = pieces.join('');
      const cut = cutOf(whole, stop);
      expect(given).toBe(cut === null ? whole : whole.slice(0, cut));
      expect(matcher.isMet).toBe(cut !== null);
    }),
    { numRuns: 1_000 },
  );
});

test('a stop text that is complete wins over a longer one that began before it, in one piece as in two', () => {
  for (const pieces of [['ba日'], ['ba', '日'], ['b', 'a日']]) {
    const matcher = new StopMatcher(['ba日', 'a']);
    expect(pieces.map((piece) => matcher.push(piece)).join('') + matcher.rest()).toBe('b');
  }
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
