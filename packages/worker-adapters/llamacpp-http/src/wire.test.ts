/** Tests of the wire against exchanges recorded from `llama-server` b10587. */
import { expect, test } from 'vitest';
import { toCompletionBody, toCompletionEvent, toHealth, toProps, toSlots } from './wire.ts';

const task = {
  workload: 'completion',
  taskId: 't',
  prompt: 'the water is',
  maxTokens: 4,
  seed: 7,
  stop: [],
  samplerProfileVersion: 'v1',
  kvReuse: false,
} as const;

test('[ORCH-3058] sends a stream with every sampling field, the cache switch and a terminator that can be recognised', () => {
  expect(toCompletionBody(task)).toMatchInlineSnapshot(`
    {
      "cache_prompt": false,
      "dry_multiplier": 0,
      "dynatemp_range": 0,
      "frequency_penalty": 0,
      "min_keep": 0,
      "min_p": 0.05,
      "mirostat": 0,
      "n_predict": 4,
      "presence_penalty": 0,
      "prompt": "the water is",
      "repeat_last_n": 64,
      "repeat_penalty": 1,
      "response_fields": [
        "stop",
        "stop_type",
        "tokens_predicted",
        "tokens_evaluated",
        "truncated",
        "timings",
        "id_slot",
      ],
      "seed": 7,
      "stream": true,
      "temperature": 0.7,
      "top_k": 40,
      "top_n_sigma": -1,
      "top_p": 0.95,
      "typical_p": 1,
      "xtc_probability": 0,
    }
  `);
  expect(toCompletionBody({ ...task, stop: ['\n\n'], kvReuse: true })).toMatchObject({ stop: ['\n\n'], cache_prompt: true });
});

test('reads the recorded token events', () => {
  expect(
    toCompletionEvent('{"index":0,"content":" he","tokens":[377],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":4}'),
  ).toEqual({
    kind: 'token',
    text: ' he',
    tokenId: null,
    tokensOut: 1,
    tokensIn: 4,
  });
  // Three byte tokens of one character.
  expect(
    toCompletionEvent('{"index":0,"content":"日","tokens":[168],"stop":false,"id_slot":-1,"tokens_predicted":3,"tokens_evaluated":4}'),
  ).toMatchObject({ text: '日', tokensOut: 3 });
  // With what other requests ask for behind it.
  expect(
    toCompletionEvent(
      '{"index":0,"content":" dow","tokens":[562],"stop":false,"id_slot":-1,"tokens_predicted":2,"tokens_evaluated":4,"timings":{"cache_n":3},"completion_probabilities":[{"id":562}]}',
    ),
  ).toMatchObject({ kind: 'token', text: ' dow', tokensOut: 2 });
});

test('reads the end of sequence and held text as tokens without text, with their id', () => {
  expect(
    toCompletionEvent('{"index":0,"content":"","tokens":[2],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":4}'),
  ).toEqual({
    kind: 'token',
    text: '',
    tokenId: 2,
    tokensOut: 1,
    tokensIn: 4,
  });
  expect(
    toCompletionEvent('{"index":0,"content":"","tokens":[168, 175],"stop":false,"id_slot":-1,"tokens_predicted":3,"tokens_evaluated":4}'),
  ).toMatchObject({ tokenId: 175 });
});

test('skips progress events, whose token 0 is none, and the literal null', () => {
  expect(
    toCompletionEvent(
      '{"index":0,"content":"","tokens":[0],"stop":false,"id_slot":-1,"tokens_predicted":0,"tokens_evaluated":4,"prompt_progress":{"total":4,"cache":3,"processed":3,"time_ms":0}}',
    ),
  ).toEqual({ kind: 'nothing' });
  expect(toCompletionEvent('null')).toEqual({ kind: 'nothing' });
});

