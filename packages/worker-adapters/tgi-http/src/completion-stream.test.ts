/** Tests of whole streams, byte for byte as TGI's reference gives them, with the traps they hold. */
import type { WorkerEvent } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { CompletionStream, type StopMet } from './completion-stream.ts';

/** No space after the colon, as the engine writes it. */
const token = (text: string, index: number, { special = false, last = null as object | null } = {}): string =>
  `data:${JSON.stringify({
    index,
    token: { id: 31, text, logprob: -0.1, special },
    generated_text: last === null ? null : 'the whole text',
    details: last,
  })}\n\n`;
const details = (finish: string, tokens: number) => ({ finish_reason: finish, generated_tokens: tokens, seed: null, input_length: 5 });

const decode = async (body: string, stop: readonly string[] = []) => {
  const stream = new CompletionStream({ maxTokens: 20, stop, countPrompt: async () => 99 });
  const out: (WorkerEvent | StopMet)[] = [];
  stream.open();
  stream.push(Buffer.from(body), out);
  if (out.every((event) => event.kind !== 'stop-met')) out.push(...(await stream.end()));
  return { out, text: out.map((event) => (event.kind === 'token' ? event.text : '')).join(''), last: out.at(-1) };
};

test('trap: no space after `data:`, comments that keep the connection, a special token at the end, no [DONE]', async () => {
  const body = `${token(' four', 1)}:\n\n${token('.', 2)}${token('</s>', 3, { special: true, last: details('eos_token', 3) })}`;
  expect((await decode(body)).out).toEqual([
    { kind: 'started' },
    { kind: 'token', text: ' four', tokensOut: 1 },
    { kind: 'token', text: '.', tokensOut: 2 },
    { kind: 'end', finishReason: 'stop', tokensIn: 5, tokensOut: 3, cachedTokens: 0 },
  ]);
});

test('trap: an answer of more than 1024 tokens is made in pieces; events are counted, not their numbers believed', async () => {
  const body = token('a', 1) + token('b', 1) + token('c', 2, { last: details('length', 3) });
  expect((await decode(body)).out.filter((event) => event.kind === 'token').map(({ tokensOut }) => tokensOut)).toEqual([1, 2, 3]);
});

test('trap: a stop text stays in the text, and is cut off here', async () => {
  const body = token('one', 1) + token(' ST', 2) + token('OP', 3, { last: details('stop_sequence', 3) });
  const { text, last } = await decode(body, ['STOP']);
  expect(text).toBe('one ');
  expect(last).toEqual({ kind: 'end', finishReason: 'stop', tokensIn: 5, tokensOut: 3, cachedTokens: 0 });
});

test('trap: the engine goes on after a stop text that a token hides; it is left', async () => {
  const { out, text } = await decode(token('one', 1) + token('.STOP."', 2) + token(' more', 3), ['STOP']);
  expect(text).toBe('one.');
  expect(out.at(-1)).toEqual({ kind: 'stop-met', tokensOut: 2 });
});

test('gives out what only looked like a stop text when the token limit ends the answer', async () => {
  const { text, last } = await decode(token('one', 1) + token(' STO', 2, { last: details('length', 2) }), ['STOP']);
  expect(text).toBe('one STO');
  expect(last).toMatchObject({ finishReason: 'length' });
});

test('trap: overload and validation come inside a 200, before any token', async () => {
  await expect(decode('data:{"error":"Model is overloaded","error_type":"overloaded"}\n\n')).rejects.toMatchObject({ kind: 'busy' });
  await expect(
    decode(`${token('a', 1)}data:{"error":"Request failed during generation: x","error_type":"generation"}\n\n`),
  ).rejects.toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
});

test('trap: the head is sent before the request is looked at, so only a token shows that it started', () => {
  const stream = new CompletionStream({ maxTokens: 1, stop: [], countPrompt: async () => 1 });
  const out: (WorkerEvent | StopMet)[] = [];
  stream.open();
  expect(out).toEqual([]);
});

test('is not whole without its last event, with half of it, or with more behind it', async () => {
  const whole = token('a', 1, { last: details('length', 1) });
  expect((await decode(whole)).last?.kind).toBe('end');
  for (const body of ['', token('a', 1), whole.slice(0, -1), whole + token('b', 2)]) {
    await expect(decode(body)).rejects.toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  }
});

test('counts the prompt where an older release does not', async () => {
  const { input_length: _, ...older } = details('length', 1);
  expect((await decode(token('a', 1, { last: older }))).last).toMatchObject({ tokensIn: 99 });
});
