/** Embeddings of the real model, in both forms of the wire. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, get, metrics, post } from './testing/client.ts';
import { startWorker, stopWorkers } from './testing/worker-process.ts';

let url = '';
beforeAll(async () => {
  ({ url } = await startWorker(['--embedding', '-c', '1024', '-np', '2', '--metrics']));
});
afterAll(stopWorkers);

const embed = (body: object): Promise<Answer> => post(`${url}/v1/embeddings`, body);
const vectorOf = (answer: Answer, index = 0): number[] => {
  const vector = answer.at(`data.${index}.embedding`);
  return Array.isArray(vector) ? vector.map(Number) : [];
};
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

test('gives each input a vector of length one, the same for the same text whatever stands beside it', async () => {
  const both = await embed({ input: ['the old bridge', 'a letter arrives'], model: 'named by the client' });
  expect(both.body).toMatchObject({
    model: 'named by the client',
    object: 'list',
    data: [
      { index: 0, object: 'embedding' },
      { index: 1, object: 'embedding' },
    ],
  });
  const [bridge, letter] = [vectorOf(both, 0), vectorOf(both, 1)];
  expect(bridge).toHaveLength(128);
  for (const vector of [bridge, letter]) expect(dot(vector, vector)).toBeCloseTo(1, 5);
  expect(dot(bridge, letter)).toBeLessThan(0.999);
  const again = await Promise.all(['the old bridge', 'noise', 'the old bridge'].map((input) => embed({ input })));
  expect([vectorOf(again[0] ?? both), vectorOf(again[2] ?? both)]).toEqual([bridge, bridge]);
});

test('counts its tokens and shows them in the metrics', async () => {
  const before = (await metrics(url)).get('prompt_tokens_total') ?? 0;
  const answer = await embed({ input: 'the old bridge' });
  const tokens = Number(answer.at('usage.prompt_tokens'));
  expect(tokens).toBeGreaterThan(1);
  expect(answer.at('usage.total_tokens')).toBe(tokens);
  expect(((await metrics(url)).get('prompt_tokens_total') ?? 0) - before).toBe(tokens);
});

test('speaks base64 and the native form', async () => {
  const vector = vectorOf(await embed({ input: 'the old bridge' }));
  const encoded = String((await embed({ input: 'the old bridge', encoding_format: 'base64' })).at('data.0.embedding'));
  const floats = new Float32Array(Uint8Array.from(Buffer.from(encoded, 'base64')).buffer);
  expect([...floats]).toEqual(vector);
  expect((await post(`${url}/embedding`, { content: 'the old bridge' })).body).toEqual([{ index: 0, embedding: [vector] }]);
});

test('takes an empty text and refuses what it cannot embed', async () => {
  expect((await embed({ input: '' })).at('usage.prompt_tokens')).toBe(1);
  expect(await embed({ input: [] })).toMatchObject({ status: 500, body: { error: { message: '"prompt" must not be empty' } } });
  expect(await embed({})).toMatchObject({ status: 400, body: { error: { message: '"input" or "content" must be provided' } } });
  expect(await embed({ input: Array.from({ length: 600 }, () => 400) })).toMatchObject({
    status: 500,
    body: { error: { type: 'server_error', message: expect.stringContaining('input (600 tokens) is too large to process') } },
  });
});

test('still completes, as llama-server does, and has all slots free afterwards', async () => {
  expect((await post(`${url}/completion`, { prompt: 'x', n_predict: 2, ignore_eos: true })).at('tokens_predicted')).toBe(2);
  expect((await get(`${url}/slots`)).body).toMatchObject([{ is_processing: false }, { is_processing: false }]);
});