test('reads the recorded final event, whole and cut down to the fields asked for', () => {
  const whole =
    '{"index":0,"content":"","tokens":[],"id_slot":1,"stop":true,"model":"tiny","tokens_predicted":2,"tokens_evaluated":4,"generation_settings":{},"prompt":"<s> the water is","has_new_line":false,"truncated":false,"stop_type":"limit","stopping_word":"","tokens_cached":5,"timings":{"cache_n":3,"prompt_n":1,"predicted_n":2}}';
  expect(toCompletionEvent(whole)).toEqual({
    kind: 'final',
    stopType: 'limit',
    tokensOut: 2,
    tokensIn: 4,
    cachedTokens: 3,
    decodeMs: null,
  });
  const timed = whole.replace('"predicted_n":2', '"predicted_n":2,"predicted_ms":0.173');
  expect(toCompletionEvent(timed)).toMatchObject({ kind: 'final', decodeMs: 0.173 });
  const asked =
    '{"stop":true,"stop_type":"eos","tokens_predicted":3,"tokens_evaluated":5,"truncated":false,"timings":{"prompt_n":5,"predicted_n":3},"id_slot":0}';
  expect(toCompletionEvent(asked)).toEqual({ kind: 'final', stopType: 'eos', tokensOut: 3, tokensIn: 5, cachedTokens: 0, decodeMs: null });
});

test('reads an error inside a 200', () => {
  expect(toCompletionEvent('{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}')).toEqual({
    kind: 'fault',
    fault: { type: 'server_error', message: 'Context size has been exceeded.' },
  });
});

test('calls everything else garbage: a final event without its mark, a second answer, half a frame', () => {
  for (const data of [
    '{"tokens_predicted":4,"stop_type":"limit"}',
    '{"index":1,"content":" port","tokens":[734],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":2}',
    '{"index":0,"content":" he","tokens":[377],"stop":fal',
    '{"index":0,"content":" he',
    '{"index":0,"content":7,"tokens":[1],"stop":false,"tokens_predicted":1,"tokens_evaluated":2}',
    '{"stop":true,"stop_type":"none","tokens_predicted":1,"tokens_evaluated":2}',
    '[DONE]',
    '7',
    '',
  ]) {
    expect({ data, kind: toCompletionEvent(data).kind }).toEqual({ data, kind: 'garbage' });
  }
});

test('takes keys in any order', () => {
  expect(
    toCompletionEvent('{"content":"a\\"b","stop":false,"tokens":[1],"index":0,"tokens_evaluated":2,"tokens_predicted":1}'),
  ).toMatchObject({ text: 'a"b', tokensOut: 1, tokensIn: 2 });
});

test('reads health as it was recorded before, during and after loading', () => {
  expect(toHealth({ status: 200, body: '{"status":"ok"}' })).toEqual({ kind: 'ready' });
  expect(toHealth({ status: 503, body: '{"error":{"message":"Loading model","type":"unavailable_error","code":503}}' })).toEqual({
    kind: 'loading',
    message: 'Loading model',
  });
  expect(toHealth({ status: 503, body: '<html>' }).kind).toBe('unhealthy');
  expect(toHealth({ status: 200, body: 'null' }).kind).toBe('unhealthy');
});

test('reads the recorded props and slots', () => {
  const props = {
    default_generation_settings: { params: { seed: 4294967295 }, n_ctx: 2048 },
    total_slots: 2,
    model_alias: 'tiny',
    model_path: 'a/tiny-llama.gguf',
    build_info: 'b10587-3f545becc',
  };
  expect(toProps(props)).toEqual({ engineVersion: 'b10587-3f545becc', slotsTotal: 2, ctxTokens: 2048, modelName: 'tiny' });
  expect(toProps({ ...props, model_alias: undefined }).modelName).toBe('tiny-llama.gguf');
  expect(() => toProps({ ...props, build_info: 7 })).toThrow('GET /props .build_info is not a string');
  expect(
    toSlots([
      { id: 0, n_ctx: 2048, speculative: false, is_processing: false },
      { id: 1, n_ctx: 2048, is_processing: true, id_task: 6, next_token: [{ n_decoded: 0 }] },
    ]),
  ).toEqual([
    { id: 0, busy: false, engineTaskId: null },
    { id: 1, busy: true, engineTaskId: '6' },
  ]);
});
