/** The whole worker on the real model, seen from the wire: one process with four slots of 256 tokens. */
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, get, member, post, stream, type StreamedEvent } from './testing/client.ts';
import { startWorker, stopWorkers } from './testing/worker-process.ts';

const slots = 4;
const slotCtxTokens = 256;
let url = '';

beforeAll(async () => {
  ({ url } = await startWorker(['-c', String(slots * slotCtxTokens), '-np', String(slots), '--metrics']));
});
afterAll(stopWorkers);

const ask = (body: object) => post(`${url}/completion`, body);
const textOf = (events: readonly StreamedEvent[]): string => events.map((event) => String(event['content'])).join('');

test('streams one event per token and ends with the final event, without [DONE]', async () => {
  const events = await collect(stream(url, { prompt: 'Write a haiku.\n', n_predict: 5, temperature: 0 }));
  expect(events).toHaveLength(6);
  for (const [index, event] of events.slice(0, 5).entries()) {
    expect(event).toEqual({
      index: 0,
      content: expect.any(String),
      tokens: [expect.any(Number)],
      stop: false,
      id_slot: -1,
      tokens_predicted: index + 1,
      tokens_evaluated: 10,
    });
  }
  expect(events[5]).toMatchObject({
    content: '',
    tokens: [],
    stop: true,
    id_slot: expect.any(Number),
    model: 'haiku-tiny',
    tokens_predicted: 5,
    tokens_evaluated: 10,
    prompt: '<s>Write a haiku.\n',
    truncated: false,
    stop_type: 'limit',
    stopping_word: '',
    tokens_cached: 14,
    timings: { cache_n: 0, prompt_n: 10, predicted_n: 5 },
    generation_settings: { temperature: 0, n_predict: 5, max_tokens: 5, stream: true },
  });
});

test('answers without a stream with the same text and, if asked, the token ids', async () => {
  const body = { prompt: 'Write a haiku.\n', temperature: 0, n_predict: 64 };
  const whole = await ask({ ...body, return_tokens: true });
  const events = await collect(stream(url, body));
  expect(whole.at('content')).toBe(textOf(events));
  expect(whole.at('tokens')).toEqual(events.slice(0, -1).flatMap((event) => event['tokens']));
  expect((await ask(body)).at('tokens')).toEqual([]);
});

test('takes token ids as they are, and the ids of a text give the answer of the text', async () => {
  const { body } = await post(`${url}/tokenize`, { content: 'Write a haiku.\n', add_special: true });
  const byIds = await ask({ prompt: member(body, 'tokens'), temperature: 0, n_predict: 20 });
  const byText = await ask({ prompt: 'Write a haiku.\n', temperature: 0, n_predict: 20 });
  expect(byIds.at('content')).toBe(byText.at('content'));
  expect(byIds.at('tokens_evaluated')).toBe(byText.at('tokens_evaluated'));
});

test('counts the end token and sends it as an event without text', async () => {
  const events = await collect(stream(url, { prompt: 'x', n_predict: 20, temperature: 0, logit_bias: [[2, 1000]] }));
  expect(events[0]).toMatchObject({ content: '', tokens: [2], tokens_predicted: 1 });
  expect(events[1]).toMatchObject({ stop: true, stop_type: 'eos', tokens_predicted: 1 });
});

test('makes one token for n_predict 0 and takes the aliases of n_predict', async () => {
  expect((await ask({ prompt: 'x', n_predict: 0, temperature: 0 })).at('tokens_predicted')).toBe(1);
  expect((await ask({ prompt: 'x', max_tokens: 3, temperature: 0, ignore_eos: true })).at('tokens_predicted')).toBe(3);
  expect((await ask({ prompt: 'x', max_completion_tokens: 2, temperature: 0, ignore_eos: true })).at('tokens_predicted')).toBe(2);
});

/** Makes the model write the two bytes of "é" in turn: both are far likelier than all else, the last one is punished. */
const accents = {
  prompt: 'x',
  temperature: 0,
  repeat_last_n: 1,
  presence_penalty: 1000,
  logit_bias: [
    [5 + 0xc3, 9000],
    [5 + 0xa9, 8999.5],
  ],
};

