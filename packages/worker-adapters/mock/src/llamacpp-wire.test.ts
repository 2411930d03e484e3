/** Tests of llama.cpp's wire against what was recorded of `llama-server`: statuses, bodies and traps. */
import { afterEach, expect, test } from 'vitest';
import { createMockServer, type MockServer, type MockServerOptions } from './server.ts';

const servers: MockServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const start = async (options: MockServerOptions = {}): Promise<MockServer> => {
  const server = await createMockServer({ wire: 'llamacpp', ...options });
  servers.push(server);
  return server;
};

const post = (url: string, body: object | string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers });

const steps = ['a', 'b', 'c'].map((text) => ({ text, tokens: 1 }));

test('an answer is not streamed unless that is asked for', async () => {
  const { url } = await start({ script: { steps } });
  const response = await post(`${url}/completion`, { prompt: 'x', n_predict: 2, return_tokens: true });
  expect(await response.json()).toMatchObject({
    content: 'ab',
    stop: true,
    stop_type: 'limit',
    tokens_predicted: 2,
    tokens_evaluated: 2,
    truncated: false,
    tokens: [expect.any(Number), expect.any(Number)],
    generation_settings: { n_predict: 2 },
  });
});

test('the native stream has no terminator but its last event, which `response_fields` can take away', async () => {
  const { url } = await start({ script: { steps } });
  const body = { prompt: 'x', n_predict: 9, stream: true };
  const text = await (await post(`${url}/completion`, body)).text();
  expect(text).not.toContain('[DONE]');
  expect(text).toMatch(
    /data: \{"index":0,"content":"a","tokens":\[\d+\],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":2\}\n\n/,
  );
  expect(text.trimEnd().split('\n\n').at(-1)).toContain('"stop":true');
  const less = await (await post(`${url}/completion`, { ...body, response_fields: ['tokens_predicted'] })).text();
  expect(less.trimEnd().split('\n\n').at(-1)).toBe('data: {"tokens_predicted":4}');
});

test('zero tokens are one, and less than none is refused', async () => {
  const { url } = await start({ script: { steps } });
  expect(await (await post(`${url}/completion`, { prompt: 'x', n_predict: 0 })).json()).toMatchObject({
    content: 'a',
    tokens_predicted: 1,
  });
  expect((await post(`${url}/completion`, { prompt: 'x', n_predict: -2 })).status).toBe(400);
});

test('a prompt of token ids is used as it is, and one that fills the context is refused', async () => {
  const { url } = await start({ ctxTokens: 16 });
  const ids = (await (await post(`${url}/tokenize`, { content: 'the water is', add_special: true })).json()) as { tokens: number[] };
  const byIds = await (await post(`${url}/completion`, { prompt: ids.tokens, n_predict: 5, seed: 3 })).json();
  const byText = await (await post(`${url}/completion`, { prompt: 'the water is', n_predict: 5, seed: 3 })).json();
  expect(byIds).toMatchObject({ content: (byText as { content: string }).content, tokens_evaluated: ids.tokens.length });
  const refused = await post(`${url}/completion`, { prompt: 'x'.repeat(200) });
  expect({ status: refused.status, body: await refused.json() }).toMatchObject({
    status: 400,
    body: { error: { type: 'exceed_context_size_error', n_ctx: 16, n_prompt_tokens: 51 } },
  });
});

test('an answer that fills the context is cut, and says so', async () => {
  const { url } = await start({ ctxTokens: 16 });
  expect(await (await post(`${url}/completion`, { prompt: 'x' })).json()).toMatchObject({
    stop_type: 'limit',
    truncated: true,
    tokens_predicted: 14,
  });
});

test('the key is asked for everywhere but of health, and loading comes first', async () => {
  const { url, control } = await start({ apiKey: 'sekret' });
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await fetch(`${url}/props`)).status).toBe(401);
  const accepted: readonly Readonly<Record<string, string>>[] = [
    { authorization: 'Bearer sekret' },
    { authorization: 'sekret' },
    { 'x-api-key': 'sekret' },
  ];
  for (const headers of accepted) expect((await fetch(`${url}/props`, { headers })).status).toBe(200);
  expect((await fetch(`${url}/props`, { headers: { authorization: 'Bearer other' } })).status).toBe(401);
  await control.script({ health: 'loading' });
  expect((await fetch(`${url}/props`)).status).toBe(503);
});

