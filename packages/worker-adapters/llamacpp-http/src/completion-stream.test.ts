/** Tests of whole streams recorded from `llama-server`, byte for byte, with the traps they hold. */
import type { WorkerEvent } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { CompletionStream } from './completion-stream.ts';

const pieces = new Map([
  [377, ' he'],
  [562, ' dow'],
  [378, ' w'],
  [592, ' wher'],
  [9, '<|turn|>'],
]);

const token = (text: string, id: number, tokensOut: number): string =>
  `data: {"index":0,"content":${JSON.stringify(text)},"tokens":[${id}],"stop":false,"id_slot":-1,"tokens_predicted":${tokensOut},"tokens_evaluated":4}\n\n`;
const final = (stopType: string, tokensOut: number): string =>
  `data: {"stop":true,"stop_type":"${stopType}","tokens_predicted":${tokensOut},"tokens_evaluated":4,"truncated":false,"timings":{"cache_n":0},"id_slot":1}\n\n`;
const brokenText =
  'data: {"error":{"code":500,"message":"The model produced output that does not match the expected Content-only format","type":"server_error"}}\n\n';

const decode = async (body: string, { maxTokens = 4, stop = [] as readonly string[] } = {}) => {
  const stream = new CompletionStream({
    maxTokens,
    stop,
    detokenize: async (id) => pieces.get(id) ?? '',
    countPrompt: async () => 4,
  });
  const out: WorkerEvent[] = [];
  stream.open(out);
  stream.push(Buffer.from(body), out);
  out.push(...(await stream.end()));
  const end = out.at(-1);
  return {
    kinds: out.map((event) => event.kind),
    text: out.map((event) => (event.kind === 'token' ? event.text : '')).join(''),
    end: end?.kind === 'end' ? end : undefined,
  };
};

test('reads a plain answer', async () => {
  const { kinds, text, end } = await decode(token(' he', 377, 1) + token(' dow', 562, 2) + final('limit', 2));
  expect(kinds).toEqual(['started', 'token', 'token', 'end']);
  expect(text).toBe(' he dow');
  expect(end).toEqual({ kind: 'end', finishReason: 'length', tokensIn: 4, tokensOut: 2, cachedTokens: 0 });
});

test('brings back the text that a stop word held and the limit cut off', async () => {
  const body = token(' he', 377, 1) + token('', 562, 2) + token('', 378, 3) + token('', 592, 4) + final('limit', 4);
  const { text, end } = await decode(body, { stop: ['w wherx'] });
  // What the same request gives without a stream.
  expect(text).toBe(' he dow w wher');
  expect(end).toMatchObject({ finishReason: 'length', tokensOut: 4 });
});

test('leaves out control tokens, which have no text of their own', async () => {
  const held = token(' he', 377, 1) + token('', 9, 2) + token('', 378, 3) + token('', 9, 4) + final('limit', 4);
  expect((await decode(held, { stop: [' what'] })).text).toBe(' he w');
  expect((await decode(token(' he', 377, 1) + token('', 9, 2) + final('limit', 2), { stop: ['zz'] })).text).toBe(' he');
});

test('asks for nothing back where the engine ended at a stop word or of its own accord', async () => {
  const met = token(' he', 377, 1) + token(' dow', 562, 2) + token('', 378, 3) + token(' w', 592, 4) + final('word', 4);
  expect(await decode(met, { stop: [' wher'], maxTokens: 20 })).toMatchObject({
    text: ' he dow w',
    end: { finishReason: 'stop', tokensOut: 4 },
  });
  const ended = token('', 378, 1) + token(' w', 2, 2) + final('eos', 2);
  expect(await decode(ended, { stop: [' wher'], maxTokens: 20 })).toMatchObject({ text: ' w', end: { finishReason: 'stop' } });
});

test('fails rather than guess when held text lies in tokens whose ids never came', async () => {
  const body = token(' he', 377, 1) + token('', 168, 4) + final('limit', 4);
  await expect(decode(body, { stop: ['日本'] })).rejects.toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
});

test('takes the engine’s failure at a half character for the token limit where it can be nothing else', async () => {
  expect(await decode(token(' he', 377, 1) + brokenText, { maxTokens: 3 })).toMatchObject({
    text: ' he',
    end: { finishReason: 'length', tokensOut: 3, tokensIn: 4 },
  });
  expect(await decode(brokenText, { maxTokens: 2 })).toMatchObject({
    text: '',
    end: { finishReason: 'length', tokensOut: 2, tokensIn: 4 },
  });
  await expect(decode(token(' he', 377, 1) + brokenText, { maxTokens: 5 })).rejects.toMatchObject({ kind: 'engine-rejected' });
});

test('is not whole without its final event, with half of it, or with more behind it', async () => {
  const tokens = token(' he', 377, 1);
  await expect(decode(tokens)).rejects.toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  await expect(decode(tokens + final('eos', 1).slice(0, -1))).rejects.toMatchObject({ kind: 'worker-reset' });
  await expect(decode(tokens + final('eos', 1) + tokens)).rejects.toMatchObject({ kind: 'worker-reset' });
  expect((await decode(`${tokens + final('eos', 1)}: ping\n\ndata: [DONE]\n\n`)).text).toBe(' he');
});

test('fails with the engine’s error inside a 200', async () => {
  const fault = 'data: {"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}\n\n';
  await expect(decode(token(' he', 377, 1) + fault)).rejects.toMatchObject({
    kind: 'worker-reset',
    mayRunAgain: true,
    message: expect.stringContaining('Context size'),
  });
});
