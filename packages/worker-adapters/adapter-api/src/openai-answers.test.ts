/** Tests of the answers that engines share, as they were recorded. */
import { expect, test } from 'vitest';
import { toOpenAiEmbeddings, toOpenAiScores } from './openai-answers.ts';

test('orders vectors by index and misses none', () => {
  const vectors = {
    usage: { prompt_tokens: 5 },
    data: [
      { embedding: [2], index: 1 },
      { embedding: [1], index: 0 },
    ],
  };
  expect(toOpenAiEmbeddings(vectors, 2)).toEqual({ embeddings: [[1], [2]], tokensIn: 5 });
  expect(() => toOpenAiEmbeddings(vectors, 3)).toThrow('result 2 of 3');
});

test('orders scores by document', () => {
  const results = {
    usage: { prompt_tokens: 21 },
    results: [
      { index: 2, relevance_score: 0.3 },
      { index: 0, relevance_score: -0.28 },
      { index: 1, relevance_score: -1 },
    ],
  };
  expect(toOpenAiScores(results, 3)).toEqual({ scores: [-0.28, -1, 0.3], tokensIn: 21 });
});
