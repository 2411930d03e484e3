/** Tests of the error table against recorded refusals and faults. */
import { expect, test } from 'vitest';
import { toFaultError, toRefusalError } from './errors.ts';

const refusal = (status: number, type: string, message: string) => {
  const { kind, mayRunAgain, message: said } = toRefusalError({ status, body: JSON.stringify({ error: { code: status, message, type } }) });
  return { kind, mayRunAgain, said };
};

test('[ORCH-3057] maps each recorded refusal to its kind', () => {
  expect(refusal(503, 'unavailable_error', 'Loading model')).toMatchObject({ kind: 'pool-unready', mayRunAgain: true });
  expect(refusal(503, 'unavailable_error', 'no slot available')).toMatchObject({ kind: 'busy', mayRunAgain: true });
  expect(
    refusal(400, 'exceed_context_size_error', 'request (4502 tokens) exceeds the available context size (2048 tokens), try increasing it'),
  ).toMatchObject({ kind: 'prompt-too-long', mayRunAgain: false });
  expect(
    refusal(500, 'server_error', 'input (902 tokens) is too large to process. increase the physical batch size (current batch size: 512)'),
  ).toMatchObject({ kind: 'prompt-too-long' });
  expect(
    refusal(400, 'invalid_request_error', "Field 'n_predict': [json.exception.type_error.302] type must be number, but is string"),
  ).toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
  expect(refusal(404, 'not_found_error', 'File Not Found')).toMatchObject({ kind: 'engine-rejected' });
  expect(refusal(501, 'not_supported_error', 'This server does not support embeddings. Start it with `--embeddings`').said).toContain(
    '--embeddings',
  );
  expect(refusal(500, 'server_error', '[json.exception.parse_error.101] parse error at line 1')).toMatchObject({
    kind: 'engine-rejected',
    mayRunAgain: false,
  });
});

test('says nothing of the key', () => {
  const { kind, said } = refusal(401, 'authentication_error', 'Invalid API Key sekret');
  expect(kind).toBe('engine-rejected');
  expect(said).not.toContain('sekret');
});

test('quotes the engine shortly, and not the request that a parse error repeats', () => {
  const { said } = refusal(400, 'invalid_request_error', `[json.exception.parse_error.101] syntax error; last read: '"a secret prompt'`);
  expect(said).not.toContain('secret prompt');
  expect(refusal(400, 'invalid_request_error', 'x'.repeat(9_000)).said.length).toBeLessThan(300);
});

test('takes answers that are not llama.cpp’s by their status', () => {
  expect(toRefusalError({ status: 502, body: '<html>' })).toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  expect(toRefusalError({ status: 404, body: 'no' })).toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
  expect(toRefusalError({ status: 500, body: '{"detail":"x"}' })).toMatchObject({ kind: 'worker-reset' });
});

test('lets another replica try after the worker’s own trouble', () => {
  expect(toFaultError({ type: 'server_error', message: 'Context size has been exceeded.' })).toMatchObject({
    kind: 'worker-reset',
    mayRunAgain: true,
  });
  expect(
    toFaultError({ type: 'server_error', message: 'The model produced output that does not match the expected Content-only format' }),
  ).toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
});