test('broken JSON is the server’s error, a missing prompt the request’s, an unknown path nobody’s', async () => {
  const { url } = await start();
  const broken = await post(`${url}/completion`, '{"prompt": "x", ');
  expect({ status: broken.status, body: await broken.json() }).toMatchObject({ status: 500, body: { error: { type: 'server_error' } } });
  expect((await post(`${url}/completion`, { n_predict: 3 })).status).toBe(400);
  expect((await post(`${url}/completion`, { prompt: 'x', n_predict: 'three' })).status).toBe(400);
  const unknown = await fetch(`${url}/nope`);
  expect(await unknown.json()).toEqual({ error: { code: 404, message: 'File Not Found', type: 'not_found_error' } });
});

test('the OpenAI form ends in [DONE] and has usage, with what the cache had', async () => {
  const { url } = await start({ script: { steps } });
  const body = { prompt: 'the same words', max_tokens: 2, stream: true };
  const first = await (await post(`${url}/v1/completions`, body)).text();
  expect(first.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(first).toContain('"finish_reason":"length"');
  expect(first).toContain('"cached_tokens":0');
  expect(await (await post(`${url}/v1/completions`, body)).text()).toMatch(/"cached_tokens":[1-9]/);
});

test('a server serves one use where it was started for one', async () => {
  const { url } = await start({ wireOptions: { serves: 'generation' } });
  const refused = await post(`${url}/v1/embeddings`, { input: 'hi' });
  expect({ status: refused.status, body: await refused.json() }).toMatchObject({
    status: 501,
    body: { error: { type: 'not_supported_error' } },
  });
  await expect(start({ wireOptions: { servs: 'generation' } })).rejects.toThrow('no wire option "servs"; it has serves');
});

test('embeddings and scores come in all their forms', async () => {
  const { url } = await start();
  const openAi = (await (await post(`${url}/v1/embeddings`, { input: ['a', 'b'], encoding_format: 'base64' })).json()) as {
    data: { index: number; embedding: string }[];
  };
  const native = (await (await post(`${url}/embedding`, { content: 'a' })).json()) as { embedding: number[][] }[];
  const first = openAi.data.find(({ index }) => index === 0);
  expect(
    [...new Float32Array(new Uint8Array(Buffer.from(first?.embedding ?? '', 'base64')).buffer)].map((value) => value.toFixed(5)),
  ).toEqual(native[0]?.embedding[0]?.map((value) => value.toFixed(5)));
  expect((await post(`${url}/v1/embeddings`, { input: [] })).status).toBe(500);
  const tei = await (await post(`${url}/rerank`, { query: 'water', texts: ['people', 'the water'], return_text: true })).json();
  expect(tei).toMatchObject([{ index: 1, text: 'the water' }, { index: 0 }]);
  const ranked = await (await post(`${url}/v1/rerank`, { query: 'water', documents: ['people', 'the water'], top_n: 1 })).json();
  expect(ranked).toMatchObject({ results: [{ index: 1 }] });
  expect((await post(`${url}/v1/rerank`, { documents: ['a'] })).status).toBe(400);
});

test('slots say 503 to who asks for that when none is free', async () => {
  const { url, control } = await start({ script: { answerTokens: 3, holdAfterSteps: 1 } });
  expect((await fetch(`${url}/slots?fail_on_no_slot=1`)).status).toBe(200);
  const running = post(`${url}/completion`, { prompt: 'x', stream: true });
  await expect.poll(async () => (await control.counters()).held).toBe(1);
  expect((await fetch(`${url}/slots?fail_on_no_slot=1`)).status).toBe(503);
  await control.release(9);
  await (await running).text();
});
