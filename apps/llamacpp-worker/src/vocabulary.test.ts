import { expect, test } from 'vitest';
import { type TokenKind, Vocabulary, type VocabularySource } from './vocabulary.ts';

const rows: readonly (readonly [raw: string, kind: TokenKind])[] = [
  ['<unk>', 'special'],
  ['<s>', 'special'],
  ['</s>', 'special'],
  ['\u2581sea', 'normal'],
  ['<0xE6>', 'byte'],
  ['<tool>', 'literal'],
  ['Ġcafé', 'normal'],
];

function open(change: Partial<VocabularySource> = {}): Vocabulary {
  return new Vocabulary({
    size: rows.length,
    model: 'llama',
    bosToken: 1,
    eosToken: 2,
    addsBos: true,
    addsEos: false,
    rawText: (token) => rows[token]?.[0] ?? '',
    kindOf: (token) => rows[token]?.[1] ?? 'special',
    isEndOfGeneration: (token) => token === 2,
    tokenize: (text) => Array.from(text, () => 3),
    detokenize: () => 'from the engine',
    ...change,
  });
}

test('gives the exact bytes of SentencePiece tokens, and no text of special ones in answers', () => {
  const vocabulary = open();
  expect(Buffer.from(vocabulary.bytes(3)).toString()).toBe(' sea');
  expect([...vocabulary.bytes(4)]).toEqual([0xe6]);
  expect(Buffer.from(vocabulary.answerBytes(5)).toString()).toBe('<tool>');
  expect([...vocabulary.answerBytes(2)]).toEqual([]);
  expect(vocabulary.detokenize([1, 3, 2])).toBe('<s> sea</s>');
  expect(vocabulary.detokenize([4])).toBe('\uFFFD');
});

test('gives the bytes of byte-level BPE tokens', () => {
  const vocabulary = open({ model: 'gpt2', rawText: () => 'ĠcafÃ©' });
  expect(Buffer.from(vocabulary.bytes(6)).toString()).toBe(' café');
});

test('asks the engine for the text of other kinds', () => {
  expect(Buffer.from(open({ model: 'bert' }).bytes(3)).toString()).toBe('from the engine');
});

test('adds BOS before text only, and where the model wants it', () => {
  expect(open().tokenize('ab', true, true)).toEqual([1, 3, 3]);
  expect(open().tokenize('ab', false, true)).toEqual([3, 3]);
  expect(open({ addsBos: false, addsEos: true }).tokenize('a', true, true)).toEqual([3, 2]);
  expect(open().tokenizeMixed(['a', 5, 'b'], true, true)).toEqual([1, 3, 5, 3]);
  expect(open().tokenizeMixed([5, 'a'], true, true)).toEqual([5, 3]);
});

test.each([
  ['ab', [[1, 3, 3]]],
  ['', [[1]]],
  [[3, 4], [[3, 4]]],
  [[3, 'a'], [[3, 3]]],
  [
    ['a', 'b'],
    [
      [1, 3],
      [1, 3],
    ],
  ],
  [
    [[3], [4]],
    [[3], [4]],
  ],
  [{ prompt_string: 'a' }, [[1, 3]]],
])('reads the prompts of %j', (prompt, tokens) => {
  expect(open().tokenizePrompts(prompt)).toEqual(tokens);
});

test.each([
  [[], '"prompt" must not be empty'],
  [[7], 'Prompt contains invalid tokens'],
  [[-1], 'Prompt contains invalid tokens'],
  [true, '"prompt" elements must be a string'],
  [null, '"prompt" elements must be a string'],
  [{}, '"prompt" elements must be a string'],
])('refuses the prompt %j', (prompt, message) => {
  expect(() => open().tokenizePrompts(prompt)).toThrow(message);
});
