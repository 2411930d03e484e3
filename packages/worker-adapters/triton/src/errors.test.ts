/** Tests of the error table against the texts of Triton, its backends and trtllm-serve. */
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { toGrpcError, toGrpcHealth, toMessageError, toRefusalError } from './errors.ts';

const http = (code: number, body: string) => {
  const { kind, mayRunAgain, message } = toRefusalError({ status: code, body });
  return { kind, mayRunAgain, message };
};
const said = (code: number, error: string) => http(code, JSON.stringify({ error }));

test('[ORCH-3057] maps each of Triton’s statuses to its kind', () => {
  expect(said(503, "Request for unknown model: 'm' has no available versions")).toMatchObject({ kind: 'pool-unready', mayRunAgain: true });
  expect(said(503, 'Exceeds maximum queue size')).toMatchObject({ kind: 'busy', mayRunAgain: true });
  expect(said(400, 'Model version not ready')).toMatchObject({ kind: 'pool-unready' });
  expect(said(404, "Request for unknown model: 'm' is not found")).toMatchObject({ kind: 'pool-unready', mayRunAgain: true });
  expect(said(400, "unexpected inference input 'x' for model 'm'")).toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
  expect(said(501, 'Streaming is only supported in decoupled mode.')).toMatchObject({ kind: 'engine-rejected' });
  expect(said(500, 'Executor failed process requestId 7 due to the following error: CUDA error')).toMatchObject({
    kind: 'worker-reset',
    mayRunAgain: true,
  });
  expect(said(503, 'explicit model load / unload is not allowed if polling is enabled')).toMatchObject({ kind: 'engine-rejected' });
});

test('reads a refusal that is framed as an event though its status is an error', () => {
  expect(
    http(500, 'data: {"error":"The decoder prompt (length 9000) is longer than the maximum model length of 4096."}\n\n'),
  ).toMatchObject({
    kind: 'prompt-too-long',
    mayRunAgain: false,
  });
});

test('a request that somebody else canceled comes as 400, and may run again', () => {
  expect(said(400, 'Request cancelled by client')).toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
});

test('[ORCH-3057] knows a prompt that is too long in every backend’s words', () => {
  for (const text of [
    'Executor failed process requestId 1 due to the following error: Prompt length (5000) exceeds maximum input length (4096).',
    'The decoder prompt (length 5000) is longer than the maximum model length of 4096.',
    'The sum of prompt length (4097.0) and query length (0) should not exceed max_num_tokens (4096)',
    'Prompt length plus max_tokens is larger than max_seq_len (4096)',
  ])
    expect({ text, kind: toMessageError(text).kind }).toEqual({ text, kind: 'prompt-too-long' });
  expect(toMessageError('KV cache is full.').kind).toBe('worker-reset');
});

test('says nothing of the key, which a restricted API’s answer may hold', () => {
  for (const { kind, message } of [
    said(403, "This API is restricted, expecting header 'sekret'"),
    toGrpcError(status.UNAVAILABLE, "This protocol is restricted, expecting header 'triton-grpc-protocol-sekret'"),
    toGrpcError(status.PERMISSION_DENIED, 'sekret'),
  ]) {
    expect(kind).toBe('engine-rejected');
    expect(message).not.toContain('sekret');
  }
});

test('reads both forms of trtllm-serve: validation errors flat, the others on the top level', () => {
  expect(said(400, '1 validation error: x Extra inputs are not permitted')).toMatchObject({ kind: 'engine-rejected' });
  expect(http(503, '{"object":"error","message":"LLM is not ready.","type":"x","param":null,"code":503}')).toMatchObject({
    kind: 'pool-unready',
  });
  expect(http(500, '{"error":{"message":"boom"}}')).toMatchObject({ kind: 'worker-reset' });
});

test('takes answers that are not Triton’s by their status, and quotes shortly', () => {
  expect(http(502, '<html>')).toMatchObject({ kind: 'worker-reset', mayRunAgain: true });
  expect(http(404, 'no')).toMatchObject({ kind: 'engine-rejected', mayRunAgain: false });
  expect(said(400, 'x'.repeat(9_000)).message.length).toBeLessThan(300);
});

test('[ORCH-3057] maps gRPC’s codes, and tells a refused connection from a server that is not ready', () => {
  const kindOf = (code: number, details: string) => toGrpcError(code, details).kind;
  expect(kindOf(status.UNAVAILABLE, 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1')).toBe('worker-reset');
  expect(kindOf(status.UNAVAILABLE, 'Received HTTP status code 502')).toBe('worker-reset');
  expect(kindOf(status.UNAVAILABLE, "Request for unknown model: 'm' has no available versions")).toBe('pool-unready');
  expect(kindOf(status.UNAVAILABLE, 'Exceeds maximum queue size')).toBe('busy');
  expect(kindOf(status.INVALID_ARGUMENT, 'unexpected inference input')).toBe('engine-rejected');
  expect(kindOf(status.NOT_FOUND, "Request for unknown model: 'm' is not found")).toBe('pool-unready');
  expect(kindOf(status.RESOURCE_EXHAUSTED, 'Received message larger than max')).toBe('worker-reset');
  expect(kindOf(status.CANCELLED, 'Request cancelled by client')).toBe('worker-reset');
  expect(toGrpcHealth(status.DEADLINE_EXCEEDED, '').kind).toBe('unreachable');
  expect(toGrpcHealth(status.UNAVAILABLE, 'Received HTTP status code 502').kind).toBe('unhealthy');
  expect(toGrpcHealth(status.INTERNAL, 'what').kind).toBe('unhealthy');
});
