/** Properties of an answer: however its text is sliced, and whichever way it is told, the same text comes out. */
import type { WorkerEvent } from '@llama-orch/adapter-api';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Answer, type AnswerOptions } from './answer.ts';

const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '日', '😀', '\n') }), { maxLength: 12 });
const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '日', '\n'), minLength: 1, maxLength: 3 }), { maxLength: 3 });

const textOf = (text: AnswerOptions['text'], said: readonly string[], stop: readonly string[]): string => {
  const answer = new Answer({ text, maxTokens: 1_000, stop, tokensInBound: 1 });
  const events: WorkerEvent[] = [];
  for (const each of said) answer.push({ text: each, finishReason: 'None', tokensIn: null, newTokens: null }, events);
  answer.finish(events);
  return events.map((event) => (event.kind === 'token' ? event.text : '')).join('');
};

/** Cut where the stop text begins that is complete first, the longest of those that end there. */
const stopped = (text: string, stop: readonly string[]): string => {
  for (let end = 1; end <= text.length; end += 1) {
    const complete = stop.filter((word) => text.slice(0, end).endsWith(word)).map(({ length }) => length);
    if (complete.length > 0) return text.slice(0, end - Math.max(...complete));
  }
  return text;
};

test('gives out exactly the text before the first stop text', () => {
  fc.assert(
    fc.property(pieces, stops, (said, stop) => {
      expect(textOf('delta', said, stop)).toBe(stopped(said.join(''), stop));
    }),
    { numRuns: 1_000 },
  );
});

test('[ORCH-3113] a cumulative text gives what its deltas give', () => {
  fc.assert(
    fc.property(pieces, stops, (said, stop) => {
      const soFar = said.map((_, index) => said.slice(0, index + 1).join(''));
      expect(textOf('cumulative', soFar, stop)).toBe(textOf('delta', said, stop));
    }),
  );
});
