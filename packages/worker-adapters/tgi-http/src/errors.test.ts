/** Tests of the error table against refusals and faults in TGI's own words. */
import { expect, test } from 'vitest';
import { toFaultError, toRefusalError } from './errors.ts';

const fault = (type: string, message: string) => {
  const { kind, mayRunAgain, message: said } = toFaultError({ type, message });
  return { kind, mayRunAgain, said };
};

test('[ORCH-3057] maps each fault to its kind', () => {
  expect(fault('overloaded', 'Model is overloaded')).toMatchObject({ kind: 'busy', mayRunAgain: true });
  expect(
    fault(
      'validation',
      'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 200 `max_new_tokens`',
    ),
  ).toMatchObject({ kind: 'prompt-too-long', mayRunAgain: false });
  expect(fault('validation', 'Input validation error: `inputs` must have less than 1024 tokens. Given: 2000')).toMatchObject({
    kind: 'prompt-too-long',
  });
  expect(fault('validation', 'Input validation error: `temperature` must be strictly positive')).toMatchObject({ kind: 'engine-rejected' });
  expect(fault('template_error', 'x')).toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
  expect(fault('generation', 'Request failed during generation: CUDA out of memory')).toMatchObject({
    kind: 'worker-reset',
    mayRunAgain: true,
  });
  expect(fault('incomplete_generation', 'Incomplete generation')).toMatchObject({ kind: 'worker-reset' });
  expect(fault('incomplete_generation_stream', '')).toMatchObject({ kind: 'worker-reset', said: expect.stringContaining('incomplete') });
  expect(fault('something_new', 'x')).toMatchObject({ kind: 'worker-reset' });
});

test('takes the same faults with a status', () => {
  const body = JSON.stringify({ error: 'Model is overloaded', error_type: 'overloaded' });
  expect(toRefusalError({ status: 429, body })).toMatchObject({ kind: 'busy' });
});

test('trap: a wrong key is 401 with nothing in it', () => {
  expect(toRefusalError({ status: 401, body: '' })).toMatchObject({ kind: 'engine-rejected', message: expect.stringContaining('API key') });
});

test('trap: the web framework’s own refusals are plain text that may repeat the request, and are not quoted', () => {
  const body = 'Failed to deserialize the JSON body into the target type: inputs: invalid type: string "a secret prompt", expected a map';
  const { kind, message } = toRefusalError({ status: 422, body });
  expect(kind).toBe('engine-rejected');
  expect(message).not.toContain('secret');
  expect(toRefusalError({ status: 415, body: 'Expected request with `Content-Type: application/json`' }).kind).toBe('engine-rejected');
});

test('trap: a body above the payload limit is 413', () => {
  expect(toRefusalError({ status: 413, body: 'length limit exceeded' })).toMatchObject({ kind: 'prompt-too-long', mayRunAgain: false });
});

test('takes what is not TGI’s for a broken worker', () => {
  expect(toRefusalError({ status: 502, body: '<html>' })).toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
});
