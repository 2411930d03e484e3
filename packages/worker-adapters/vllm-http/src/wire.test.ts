/** Tests of the wire against vLLM's own reference; nothing here was recorded from a running engine. */
import { expect, test } from 'vitest';
import { toCompletionBody, toCompletionEvent, toHealth, toMetrics, toNudge, toProps } from './wire.ts';

const task = {
  workload: 'completion',
  taskId: 't',
  prompt: 'Two plus two is',
  maxTokens: 3,
  seed: 7,
  stop: [],
  samplerProfileVersion: 'v1',
  kvReuse: false,
} as const;

test('[ORCH-3058] trap: unset fields take 16 tokens and the model’s generation_config.json, so all of them are sent', () => {
  expect(toCompletionBody(task, 'salt')).toEqual({
    prompt: 'Two plus two is',
    max_tokens: 3,
    stream: true,
    stream_options: { include_usage: true },
    return_token_ids: true,
    cache_salt: 'salt',
    temperature: 0.7,
    top_k: 40,
    top_p: 0.95,
    min_p: 0.05,
    repetition_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    seed: 7,
  });
});

test('[ORCH-3058] greedy is temperature 0 with top_k -1, which is off in every release', () => {
  expect(toCompletionBody({ ...task, samplerProfileVersion: 'v1-greedy' }, 'salt')).toMatchObject({ temperature: 0, top_k: -1, top_p: 1 });
});

test('[ORCH-3045] a task that may not use the prefix cache has a salt of its own; stop texts are the engine’s work', () => {
  const body = toCompletionBody({ ...task, kvReuse: true, stop: ['\n\n'] }, 'salt');
  expect(body).toMatchObject({ stop: ['\n\n'] });
  expect(body).not.toHaveProperty('cache_salt');
  expect(toCompletionBody(task, 'salt')).not.toHaveProperty('stop');
});

const choice = (fields: object): string =>
  JSON.stringify({
    id: 'cmpl-job7',
    object: 'text_completion',
    created: 1,
    model: 'm',
    choices: [
      { index: 0, text: '', logprobs: null, finish_reason: null, stop_reason: null, prompt_token_ids: null, token_ids: [], ...fields },
    ],
  });

test('trap: one chunk may bring several tokens, or none of their text', () => {
  expect(toCompletionEvent(choice({ text: ' four', prompt_token_ids: [7, 8, 9], token_ids: [31] }))).toEqual({
    kind: 'token',
    text: ' four',
    tokens: 1,
    finish: null,
  });
  expect(toCompletionEvent(choice({ text: '.', token_ids: [13, 2], finish_reason: 'stop' }))).toMatchObject({ tokens: 2, finish: 'stop' });
  expect(toCompletionEvent(choice({ token_ids: [9] }))).toMatchObject({ text: '', tokens: 1 });
});

test('trap: abort is a finish reason, and no success; a reason nobody knows is none either', () => {
  const finish = (reason: unknown) => toCompletionEvent(choice({ finish_reason: reason }));
  expect(finish('length')).toMatchObject({ finish: 'length' });
  expect(finish('repetition')).toMatchObject({ finish: 'stop' });
  expect(finish('abort')).toMatchObject({ finish: 'abort' });
  expect(finish('rejected')).toMatchObject({ kind: 'garbage' });
  expect(finish('toString')).toMatchObject({ kind: 'garbage' });
});

test('reads the usage, with cached tokens where the server was told to give them', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 };
  expect(toCompletionEvent(JSON.stringify({ choices: [], usage }))).toEqual({ kind: 'usage', tokensIn: 3, tokensOut: 3, cachedTokens: 0 });
  expect(
    toCompletionEvent(JSON.stringify({ choices: [], usage: { ...usage, prompt_tokens_details: { cached_tokens: 2 } } })),
  ).toMatchObject({
    cachedTokens: 2,
  });
  expect(toCompletionEvent(JSON.stringify({ choices: [], usage: { ...usage, prompt_tokens_details: null } }))).toMatchObject({
    cachedTokens: 0,
  });
});

