/** Tests of trtllm-serve's wire against its documented answers. */
import { expect, test } from 'vitest';
import { toCompletionBody, toCompletionChunk, toHealth, toIterationFigures, toModelId } from './trtllm-wire.ts';

const task = {
  workload: 'completion',
  taskId: 't',
  prompt: 'hi',
  maxTokens: 5,
  seed: 7,
  stop: [],
  samplerProfileVersion: 'v1-greedy',
  kvReuse: false,
} as const;

test('[ORCH-3058] sends the known fields and no other, because an unknown one is refused; max_tokens always', () => {
  expect(toCompletionBody(task, 'm')).toEqual({
    model: 'm',
    prompt: 'hi',
    max_tokens: 5,
    temperature: 0,
    top_k: 0,
    top_p: 1,
    seed: 7,
    stream: true,
    stream_options: { include_usage: true },
  });
});

test('reads text, reason, usage and both forms of an error', () => {
  expect(toCompletionChunk('{"choices":[{"index":0,"text":" a","finish_reason":null}]}')).toMatchObject({
    response: { text: ' a', finishReason: null },
  });
  expect(toCompletionChunk('{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":9,"total_tokens":13}}')).toEqual({
    kind: 'usage',
    tokensIn: 4,
    tokensOut: 9,
  });
  expect(toCompletionChunk('[DONE]').kind).toBe('done');
  expect(toCompletionChunk('{"object":"error","message":"boom","type":"x","param":null,"code":500}')).toEqual({
    kind: 'fault',
    message: 'boom',
  });
  expect(toCompletionChunk('{"error":{"message":"boom"}}').kind).toBe('fault');
  for (const data of ['{"choices":[{"text":7}]}', '{"choices":[]}', '{"usage":{}}', '{"cho', '7'])
    expect({ data, kind: toCompletionChunk(data).kind }).toEqual({ data, kind: 'garbage' });
});

test('health needs an answer that only this server gives', () => {
  const version = { status: 200, body: '{"version":"1.2.0"}' };
  expect(toHealth({ status: 200, body: '' }, version)).toEqual({ kind: 'ready' });
  expect(toHealth({ status: 503, body: '' }, version).kind).toBe('loading');
  expect(toHealth({ status: 200, body: 'welcome' }, { status: 200, body: 'welcome' }).kind).toBe('unhealthy');
  expect(toHealth({ status: 502, body: '<html>' }, version).kind).toBe('unhealthy');
});

test('/metrics is JSON and shows the latest iteration, or nothing since somebody last asked', () => {
  const iteration = (active: number) => ({
    numActiveRequests: active,
    kvCacheStats: { usedNumBlocks: 5, maxNumBlocks: 20, freeNumBlocks: 15 },
  });
  expect(toIterationFigures([iteration(3), iteration(2)])).toEqual({ active: 2, kvUsageRatio: 0.25 });
  expect(toIterationFigures([{ numActiveRequests: 1 }])).toEqual({ active: 1, kvUsageRatio: null });
  expect(toIterationFigures([])).toBeNull();
  expect(() => toIterationFigures({})).toThrow('GET /metrics is not an array');
});

test('asks the server for its model’s id, which is a directory’s name where it was given a path', () => {
  expect(toModelId({ data: [{ id: 'llama-3.1-8b', owned_by: 'tensorrt_llm' }] })).toBe('llama-3.1-8b');
  expect(() => toModelId({ data: [] })).toThrow('GET /v1/models .data [0]');
});
