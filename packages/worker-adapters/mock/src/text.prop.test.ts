/** Properties of the mock's model: pure, and its tokens spell their text. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerKey, detokenize, promptTokens, tokenIdOf, tokenize, tokenText } from './text.ts';

test('tokens of any text spell that text, and are as many as a prompt is said to have', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const ids = tokenize(text);
      expect(detokenize(ids)).toBe(text);
      expect(ids.every(Number.isSafeInteger)).toBe(true);
      expect(ids.length + 1).toBe(promptTokens(text));
    }),
  );
});

test('the id of a short piece spells it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      fc.pre(Buffer.byteLength(text) <= 6);
      expect(detokenize([tokenIdOf(text)])).toBe(text);
    }),
  );
});

test('text depends on prompt, seed and place, and on each of them', () => {
  const answer = (prompt: string, seed: number): string =>
    Array.from({ length: 40 }, (_, index) => tokenText(answerKey(prompt, seed), index)).join('');
  fc.assert(
    fc.property(fc.string(), fc.nat(), (prompt, seed) => {
      expect(answer(prompt, seed)).toBe(answer(prompt, seed));
      expect(answer(prompt, seed)).not.toBe(answer(prompt, seed + 1));
      expect(answer(prompt, seed)).not.toBe(answer(`${prompt}.`, seed));
    }),
  );
});
