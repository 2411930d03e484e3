import { expect, test } from 'vitest';
import { renderDiff } from './diff-file.ts';
import { firstDifference } from './difference.ts';
import { suitePrompts } from './prompts.ts';

const stream = (tokens: readonly string[], tokensOut = tokens.length) => ({
  tokens,
  finishReason: 'stop' as const,
  tokensOut,
  poolId: 'a',
  engineVersion: 'v1',
  warm: false,
});

test('[ORCH-3050] equal streams have no difference; another text, slicing, length, count and ending have one', () => {
  const tokens = [' a', ' é', ' c', ' d', ' e'];
  expect(firstDifference(stream(tokens), stream([...tokens]))).toBeNull();
  expect(firstDifference(stream(tokens), stream([' a', ' é', ' x', ' d', ' e']))).toEqual({
    kind: 'text',
    token: 2,
    byte: 6,
    expected: '" a" " é" [" c"] " d" " e"',
    got: '" a" " é" [" x"] " d" " e"',
  });
  expect(firstDifference(stream(tokens), stream([' a é', ' c', ' d', ' e']))).toMatchObject({ kind: 'slicing', token: 0 });
  expect(firstDifference(stream(tokens), stream(tokens.slice(0, 3), 3))).toMatchObject({
    kind: 'text',
    token: 3,
    got: '" é" " c" [end: stop, 3 tokens]',
  });
  expect(firstDifference(stream(tokens), stream(tokens, 6))).toMatchObject({ kind: 'ending', token: 5 });
  expect(firstDifference(stream(tokens), { ...stream(tokens), finishReason: 'length' })).toMatchObject({ kind: 'ending' });
});

test('[ORCH-3050] a difference names prompt, seed and place, and its file shows both streams', () => {
  const [prompt] = suitePrompts(1);
  if (prompt === undefined) throw new Error('no prompt');
  const [expected, got] = [stream([' a', ' b']), stream([' a', ' x'])];
  const difference = firstDifference(expected, got);
  if (difference === null) throw new Error('no difference');
  const text = renderDiff({ prompt, profile: 'v1', pass: 'crowd', difference, expected, got });
  expect(text).toContain(`p00 (seed ${prompt.seed}, v1, crowd): text differs at token 1, byte 3: expected " a" [" b"], got " a" [" x"]`);
  expect(text).toContain('\n " a"\n-" b"\n+" x"\n');
});

test('[ORCH-3050] the prompts are 64, the same each time, of mixed lengths, with shared beginnings and wide characters', () => {
  const prompts = suitePrompts();
  expect(prompts).toEqual(suitePrompts());
  expect(new Set(prompts.map(({ text }) => text)).size).toBe(64);
  expect(new Set(prompts.map(({ seed }) => seed)).size).toBe(64);
  for (const part of [prompts, prompts.slice(0, 16)]) {
    const lengths = part.map(({ text }) => text.length).toSorted((a, b) => a - b);
    expect(lengths.at(-1) ?? 0).toBeGreaterThan(10 * (lengths[0] ?? 0));
    expect(part.filter(({ text }) => Buffer.byteLength(text) > text.length).length).toBeGreaterThan(part.length / 4);
    const prefixes = Map.groupBy(
      part.map(({ sharedPrefix }) => sharedPrefix).filter((prefix) => prefix !== ''),
      (prefix) => prefix,
    );
    expect([...prefixes.values()].every((group) => group.length >= 8)).toBe(true);
    expect(part.every(({ text, sharedPrefix }) => text.startsWith(sharedPrefix))).toBe(true);
  }
  expect(suitePrompts(16)).toEqual(prompts.slice(0, 16));
  expect(() => suitePrompts(65)).toThrow('1 to 64');
});
