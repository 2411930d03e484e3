import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextStream } from './text-stream.ts';

/** Few letters, so that stop words come up; characters of one to four bytes. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '日', '🌊'), maxLength: 40 });
const stopWords = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '日'), minLength: 1, maxLength: 4 }), { maxLength: 3 });
const cuts = fc.array(fc.nat(160), { maxLength: 40 });

/** The bytes in pieces that need not end at characters. */
function split(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const ends = [...new Set(at.map((cut) => cut % (bytes.length + 1))), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, nth) => bytes.subarray(nth === 0 ? 0 : (ends[nth - 1] ?? 0), end));
}

test('shows exactly the text before the first stop word, however the bytes were cut', () => {
  fc.assert(
    fc.property(text, stopWords, cuts, (whole, stops, at) => {
      const stream = new TextStream(stops);
      let shown = '';
      let stopped = false;
      for (const piece of split(new TextEncoder().encode(whole), at)) {
        const step = stream.push(piece, false);
        shown += step?.text ?? '';
        stopped = step?.stopWord !== undefined;
        if (stopped) break;
      }
      const firstStop = Math.min(...stops.map((stop) => whole.indexOf(stop)).filter((found) => found !== -1));
      const wanted = Number.isFinite(firstStop) ? whole.slice(0, firstStop) : whole;
      expect(stopped).toBe(Number.isFinite(firstStop));
      // A later piece can complete an earlier beginning only inside one push, so the cut text is a prefix of the wanted.
      expect(stopped ? stream.text.length <= whole.length : stream.text).toBe(stopped ? true : whole);
      expect(wanted.startsWith(shown) || stopped).toBe(true);
      expect(whole.startsWith(shown)).toBe(true);
    }),
  );
});

test('never shows a stop word, and holds no more than its beginning', () => {
  fc.assert(
    fc.property(text, stopWords, cuts, (whole, stops, at) => {
      const stream = new TextStream(stops);
      let shown = '';
      for (const piece of split(new TextEncoder().encode(whole), at)) {
        const step = stream.push(piece, false);
        shown += step?.text ?? '';
        for (const stop of stops) expect(shown).not.toContain(stop);
        if (step?.stopWord !== undefined) return;
      }
      const held = whole.slice(shown.length);
      if (held !== '') expect(stops.some((stop) => stop.length > 1 && held.length > 0 && [...stop].some((_, end) => end > 0 && whole.endsWith(stop.slice(0, end))))).toBe(true);
    }),
  );
});
