/** What "the same body" means, and the defaults that depend on nothing. */
import type { TaskRequest } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { defaultSeed, normalizeRequest, requestDigest } from './task-request.ts';

const digest = (request: Parameters<typeof normalizeRequest>[0]): string => requestDigest(normalizeRequest(request));

test('[ORCH-2011] a body with all defaults written out is the same body', () => {
  const short = { model_ref: 'm', prompt: 'p', task_id: '00000000-0000-4000-8000-00000000000a' };
  const long = {
    kv_hint: 'reuse',
    stop: [],
    determinism: 'strict',
    priority: 'interactive',
    workload: 'completion',
    ...short,
  } satisfies TaskRequest;
  expect(digest(long)).toBe(digest(short));
});

test('[ORCH-2011] any other value is another body', () => {
  const base = { model_ref: 'm', prompt: 'p' };
  const others: Partial<TaskRequest>[] = [
    { prompt: 'q' },
    { max_tokens: 256 },
    { seed: 0 },
    { priority: 'batch' },
    { stop: ['x'] },
    { session_id: '00000000-0000-4000-8000-000000000001' },
  ];
  for (const other of others) expect(digest({ ...base, ...other }), JSON.stringify(other)).not.toBe(digest(base));
});

test('the default seed is the first 4 bytes of SHA-256(task_id), big-endian, modulo 2^32-1', () => {
  // printf abc | sha256sum = ba7816bf…
  expect(defaultSeed('abc')).toBe(0xba7816bf % (2 ** 32 - 1));
});
