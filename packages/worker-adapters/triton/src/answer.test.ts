/** Tests of a whole answer: cumulative text, counts, stop texts and ends, apart from any transport. */
import type { WorkerEvent } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { Answer, type AnswerOptions, type ModelResponse, tokensInBound } from './answer.ts';

const say = (text: string, more: Partial<ModelResponse> = {}): ModelResponse => ({
  text,
  finishReason: null,
  tokensIn: null,
  newTokens: null,
  ...more,
});

const run = (options: Partial<AnswerOptions>, responses: readonly ModelResponse[]) => {
  const answer = new Answer({ text: 'delta', maxTokens: 64, stop: [], tokensInBound: 9, ...options });
  const events: WorkerEvent[] = [];
  for (const response of responses) answer.push(response, events);
  answer.finish(events);
  const tokens = events.filter((event) => event.kind === 'token');
  return { answer, text: tokens.map((event) => event.text).join(''), tokens, end: events.find((event) => event.kind === 'end') };
};

test('[ORCH-3113] gives out what is new of a cumulative text', () => {
  const { tokens } = run({ text: 'cumulative' }, [
    say(' four'),
    say(' four', { finishReason: 'None' }),
    say(' four.', { finishReason: 'stop' }),
  ]);
  expect(tokens.map(({ text, tokensOut }) => [text, tokensOut])).toEqual([
    [' four', 1],
    ['.', 3],
  ]);
});

test('waits for the rest of a character whose bytes a cumulative text shows as replacement characters', () => {
  expect(run({ text: 'cumulative' }, [say('a\u{fffd}'), say('a日', { finishReason: 'stop' })]).text).toBe('a日');
  expect(run({ text: 'cumulative' }, [say('a\u{fffd}', { finishReason: 'stop' })]).text).toBe('a\u{fffd}');
  expect(run({ text: 'cumulative', maxTokens: 3 }, [say('a\u{fffd}', { finishReason: 'length' })])).toMatchObject({
    text: 'a',
    end: { finishReason: 'length', tokensOut: 3 },
  });
});

test('takes a cumulative text that changed for a broken worker', () => {
  expect(() => run({ text: 'cumulative' }, [say('ab'), say('ac')])).toThrow(/other text than it had sent/);
});

test('counts by the responses’ own figures, which say what is new, else one token each', () => {
  const counted = run({}, [
    say('a', { newTokens: 2, tokensIn: 5 }),
    say('b', { newTokens: 3 }),
    say('', { newTokens: 0, finishReason: 'stop' }),
  ]);
  expect(counted.end).toMatchObject({ tokensIn: 5, tokensOut: 5, finishReason: 'stop' });
  expect(run({}, [say('a'), say('b', { finishReason: 'stop' })]).end).toMatchObject({ tokensIn: 9, tokensOut: 2 });
});

test('[ORCH-3015] bounds a prompt that the model does not count by its bytes', () => {
  expect(tokensInBound('日本')).toBe(14);
});

test('tells by the limit why a model ended that gives no reason', () => {
  expect(run({ maxTokens: 2 }, [say('a'), say('b')]).end).toMatchObject({ finishReason: 'length' });
  expect(run({ maxTokens: 3 }, [say('a'), say('b')]).end).toMatchObject({ finishReason: 'stop' });
});

test('cuts a stop text that TensorRT-LLM leaves in the answer, and sees an engine that goes on after it', () => {
  const { text, end, answer } = run({ stop: ['\n\n'] }, [say('a\n'), say('\nb')]);
  expect([text, end?.finishReason, answer.hasOverrun]).toEqual(['a', 'stop', false]);
  const events: WorkerEvent[] = [];
  const deaf = new Answer({ text: 'delta', maxTokens: 64, stop: ['STOP'], tokensInBound: 9 });
  deaf.push(say('aSTOP'), events);
  deaf.push(say(' b'), events);
  expect(deaf.hasOverrun).toBe(true);
});

test('an answer that somebody else ended is no whole answer', () => {
  for (const reason of ['abort', 'cancelled', 'timeout', 'error'])
    expect(() => run({}, [say('a', { finishReason: reason })])).toThrow(/ended the answer early/);
  expect(() => run({}, [say('a', { finishReason: 'stop' }), say('b')])).toThrow(/after the last one/);
});
