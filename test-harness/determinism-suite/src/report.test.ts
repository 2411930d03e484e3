import { expect, test } from 'vitest';
import { firstDifference } from './difference.ts';
import { parseFlags } from './flags.ts';
import { suitePrompts } from './prompts.ts';
import { isAllEqual, renderTable, type Row, toJson } from './report.ts';
import { embeddedTarget } from './targets/embedded.ts';

const done = (isEqual: boolean): Row => {
  const [prompt] = suitePrompts(1);
  const stream = (token: string) => ({
    tokens: [token],
    finishReason: 'stop' as const,
    tokensOut: 1,
    poolId: 'a',
    engineVersion: 'v1',
    warm: false,
  });
  const [expected, got] = [stream(' a'), stream(isEqual ? ' a' : ' b')];
  const difference = firstDifference(expected, got);
  if (prompt === undefined) throw new Error('no prompt');
  const findings = difference === null ? [] : [{ prompt, profile: 'v1' as const, pass: 'crowd' as const, difference, expected, got }];
  const counts = { prompts: 64, equal: 64 - findings.length, compared: 640, warm: 0, tokens: 640 };
  return { kind: 'done', outcome: { target: embeddedTarget(), engineVersion: 'v1', ...counts, findings } };
};
const skipped: Row = { kind: 'skipped', name: 'vllm', reason: 'VLLM_URL is not set' };
const failed: Row = { kind: 'failed', name: 'tgi', reason: 'no answer\nat all' };

test('[ORCH-3050] the table has a line for each engine, with the first difference, or why it did not run', () => {
  const lines = renderTable([done(true), done(false), skipped, failed]).split('\n');
  expect(lines[0]).toMatch(/^engine +version +runs on +prompts +equal +streams +first difference$/);
  expect(lines[1]).toMatch(/^llamacpp-embedded .* 64 +64 of 64 +640 +–$/);
  expect(lines[2]).toMatch(/63 of 64 .* p00 \(seed \d+, v1, crowd\): text differs at token 0, byte 1: expected \[" a"\], got \[" b"\]$/);
  expect(lines[3]).toMatch(/^vllm .* skipped: VLLM_URL is not set$/);
  expect(lines[4]).toMatch(/^tgi .* failed: no answer$/);
});

test('[ORCH-3050] what was skipped fails nothing; a difference, a failure, or nothing that ran does', () => {
  expect(isAllEqual([done(true), skipped])).toBe(true);
  expect(isAllEqual([done(true), done(false)])).toBe(false);
  expect(isAllEqual([done(true), failed])).toBe(false);
  expect(isAllEqual([skipped])).toBe(false);
});

test('JSON has every difference, with its prompt, its seed and its file', () => {
  const text = toJson([done(false), skipped], new Map([['llamacpp-embedded', ['x.diff']]]));
  expect(JSON.parse(text)).toMatchObject({
    engines: [
      { engine: 'llamacpp-embedded', state: 'unequal', differences: [{ prompt: 'p00', token: 0, kind: 'text' }], diff_files: ['x.diff'] },
      { engine: 'vllm', state: 'skipped', reason: 'VLLM_URL is not set' },
    ],
  });
});

test('flags that mean nothing are refused with what was expected', () => {
  expect(parseFlags(['--engine', 'vllm', '--prompts', '8', '--json'], ['vllm'])).toEqual({
    engines: ['vllm'],
    prompts: 8,
    json: true,
    measure: false,
  });
  expect(() => parseFlags(['--prompts', '65'], [])).toThrow('--prompts must be 1 to 64');
  expect(() => parseFlags(['--engine', 'x'], ['vllm', 'tgi'])).toThrow('--engine must be one of vllm, tgi, got `x`');
});
