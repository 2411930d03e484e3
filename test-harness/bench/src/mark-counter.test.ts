/** Marks are counted once each, however the text is cut. */
import { expect, test } from 'vitest';
import { MarkCounter } from './mark-counter.ts';

test('every cut of a text gives the same count', () => {
  const text = 'abab-event: token\nabevent: token\nevent: tokeevent: token\n';
  for (let first = 0; first <= text.length; first += 1) {
    for (let second = first; second <= text.length; second += 1) {
      const counter = new MarkCounter('event: token\n');
      const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)];
      expect(pieces.reduce((sum, piece) => sum + counter.push(piece), 0)).toBe(3);
      expect(counter.count).toBe(3);
    }
  }
});

test('marks do not overlap', () => {
  const counter = new MarkCounter('aa');
  counter.push('aaa');
  counter.push('a');
  expect(counter.count).toBe(2);
});