test('reads an error inside a 200, and what comes after it all the same', () => {
  expect(toCompletionEvent('{"error":{"message":"boom","type":"InternalServerError","param":null,"code":500}}')).toEqual({
    kind: 'fault',
    fault: { code: 500, type: 'InternalServerError', param: '', message: 'boom' },
  });
  expect(toCompletionEvent('[DONE]')).toEqual({ kind: 'done' });
});

test('calls everything else garbage, and says which release is too old', () => {
  for (const data of [
    '',
    '7',
    'null',
    '{"choices":',
    '{}',
    '{"choices":[]}',
    '{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":1}}',
    choice({ index: 1, token_ids: [1] }),
    choice({ text: 7, token_ids: [1] }),
  ]) {
    expect({ data, kind: toCompletionEvent(data).kind }).toEqual({ data, kind: 'garbage' });
  }
  expect(toCompletionEvent(choice({ text: 'a', token_ids: null }))).toMatchObject({ why: expect.stringContaining('return_token_ids') });
});

test('trap: healthy is 200 with nothing in it, 503 with nothing in it is a dead engine, and scaling is a mere string', () => {
  expect(toHealth({ status: 200, body: '' })).toEqual({ kind: 'ready' });
  expect(toHealth({ status: 200, body: '<html>welcome' }).kind).toBe('unhealthy');
  expect(toHealth({ status: 503, body: '' })).toMatchObject({ kind: 'unhealthy', message: expect.stringContaining('dead') });
  expect(toHealth({ status: 503, body: '{"error":"The model is currently scaling. Please try again later."}' }).kind).toBe('loading');
  expect(toHealth({ status: 404, body: '{"detail":"Not Found"}' }).kind).toBe('unhealthy');
});

test('trap: the number of slots is not to be had over HTTP; LoRA adapters are no models', () => {
  const models = {
    object: 'list',
    data: [
      { id: 'tuned', parent: 'llama', max_model_len: null },
      { id: 'llama', root: '/m', parent: null, max_model_len: 8192 },
      { id: 'alias', root: '/m', parent: null, max_model_len: 8192 },
    ],
  };
  expect(toProps({ version: '0.29.0' }, models)).toEqual({
    engineVersion: '0.29.0',
    slotsTotal: null,
    ctxTokens: 8192,
    modelName: 'llama',
  });
  expect(() => toProps({ version: '0.29.0' }, { data: [] })).toThrow('GET /v1/models');
  expect(() => toProps({}, models)).toThrow('GET /version .version is not a string');
});

test('trap: KV usage has another name in older releases, and one series for each data-parallel engine', () => {
  const text = (kv: string): string =>
    [
      'vllm:num_requests_running{engine="0",model_name="m"} 2.0',
      'vllm:num_requests_running{engine="1",model_name="m"} 1.0',
      'vllm:num_requests_waiting{engine="0",model_name="m"} 0.0',
      'vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 9.0',
      'vllm:prompt_tokens_total{engine="0"} 100.0',
      'vllm:prompt_tokens_created{engine="0"} 1.7e9',
      'vllm:generation_tokens_total{engine="0"} 50.0',
      `vllm:${kv}{engine="0"} 0.9`,
      `vllm:${kv}{engine="1"} 0.7`,
    ].join('\n');
  const expected = { promptTokensTotal: 100, generatedTokensTotal: 50, requestsRunning: 3, requestsWaiting: 0 };
  expect(toMetrics(text('kv_cache_usage_perc'))).toEqual({ ...expected, kvUsageRatio: expect.closeTo(0.8) });
  expect(toMetrics(text('gpu_cache_usage_perc'))).toEqual({ ...expected, kvUsageRatio: expect.closeTo(0.8) });
});

test('a figure that is not exported is not 0', () => {
  expect(new Set(Object.values(toMetrics('process_cpu_seconds_total 3')))).toEqual(new Set([null]));
});

test('nudges each kind of server with what it serves', () => {
  expect(['completion', 'embedding', 'rerank'].map((workload) => toNudge(workload as 'completion').path)).toEqual([
    '/v1/completions',
    '/v1/embeddings',
    '/v1/rerank',
  ]);
});
