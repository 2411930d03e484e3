/** Reranking over a generated model with a rank head. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { member, metrics, post } from './testing/client.ts';
import { writeTinyReranker } from './testing/tiny-reranker.ts';
import { spawnWorker, stopWorkers } from './testing/worker-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'llamacpp-worker-'));
const documents = ['the water is small', 'people', 'house'];
let url = '';

beforeAll(async () => {
  const model = join(folder, 'tiny-reranker.gguf');
  writeTinyReranker(model);
  url = await spawnWorker(['-m', model, '-a', 'tiny-reranker', '--port', '0', '--rerank', '--metrics']).ready;
});
afterAll(async () => {
  await stopWorkers();
  rmSync(folder, { recursive: true });
});

test('sorts the documents by score and gives each the same score whatever stands beside it', async () => {
  const { body } = await post(`${url}/v1/rerank`, { query: 'water', documents });
  expect(body).toMatchObject({ model: 'tiny-reranker', object: 'list', usage: { prompt_tokens: expect.any(Number) } });
  const results = [0, 1, 2].map((at) => ({
    index: Number(member(body, `results.${at}.index`)),
    score: Number(member(body, `results.${at}.relevance_score`)),
  }));
  expect(new Set(results.map(({ index }) => index))).toEqual(new Set([0, 1, 2]));
  expect(results.map(({ score }) => score)).toEqual(results.map(({ score }) => score).toSorted((a, b) => b - a));
  expect(new Set(results.map(({ score }) => score)).size).toBe(3);
  for (const { index, score } of results) {
    const alone = await post(`${url}/rerank`, { query: 'water', documents: [documents[index]] });
    expect(alone.at('results.0.relevance_score')).toBe(score);
  }
});

test('takes top_n and the form of Text Embeddings Inference', async () => {
  expect((await post(`${url}/v1/reranking`, { query: 'water', documents, top_n: 1 })).at('results')).toHaveLength(1);
  const tei = await post(`${url}/reranking`, { query: 'water', texts: documents, return_text: true });
  expect(tei.body).toHaveLength(3);
  expect(tei.at('0.text')).toBe(documents[Number(tei.at('0.index'))]);
});

test('counts its tokens, refuses bad input, and does not complete', async () => {
  const before = (await metrics(url)).get('prompt_tokens_total') ?? 0;
  const answer = await post(`${url}/rerank`, { query: 'water', documents });
  expect(((await metrics(url)).get('prompt_tokens_total') ?? 0) - before).toBe(answer.at('usage.total_tokens'));
  const faults: readonly (readonly [body: object, status: number, message: string])[] = [
    [{ query: 'x', documents: [] }, 400, '"documents" must be a non-empty string array'],
    [{ documents: ['a'] }, 400, '"query" must be provided'],
    [{ query: 7, documents: ['a'] }, 400, '"query" must be a string'],
    [{ query: 'x', documents: ['a'.repeat(400)] }, 500, 'is too large to process'],
  ];
  for (const [body, status, message] of faults) {
    expect(await post(`${url}/rerank`, body)).toMatchObject({ status, body: { error: { message: expect.stringContaining(message) } } });
  }
  expect((await post(`${url}/completion`, { prompt: 'x' })).status).toBe(501);
});