test('joins the tokens of one character into one event with the last id', async () => {
  const events = await collect(stream(url, { ...accents, n_predict: 4 }));
  expect(events.map((event) => [event['content'], event['tokens'], event['tokens_predicted']])).toEqual([
    ['é', [174], 2],
    ['é', [174], 4],
    ['', [], 4],
  ]);
  expect((await ask({ ...accents, n_predict: 4 })).at('content')).toBe('éé');
});

test('ends with an error instead of the final event when the answer stops inside a character', async () => {
  const error = {
    code: 500,
    type: 'server_error',
    message: 'The model produced output that does not match the expected Content-only format',
  };
  const events = await collect(stream(url, { ...accents, n_predict: 3 }));
  expect(events).toMatchObject([{ content: 'é' }, { error }]);
  expect(await ask({ ...accents, n_predict: 3 })).toMatchObject({ status: 500, body: { error } });
});

test('cuts at a stop word that spans tokens and never shows its beginning', async () => {
  const full = String((await ask({ prompt: 'Write a haiku.\n', temperature: 0, n_predict: 12 })).at('content'));
  const stop = full.slice(5, 12);
  const events = await collect(stream(url, { prompt: 'Write a haiku.\n', temperature: 0, n_predict: 12, stop: [stop] }));
  expect(textOf(events)).toBe(full.slice(0, 5));
  expect(events.at(-1)).toMatchObject({ stop_type: 'word', stopping_word: stop });
});

test('loses held text in a stream that n_predict ends, as llama-server does, and has it without a stream', async () => {
  const full = String((await ask({ prompt: 'Write a haiku.\n', temperature: 0, n_predict: 3 })).at('content'));
  const body = { prompt: 'Write a haiku.\n', temperature: 0, n_predict: 3, stop: [`${full.slice(1)}#`] };
  expect(textOf(await collect(stream(url, body)))).toBe(full.slice(0, 1));
  expect((await ask(body)).at('content')).toBe(full);
});

test('stops with truncated when the context is full', async () => {
  const { body } = await ask({
    prompt: 'Tell me about the sea.',
    temperature: 0,
    ignore_eos: true,
    response_fields: ['tokens_predicted', 'tokens_evaluated', 'tokens_cached', 'stop_type', 'truncated'],
  });
  const evaluated = Number(member(body, 'tokens_evaluated'));
  expect(body).toEqual({
    tokens_predicted: slotCtxTokens - evaluated,
    tokens_evaluated: evaluated,
    tokens_cached: slotCtxTokens - 1,
    stop_type: 'limit',
    truncated: true,
  });
});

test('picks response fields of the final event only, nested ones by a slash', async () => {
  const events = await collect(
    stream(url, { prompt: 'x', n_predict: 1, seed: 9, response_fields: ['stop', 'generation_settings/seed', 'none'] }),
  );
  expect(events[0]).toHaveProperty('content');
  expect(events[1]).toEqual({ stop: true, 'generation_settings/seed': 9 });
});

test('adds timings to each token when asked', async () => {
  const [first] = await collect(stream(url, { prompt: 'x', n_predict: 1, ignore_eos: true, timings_per_token: true }));
  expect(first).toMatchObject({ timings: { predicted_n: 1, predicted_ms: 0 } });
});

test('reuses the prefix of the slot with cache_prompt, says how much, and gives the same text', async () => {
  const body = { prompt: 'Tell me about the moon and the old pine.', temperature: 0, n_predict: 16, id_slot: 2 };
  const cold = await ask({ ...body, cache_prompt: false });
  const warm = await ask(body);
  const evaluated = Number(cold.at('tokens_evaluated'));
  expect([cold.at('timings.cache_n'), cold.at('timings.prompt_n')]).toEqual([0, evaluated]);
  expect([warm.at('timings.cache_n'), warm.at('timings.prompt_n')]).toEqual([evaluated - 1, 1]);
  expect(warm.at('content')).toBe(cold.at('content'));
});

