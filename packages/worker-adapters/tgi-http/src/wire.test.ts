/** Tests of the wire against TGI's own reference; nothing here was recorded from a running engine. */
import { expect, test } from 'vitest';
import { toGenerateBody, toGenerateEvent, toHealth, toMetrics, toProps, toWholeAnswer } from './wire.ts';

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

test('[ORCH-3058] trap: without parameters the engine samples, without details a stream has no finish reason', () => {
  expect(toGenerateBody(task)).toEqual({
    inputs: 'Two plus two is',
    parameters: {
      max_new_tokens: 3,
      details: true,
      return_full_text: false,
      do_sample: true,
      temperature: 0.7,
      top_k: 40,
      top_p: 0.95,
      repetition_penalty: 1,
      frequency_penalty: 0,
      seed: 7,
    },
  });
});

test('[ORCH-3058] trap: greedy is do_sample false and nothing that turns sampling on; temperature 0 and top_p 1 are refused', () => {
  const { parameters } = toGenerateBody({ ...task, samplerProfileVersion: 'v1-greedy' }) as { parameters: object };
  expect(parameters).toMatchObject({ do_sample: false });
  for (const name of ['temperature', 'top_k', 'top_p', 'typical_p', 'seed']) expect(parameters).not.toHaveProperty(name);
});

test('trap: the engine takes four stop texts and refuses a fifth', () => {
  expect(toGenerateBody({ ...task, stop: ['a', 'b', 'c', 'd', 'e'] })).toMatchObject({ parameters: { stop: ['a', 'b', 'c', 'd'] } });
});

const event = (fields: object, token: object = {}): string =>
  JSON.stringify({
    index: 1,
    token: { id: 31, text: ' four', logprob: -0.1, special: false, ...token },
    generated_text: null,
    details: null,
    ...fields,
  });
const details = { finish_reason: 'eos_token', generated_tokens: 3, seed: null, input_length: 5 };

test('trap: the text of a special token is no part of the answer', () => {
  expect(toGenerateEvent(event({}))).toEqual({ kind: 'token', text: ' four', details: null });
  expect(toGenerateEvent(event({}, { text: '</s>', special: true }))).toMatchObject({ text: '' });
});

test('trap: generated_text ends the stream and is never read as text', () => {
  expect(toGenerateEvent(event({ generated_text: ' four.', details }, { text: '</s>', special: true }))).toEqual({
    kind: 'token',
    text: '',
    details: { finishReason: 'stop', tokensIn: 5, tokensOut: 3 },
  });
  // Empty where the answer ends inside a character.
  expect(toGenerateEvent(event({ generated_text: '', details: { ...details, finish_reason: 'length' } }))).toMatchObject({
    text: ' four',
    details: { finishReason: 'length' },
  });
  expect(toGenerateEvent(event({ generated_text: 'x', details: { ...details, finish_reason: 'stop_sequence' } }))).toMatchObject({
    details: { finishReason: 'stop' },
  });
});

test('trap: every error of a stream is a 200 with an `error`', () => {
  expect(toGenerateEvent('{"error":"Model is overloaded","error_type":"overloaded"}')).toEqual({
    kind: 'fault',
    fault: { type: 'overloaded', message: 'Model is overloaded' },
  });
});

test('calls everything else garbage', () => {
  for (const data of [
    '',
    '7',
    'null',
    '{"index":1',
    '{"index":1,"generated_text":null}',
    event({}, { text: 7 }),
    event({ generated_text: 'x', details: null }),
    event({ generated_text: 'x', details: { ...details, finish_reason: 'toString' } }),
    event({ generated_text: 7, details }),
    '[DONE]',
  ]) {
    expect({ data, kind: toGenerateEvent(data).kind }).toEqual({ data, kind: 'garbage' });
  }
});

test('reads an answer that is no stream', () => {
  const tokens = [{ id: 31, text: ' four', logprob: -0.1, special: false }];
  expect(
    toWholeAnswer({ generated_text: ' four', details: { finish_reason: 'length', generated_tokens: 1, seed: 7, prefill: [], tokens } }),
  ).toEqual({
    texts: [' four'],
    details: { finishReason: 'length', tokensIn: null, tokensOut: 1 },
  });
  expect(() => toWholeAnswer({ generated_text: ' four', details: { tokens } })).toThrow(/no finish reason/);
  expect(() => toWholeAnswer([])).toThrow('POST /generate');
});

test('trap: healthy is 200 with nothing in it; there is no word for loading', () => {
  expect(toHealth({ status: 200, body: '' })).toEqual({ kind: 'ready' });
  expect(toHealth({ status: 200, body: '<html>welcome' }).kind).toBe('unhealthy');
  expect(toHealth({ status: 503, body: '{"error":"unhealthy","error_type":"healthcheck"}' })).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringContaining('shard'),
  });
});

test('trap: max_concurrent_requests is a limit of admission, not the number of slots', () => {
  const info = { model_id: 'm', version: '3.3.6', max_concurrent_requests: 128, max_total_tokens: 4096, max_input_tokens: 4095 };
  expect(toProps(info)).toEqual({ engineVersion: '3.3.6', slotsTotal: null, requestsMax: 128, ctxTokens: 4096, modelName: 'm' });
  expect(() => toProps({ ...info, version: 3 })).toThrow('GET /info .version is not a string');
});

test('trap: a series that was never used is not there, and is 0', () => {
  expect(toMetrics('')).toEqual({
    promptTokensTotal: 0,
    generatedTokensTotal: 0,
    requestsRunning: 0,
    requestsWaiting: 0,
    kvUsageRatio: null,
  });
  const text = [
    'tgi_batch_current_size 3',
    'tgi_queue_size 1',
    'tgi_batch_current_max_tokens 500',
    'tgi_batch_max_total_tokens 2000',
    'tgi_request_input_length_sum 40',
    'tgi_request_input_length_count 4',
    'tgi_request_generated_tokens_sum 90',
  ].join('\n');
  expect(toMetrics(text)).toEqual({
    promptTokensTotal: 40,
    generatedTokensTotal: 90,
    requestsRunning: 3,
    requestsWaiting: 1,
    kvUsageRatio: 0.25,
  });
});
