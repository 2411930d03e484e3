import { expect, test } from 'vitest';
import { add, closingLine, nothing, tallyOfVitest } from './tally.ts';

const skips = [{ name: 'a', reason: 'no GPU here' }];

test('the closing line has the three counts and nothing else', () => {
  const total = add({ passed: 3, failed: 1, skips }, { passed: 4, failed: 0, skips: [] });
  expect(closingLine(total)).toBe('7 passed, 1 failed, 1 skipped');
  expect(closingLine(nothing)).toBe('0 passed, 0 failed, 0 skipped');
});

test('a vitest run without a report is a failure, whatever its exit code', () => {
  expect(tallyOfVitest(undefined, 0)).toEqual({ passed: 0, failed: 1, skips: [] });
});

test('a bad exit without a failed test counts as one failure', () => {
  expect(tallyOfVitest(JSON.stringify({ passed: 5, failed: 0, skips: [] }), 1).failed).toBe(1);
});

test('failed tests are counted once', () => {
  expect(tallyOfVitest(JSON.stringify({ passed: 5, failed: 2, skips }), 1)).toEqual({ passed: 5, failed: 2, skips });
});

test('a report of another form is refused', () => {
  expect(() => tallyOfVitest('{"passed":"5"}', 0)).toThrow('plain-reporter');
});