test('answers faults with the envelope and status of llama-server, also for a stream', async () => {
  const faults: readonly (readonly [body: unknown, status: number, error: object])[] = [
    ['{"prompt": ', 500, { type: 'server_error' }],
    [{ n_predict: 3 }, 400, { type: 'invalid_request_error', message: "[json.exception.out_of_range.403] key 'prompt' not found" }],
    [{ prompt: [] }, 400, { type: 'invalid_request_error' }],
    [
      { prompt: 'x', n_predict: 'three' },
      400,
      { type: 'invalid_request_error', message: "Field 'n_predict': [json.exception.type_error.302] type must be number, but is string" },
    ],
    [{ prompt: [1, 999_999] }, 400, { type: 'invalid_request_error', message: 'Prompt contains invalid tokens' }],
    [{ prompt: 'x', grammar: 'root ::= "a"' }, 501, { type: 'not_supported_error' }],
    [
      { prompt: Array.from({ length: 300 }, () => 400), stream: true },
      400,
      {
        type: 'exceed_context_size_error',
        message: 'request (300 tokens) exceeds the available context size (256 tokens), try increasing it',
        n_prompt_tokens: 300,
        n_ctx: 256,
      },
    ],
  ];
  for (const [body, status, error] of faults) {
    const answer = await post(`${url}/completion`, body);
    expect(answer).toMatchObject({ status, body: { error: { code: status, ...error } } });
    expect(answer.headers.get('connection')).toBe('close');
  }
});

test('answers 501 for features that are off and 404 for what there is not', async () => {
  expect(await post(`${url}/v1/embeddings`, { input: 'x' })).toMatchObject({
    status: 501,
    body: { error: { type: 'not_supported_error' } },
  });
  expect(await post(`${url}/rerank`, { query: 'x', documents: ['y'] })).toMatchObject({ status: 501 });
  expect(await get(`${url}/nope`)).toMatchObject({
    status: 404,
    body: { error: { code: 404, message: 'File Not Found', type: 'not_found_error' } },
  });
  expect((await get(`${url}/completion`)).status).toBe(404);
});

test('describes itself in /props, /v1/models and /health', async () => {
  expect((await get(`${url}/health`)).body).toEqual({ status: 'ok' });
  expect((await get(`${url}/props`)).body).toMatchObject({
    total_slots: slots,
    model_alias: 'haiku-tiny',
    model_ftype: 'Q8_0',
    default_generation_settings: { n_ctx: slotCtxTokens, params: { temperature: Math.fround(0.8), seed: 4_294_967_295 } },
    bos_token: '<s>',
    eos_token: '</s>',
    build_info: expect.stringMatching(/^embedded-/),
    endpoint_slots: true,
    endpoint_metrics: true,
  });
  expect((await get(`${url}/v1/models`)).at('data.0')).toMatchObject({
    id: 'haiku-tiny',
    meta: { n_ctx: slotCtxTokens, n_ctx_train: 1024, n_vocab: 1881, n_embd: 128, n_params: 1_093_888, ftype: 'Q8_0' },
  });
});

test('tokenizes and detokenizes, with the bytes of tokens that are no character by themselves', async () => {
  expect((await post(`${url}/tokenize`, { content: '' })).body).toEqual({ tokens: [] });
  expect((await post(`${url}/tokenize`, {})).body).toEqual({ tokens: [] });
  const pieces = (await post(`${url}/tokenize`, { content: ' sea é', add_special: true, with_pieces: true })).at('tokens');
  expect(pieces).toEqual([
    { id: 1, piece: '<s>' },
    { id: expect.any(Number), piece: ' sea' },
    { id: expect.any(Number), piece: ' ' },
    { id: 5 + 0xc3, piece: [0xc3] },
    { id: 5 + 0xa9, piece: [0xa9] },
  ]);
  expect((await post(`${url}/tokenize`, { content: '<s>' })).at('tokens')).toEqual([1]);
  expect((await post(`${url}/tokenize`, { content: '<s>', parse_special: false })).at('tokens')).toHaveLength(3);
  const text = 'The tide — 日本 — "a7x9" 🌊';
  const { body } = await post(`${url}/tokenize`, { content: text });
  expect((await post(`${url}/detokenize`, body)).body).toEqual({ content: text });
});

test('[ORCH-3110] closes a connection after 100 requests, like llama-server', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const connections: (string | undefined)[] = [];
  for (let nth = 1; nth <= 100; nth++) {
    connections.push(
      await new Promise((resolve, reject) => {
        request(`${url}/health`, { agent }, (response) => {
          response.resume().on('end', () => resolve(response.headers.connection));
        })
          .on('error', reject)
          .end();
      }),
    );
  }
  agent.destroy();
  expect(new Set(connections.slice(0, 99))).toEqual(new Set(['keep-alive']));
  expect(connections[99]).toBe('close');
});
