/** Tests of whole streams, byte for byte as vLLM's reference gives them, with the traps they hold. */
import type { WorkerEvent } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { CompletionStream } from './completion-stream.ts';

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (text: string, ids: readonly number[], finish: string | null = null, more: object = {}): string =>
  data({
    id: 'cmpl-job7',
    object: 'text_completion',
    created: 1,
    model: 'm',
    choices: [
      { index: 0, text, logprobs: null, finish_reason: finish, stop_reason: null, prompt_token_ids: null, token_ids: ids, ...more },
    ],
  });
const usage = data({
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 },
  system_fingerprint: 'vllm-0.x-ab12cd34',
});
const done = 'data: [DONE]\n\n';

const decode = (body: string, promptBytes = 20) => {
  const stream = new CompletionStream(promptBytes);
  const out: WorkerEvent[] = [];
  stream.open();
  stream.push(Buffer.from(body), out);
  out.push(...stream.end());
  return out;
};

test('reads the reference’s answer', () => {
  expect(decode(chunk(' four', [31], null, { prompt_token_ids: [7, 8, 9] }) + chunk('.', [13, 2], 'stop') + usage + done)).toEqual([
    { kind: 'started' },
    { kind: 'token', text: ' four', tokensOut: 1 },
    { kind: 'token', text: '.', tokensOut: 3 },
    { kind: 'end', finishReason: 'stop', tokensIn: 3, tokensOut: 3, cachedTokens: 0 },
  ]);
});

test('trap: the head comes before the request has waited, so only a token shows that it started', () => {
  const stream = new CompletionStream(1);
  const out: WorkerEvent[] = [];
  stream.open();
  expect(out).toEqual([]);
  stream.push(Buffer.from(chunk('', [1])), out);
  expect(out).toEqual([{ kind: 'started' }]);
});

test('trap: an error in mid-stream is followed by [DONE] under a 200, and is a failure', () => {
  const fault = data({ error: { message: 'KV load failed', type: 'InternalServerError', param: null, code: 500 } });
  expect(() => decode(chunk(' four', [31]) + fault + done)).toThrow(/KV load failed/);
});

test('trap: [DONE] without a finish reason is a failure', () => {
  expect(() => decode(chunk(' four', [31]) + usage + done)).toThrow(/without a finish reason/);
  expect(() => decode(done)).toThrow(/without a finish reason/);
});

test('trap: finish reason abort is a failure, whatever follows', () => {
  expect(() => decode(chunk('.', [13], 'abort') + usage + done)).toThrow(
    expect.objectContaining({ kind: 'worker-reset', mayRunAgain: true, message: expect.stringContaining('gave the request up') }),
  );
});

test('is not whole without [DONE], without the usage, with half an event, or with more behind it', () => {
  const whole = chunk('.', [13], 'stop') + usage + done;
  expect(decode(whole).at(-1)?.kind).toBe('end');
  for (const body of [
    whole.slice(0, -1),
    chunk('.', [13], 'stop') + usage,
    chunk('.', [13], 'stop') + done,
    whole + chunk('more', [1]),
    chunk('.', [13], 'stop') + chunk('more', [1]) + usage + done,
  ]) {
    expect(() => decode(body)).toThrow(expect.objectContaining({ kind: 'worker-reset', mayRunAgain: true }));
  }
});

test('trap: the first event repeats the prompt as ids, so a long prompt may make it large', () => {
  const ids = Array.from({ length: 200_000 }, (_, index) => 1_000_000 + index);
  const first = chunk(' four', [31], null, { prompt_token_ids: ids });
  expect(first.length).toBeGreaterThan(1024 * 1024);
  expect(decode(first + chunk('', [2], 'stop') + usage + done, 400_000)).toHaveLength(3);
  expect(() => decode(first, 20)).toThrow(/larger than/);
});
