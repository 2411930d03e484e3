import { expect, test } from 'vitest';
import { defaultSampling, parseCompletionRequest, randomSeed } from './completion-request.ts';
import { WireError } from './errors.ts';

test('fills in the defaults of llama-server, as 32-bit floats', () => {
  expect(parseCompletionRequest({ prompt: 'x' })).toEqual({
    prompt: 'x',
    sampling: defaultSampling,
    nPredict: -1,
    stream: false,
    cachePrompt: true,
    idSlot: -1,
    stop: [],
    returnTokens: false,
    timingsPerToken: false,
    ssePingIntervalS: 30,
    responseFields: [],
  });
  expect(parseCompletionRequest({ prompt: 'x', temperature: 0.7 }).sampling.temperature).toBe(Math.fround(0.7));
});

test('takes null as absent and ignores unknown fields', () => {
  const body = { prompt: 'x', n_predict: null, seed: null, stream: null, stop: null, nonsense: 1 };
  expect(parseCompletionRequest(body)).toEqual(parseCompletionRequest({ prompt: 'x' }));
});

test('prefers n_predict to its aliases', () => {
  expect(parseCompletionRequest({ prompt: 'x', n_predict: 1, max_completion_tokens: 2, max_tokens: 3 }).nPredict).toBe(1);
  expect(parseCompletionRequest({ prompt: 'x', max_completion_tokens: 2, max_tokens: 3 }).nPredict).toBe(2);
});

test('reads seeds as 32 bits: 0 is a seed, -1 is random', () => {
  const seedOf = (seed: number): number => parseCompletionRequest({ prompt: 'x', seed }).sampling.seed;
  expect([seedOf(0), seedOf(7), seedOf(-1), seedOf(4_294_967_295), seedOf(4_294_967_294)]).toEqual([
    0,
    7,
    randomSeed,
    randomSeed,
    4_294_967_294,
  ]);
});

test('brings samplers into their range instead of refusing them', () => {
  const { sampling } = parseCompletionRequest({ prompt: 'x', temperature: -3, top_k: -1, top_p: 7, min_p: -1 });
  expect(sampling).toMatchObject({ temperature: 0, topK: 0, topP: 1, minP: 0 });
});

test('reads stop as a word or a list of words', () => {
  expect(parseCompletionRequest({ prompt: 'x', stop: 'a' }).stop).toEqual(['a']);
  expect(parseCompletionRequest({ prompt: 'x', stop: ['a', 'b'] }).stop).toEqual(['a', 'b']);
});

test('reads both forms of logit_bias', () => {
  const biasOf = (value: unknown): unknown => parseCompletionRequest({ prompt: 'x', logit_bias: value }).sampling.logitBias;
  const wanted = [
    { token: 5, bias: 1.5 },
    { token: 7, bias: Number.NEGATIVE_INFINITY },
    { token: ' sea', bias: 2 },
  ];
  expect(biasOf([[5, 1.5], [7, false], [' sea', 2], 'junk', [1]])).toEqual(wanted);
  expect(biasOf({ 5: 1.5, 7: false, ' sea': 2 })).toEqual(wanted);
});

test.each([
  [[], 400, '[json.exception.type_error.304] cannot use at() with array'],
  [{}, 400, "[json.exception.out_of_range.403] key 'prompt' not found"],
  [{ prompt: 'x', n_predict: -5 }, 400, "Field 'n_predict': Value must be between -1 <= value <= 2147483647, but got -5"],
  [{ prompt: 'x', max_tokens: '3' }, 400, "Field 'max_tokens': [json.exception.type_error.302] type must be number, but is string"],
  [{ prompt: 'x', stream: 1 }, 400, "Field 'stream': [json.exception.type_error.302] type must be boolean, but is number"],
  [{ prompt: 'x', stop: [1] }, 400, "Field 'stop': [json.exception.type_error.302] type must be string, but is number"],
])('refuses %j', (body, status, message) => {
  expect(fault(() => parseCompletionRequest(body))).toMatchObject({ status, message });
});

test('refuses samplers that it has not, unless their value is without effect', () => {
  expect(parseCompletionRequest({ prompt: 'x', mirostat: 0, typical_p: 1, grammar: '', n_probs: 0, lora: [] }).nPredict).toBe(-1);
  for (const field of [{ mirostat: 2 }, { typical_p: 0.5 }, { grammar: 'root ::= "a"' }, { n_probs: 3 }, { json_schema: {} }, { n: 2 }]) {
    expect(fault(() => parseCompletionRequest({ prompt: 'x', ...field }))).toMatchObject({ status: 501, type: 'not_supported_error' });
  }
});

function fault(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error instanceof WireError ? { status: error.status, type: error.type, message: error.message } : error;
  }
}
