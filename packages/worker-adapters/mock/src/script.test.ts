/** Tests of the script's check: nothing misspelt is quietly ignored. */
import { expect, test } from 'vitest';
import { cudaOutOfMemoryText, defaultScript, parseScript } from './script.ts';

test('fills what is not given with the default', () => {
  expect(parseScript({})).toEqual(defaultScript);
  expect(parseScript({ tokensPerSecond: 20 })).toEqual({ ...defaultScript, tokensPerSecond: 20 });
});

test('takes its own default and every kind of fault', () => {
  expect(parseScript(defaultScript)).toEqual(defaultScript);
  for (const fault of [
    { kind: 'refuse', refusal: 'loading' },
    { kind: 'half-open' },
    { kind: 'stall', afterSteps: 1 },
    { kind: 'reset', afterSteps: 0 },
    { kind: 'cut', afterBytes: 3, framing: 'broken' },
    { kind: 'garbage', afterSteps: 1 },
    { kind: 'huge-frame', afterSteps: 1, bytes: 10 },
    { kind: 'error-event', afterSteps: 1, message: 'x' },
    { kind: 'exit', afterSteps: 1, code: 1, stderr: cudaOutOfMemoryText },
  ]) {
    expect(parseScript({ fault }).fault).toEqual(fault);
  }
});

test('names every unknown field and every value that does not fit', () => {
  expect(() => parseScript({ tokenPerSecond: 1, pings: 'yes', fault: { kind: 'reset' }, steps: [{ text: 'a', tokens: 0 }] })).toThrow(
    /tokenPerSecond: unknown field; pings: "yes".*; fault: .*; steps: /,
  );
  expect(() => parseScript([])).toThrow('object');
});
