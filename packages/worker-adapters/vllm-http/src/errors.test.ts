/** Tests of the error table against refusals and faults in vLLM's own words. */
import { expect, test } from 'vitest';
import { toFaultError, toRefusalError } from './errors.ts';

const refusal = (status: number, error: unknown) => {
  const { kind, mayRunAgain, message } = toRefusalError({ status, body: JSON.stringify({ error }) });
  return { kind, mayRunAgain, message };
};
const object = (code: number, type: string, message: string, param: string | null = null) => ({ message, type, param, code });

test('[ORCH-3057] maps each refusal to its kind', () => {
  expect(refusal(400, object(400, 'BadRequestError', 'You requested 9000 tokens.', 'input_tokens'))).toMatchObject({
    kind: 'prompt-too-long',
  });
  expect(
    refusal(400, object(400, 'BadRequestError', "This model's maximum context length is 4096 tokens. However, you requested 4500 tokens")),
  ).toMatchObject({ kind: 'prompt-too-long', mayRunAgain: false });
  expect(refusal(400, object(400, 'BadRequestError', 'top_p must be in (0, 1], got 2.', 'top_p'))).toMatchObject({
    kind: 'engine-rejected',
  });
  expect(refusal(404, object(404, 'NotFoundError', 'The model `x` does not exist.', 'model'))).toMatchObject({ kind: 'engine-rejected' });
  expect(refusal(422, object(422, 'UnprocessableEntityError', 'no'))).toMatchObject({ kind: 'engine-rejected' });
  expect(refusal(501, object(501, 'NotImplementedError', 'not supported'))).toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
  expect(refusal(500, object(500, 'InternalServerError', 'EngineCore encountered an issue.'))).toMatchObject({
    kind: 'worker-reset',
    mayRunAgain: true,
  });
});

test('trap: the error of a wrong key is a mere string, and nothing of the key is said', () => {
  const { kind, message } = refusal(401, 'Unauthorized');
  expect(kind).toBe('engine-rejected');
  expect(message).toContain('API key');
});

test('trap: scaling is a mere string too, and passes', () => {
  expect(refusal(503, 'The model is currently scaling. Please try again later.')).toMatchObject({
    kind: 'pool-unready',
    mayRunAgain: true,
  });
});

test('[ORCH-3057] reads the backpressure of --max-num-queued-reqs and --max-num-queued-tokens as such, before and after the head', () => {
  const full = 'The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.';
  const backlog = 'The engine has reached its prefill token backlog limit. Please try again later or on a different instance.';
  for (const message of [full, backlog]) {
    expect(refusal(503, object(503, 'Service Unavailable', message))).toMatchObject({ kind: 'busy', mayRunAgain: true });
    expect(toFaultError({ code: 503, type: 'Service Unavailable', param: '', message })).toMatchObject({ kind: 'busy' });
  }
});

test('trap: a validation error repeats its input; prompts stay out of messages', () => {
  const said = "[{'type': 'int_parsing', 'loc': ('body', 'max_tokens'), 'msg': 'no integer', 'input': {'prompt': 'a secret prompt'}}]";
  const { message } = refusal(400, object(400, 'Bad Request', said));
  expect(message).toContain('no integer');
  expect(message).not.toContain('secret');
  expect(refusal(400, object(400, 'Bad Request', 'x'.repeat(9_000))).message.length).toBeLessThan(300);
});

test('takes answers that are not vLLM’s by their status, and a missing path for the wrong kind of server', () => {
  expect(toRefusalError({ status: 502, body: '<html>' })).toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  expect(toRefusalError({ status: 404, body: '{"detail":"Not Found"}' })).toMatchObject({
    kind: 'engine-rejected',
    mayRunAgain: false,
    message: expect.stringContaining('--runner'),
  });
});
