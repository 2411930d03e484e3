import { expect, test } from 'vitest';
import { Completion } from './completion.ts';
import { parseCompletionRequest } from './completion-request.ts';
import { Vocabulary } from './vocabulary.ts';

/** Token 0 is the end; the others are the characters of ASCII. */
const vocabulary = new Vocabulary({
  size: 128,
  model: 'llama',
  bosToken: undefined,
  eosToken: 0,
  addsBos: false,
  addsEos: false,
  rawText: (token) => (token === 0 ? '</s>' : String.fromCodePoint(token)),
  kindOf: (token) => (token === 0 ? 'special' : 'normal'),
  isEndOfGeneration: (token) => token === 0,
  tokenize: (text) => Array.from(text, (character) => character.codePointAt(0) ?? 0),
  detokenize: (token) => String.fromCodePoint(token),
});

function complete(body: object, ctxTokens = 100): { readonly completion: Completion; readonly feed: (text: string) => unknown[] } {
  const request = parseCompletionRequest({ prompt: 'ab', ...body });
  const completion = new Completion({ request, promptTokens: [97, 98], vocabulary, ctxTokens });
  completion.start(0, 1000);
  completion.addPromptTokens(2);
  let kvTokens = 2;
  const feed = (text: string): unknown[] =>
    Array.from(text, (character) =>
      completion.addToken(character === '$' ? 0 : (character.codePointAt(0) ?? 0), kvTokens++, 1000 + kvTokens * 10),
    );
  return { completion, feed };
}

test('stops by n_predict', () => {
  const { completion, feed } = complete({ n_predict: 2 });
  feed('x');
  expect([completion.isDone, completion.remaining]).toEqual([false, 1]);
  feed('y');
  expect(completion).toMatchObject({ isDone: true, stopType: 'limit', truncated: false, text: 'xy', tokensPredicted: 2, kvTokens: 3 });
});

test('stops by the end token, which counts, shows nothing, and beats n_predict', () => {
  const { completion, feed } = complete({ n_predict: 2 });
  expect(feed('x$')).toMatchObject([{ text: 'x' }, { text: '', token: 0, tokensPredicted: 2 }]);
  expect(completion).toMatchObject({ isDone: true, stopType: 'eos', text: 'x' });
});

test('stops by a full context', () => {
  const { completion, feed } = complete({}, 5);
  feed('xyz');
  expect(completion).toMatchObject({ isDone: true, stopType: 'limit', truncated: true, tokensPredicted: 3, kvTokens: 4 });
});

test('stops by a stop word and adds the timings to that event', () => {
  const { completion, feed } = complete({ stop: ['yz'] });
  expect(feed('xyz')).toMatchObject([{ text: 'x', timings: undefined }, { text: '' }, { text: '', timings: { predictedTokens: 3 } }]);
  expect(completion).toMatchObject({ isDone: true, stopType: 'word', stoppingWord: 'yz', text: 'x' });
});

test('notes a new line in what it showed', () => {
  const { completion, feed } = complete({});
  feed('x');
  expect(completion.hasNewLine).toBe(false);
  feed('\n');
  expect(completion.hasNewLine).toBe(true);
});

test('measures the prompt to the first token and the answer from there to the last', () => {
  const { completion, feed } = complete({});
  expect(completion.timings).toMatchObject({ promptMs: 0, predictedMs: 0 });
  feed('xyz');
  expect(completion.timings).toEqual({ cachedTokens: 0, promptTokens: 2, promptMs: 30, predictedTokens: 3, predictedMs: 20 });
});
