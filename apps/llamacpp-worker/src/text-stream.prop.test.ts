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

test('shows exactly the text before the first stop word, and holds only what may become one, however the bytes are cut', () => {
  fc.assert(
    fc.property(text, stopWords, cuts, (whole, stops, at) => {
      const stream = new TextStream(stops);
      let shown = '';
      let fed = new Uint8Array(0);
      for (const piece of split(new TextEncoder().encode(whole), at)) {
        fed = Uint8Array.of(...fed, ...piece);
        const step = stream.push(piece, false);
        if (step === undefined) continue;
        shown += step.text;
        const soFar = new TextDecoder().decode(fed);
        const found = stops.map((stop) => soFar.indexOf(stop)).filter((index) => index !== -1);
        expect(step.stopWord !== undefined).toBe(found.length > 0);
        if (step.stopWord !== undefined) {
          expect(shown).toBe(soFar.slice(0, Math.min(...found)));
          expect(stream.text).toBe(shown);
          return;
        }
        expect(stream.text).toBe(soFar);
        const mayBecomeStop = stops.some((stop) => beginnings(stop).some((beginning) => soFar.endsWith(beginning)));
        expect(shown === soFar || mayBecomeStop).toBe(true);
      }
      expect(stream.isCut).toBe(false);
    }),
  );
});

function beginnings(word: string): string[] {
  return Array.from({ length: word.length - 1 }, (_, length) => word.slice(0, length + 1));
}
