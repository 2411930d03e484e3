import { expect, test } from 'vitest';
import { normalize, toBase64 } from './embedding.ts';
import { toErrorBody, toStatus, WireError } from './errors.ts';
import { pickFields, toTimings } from './wire.ts';

test('picks fields by path and leaves out what is missing', () => {
  const from = { stop: true, timings: { prompt_n: 4 }, tokens: [1] };
  expect(pickFields(from, ['stop', 'timings/prompt_n', 'timings/none', 'none', 'tokens/0', '__proto__'])).toEqual({
    stop: true,
    'timings/prompt_n': 4,
  });
});

test('has no infinite rates before anything took time', () => {
  expect(toTimings({ cachedTokens: 0, promptTokens: 0, promptMs: 0, predictedTokens: 0, predictedMs: 0 })).toEqual({
    cache_n: 0,
    prompt_n: 0,
    prompt_ms: 0,
    prompt_per_token_ms: 0,
    prompt_per_second: 0,
    predicted_n: 0,
    predicted_ms: 0,
    predicted_per_token_ms: 0,
    predicted_per_second: 0,
  });
});

test('shows the message of a known error and hides that of an unknown one', () => {
  const known = new WireError('exceed_context_size_error', 'too long', { n_ctx: 256 });
  expect([toStatus(known), toErrorBody(known)]).toEqual([
    400,
    { error: { code: 400, message: 'too long', type: 'exceed_context_size_error', n_ctx: 256 } },
  ]);
  const unknown = new Error('/secret/path');
  expect([toStatus(unknown), toErrorBody(unknown).error.type]).toEqual([500, 'server_error']);
  expect(JSON.stringify(toErrorBody(unknown))).not.toContain('secret');
});

test('normalises vectors and writes them as little-endian floats', () => {
  expect(normalize([3, 4])).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  expect(normalize([0, 0])).toEqual([0, 0]);
  expect(toBase64([1, -2])).toBe(Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]).toString('base64'));
});
