/** Every way in which a request is refused, by code and status; what a consumer does next hangs on them. */
import { OrchApiError } from '@llama-orch/openapi-client';
import { expect } from 'vitest';
import { keys, poolId, request, submitted, taskId } from '../ids.ts';
import type { Consumer, PactInteraction } from '../interaction.ts';
import { any, envelope, faults, jsonHeaders } from '../matchers.ts';

const backoff = {
  ...jsonHeaders,
  'Retry-After': { pattern: '^[1-9]\\d*$', example: '2' },
  'X-Backoff-Ms': { pattern: '^[1-9]\\d*$', example: '1500' },
};

/** The typed client's view of a refusal. */
const refused =
  (call: (consumer: Consumer) => Promise<unknown>, expected: Readonly<Record<string, unknown>>) =>
  async (consumer: Consumer): Promise<void> => {
    const error: unknown = await call(consumer).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OrchApiError);
    expect(error).toMatchObject(expected);
  };

/** What no typed client sends: only the status and the envelope count. */
const raw =
  (path: string, init: RequestInit, status: number) =>
  async ({ url }: Consumer): Promise<void> => {
    const answer = await fetch(`${url}${path}`, init);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toHaveProperty('code');
  };

const backpressure = (
  policy: string,
  state: string,
  number: number,
  code = 'ADMISSION_REJECT',
  priority = 'interactive',
): PactInteraction => ({
  description: `a task of class ${priority} for a queue that is full under ${policy}`,
  state,
  method: 'POST',
  path: '/v1/tasks',
  body: { json: request(taskId(number), { priority }) },
  answer: {
    status: 429,
    headers: backoff,
    json: envelope(code, true, { policy_label: policy, retry_after_ms: any.integer(1_500) }),
  },
  consume: refused(({ client }) => client.submit(request(taskId(number), { priority: priority === 'batch' ? 'batch' : 'interactive' })), {
    status: 429,
    retriable: true,
    retryAfterMs: 1_500,
    envelope: { policy_label: policy },
  }),
});

const submit = (
  number: number,
  more: Readonly<Record<string, unknown>>,
  status: number,
  state: string,
  answer: PactInteraction['answer']['json'],
) =>
  ({
    state,
    method: 'POST',
    path: '/v1/tasks',
    body: { json: request(taskId(number), more) },
    answer: { status, headers: jsonHeaders, json: answer },
    consume: refused(({ client }) => client.submit(request(taskId(number), more)), { status }),
  }) as const;

const withKey = (key: string | null) => (key === null ? {} : { headers: { Authorization: `Bearer ${key}` } });

export const refusals: readonly PactInteraction[] = [
  {
    description: 'a task with a field that the contract does not know',
    ...submit(20, { temperature: 0.5 }, 400, 'a slot is free', envelope('INVALID_PARAMS', false, faults('/temperature'))),
  },
  {
    description: 'a task for a model that no pool serves',
    ...submit(21, { model_ref: 'no-such-model' }, 400, 'a slot is free', envelope('INVALID_PARAMS', false, faults('/model_ref'))),
  },
  {
    description: 'a task with more context than the model has',
    ...submit(22, { ctx: 4_000_000 }, 400, 'a slot is free', envelope('INVALID_PARAMS', false)),
  },
  {
    description: 'a body that is no object',
    state: 'a slot is free',
    method: 'POST',
    path: '/v1/tasks',
    body: { json: ['prompt'] },
    answer: { status: 400, headers: jsonHeaders, json: envelope('INVALID_PARAMS', false) },
    consume: raw('/v1/tasks', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '["prompt"]' }, 400),
  },
  {
    description: 'a method that the path does not have',
    state: 'a slot is free',
    method: 'PUT',
    path: '/v1/tasks',
    answer: { status: 405, headers: jsonHeaders, json: envelope('INVALID_PARAMS', false) },
    consume: raw('/v1/tasks', { method: 'PUT' }, 405),
  },
  {
    description: 'a body that is larger than allowed',
    state: 'the limits are small',
    method: 'POST',
    path: '/v1/tasks',
    body: { json: request(taskId(23), { prompt: 'x'.repeat(2_000) }) },
    answer: { status: 413, headers: jsonHeaders, json: envelope('INVALID_PARAMS', false) },
    consume: refused(({ client }) => client.submit(request(taskId(23), { prompt: 'x'.repeat(2_000) })), { status: 413, retriable: false }),
  },
  {
    description: 'a body that says it is no JSON',
    state: 'a slot is free',
    method: 'POST',
    path: '/v1/tasks',
    headers: { 'Content-Type': 'text/plain' },
    body: { text: 'prompt', type: 'text/plain' },
    answer: { status: 415, headers: jsonHeaders, json: envelope('INVALID_PARAMS', false) },
    consume: raw('/v1/tasks', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'prompt' }, 415),
  },
  {
    description: 'a head that is larger than allowed',
    state: 'the limits are small',
    method: 'GET',
    path: `/v1/tasks/${taskId(24)}`,
    headers: { 'X-Padding': 'x'.repeat(3_000) },
    answer: { status: 431, headers: jsonHeaders, json: envelope('INVALID_PARAMS', false) },
    consume: raw(`/v1/tasks/${taskId(24)}`, { headers: { 'X-Padding': 'x'.repeat(3_000) } }, 431),
  },
  {
    description: 'a status without a key where keys are asked for',
    state: 'keys are asked for',
    method: 'GET',
    path: `/v1/tasks/${taskId(25)}`,
    answer: { status: 401, headers: jsonHeaders, json: envelope('UNAUTHENTICATED', false) },
    consume: raw(`/v1/tasks/${taskId(25)}`, {}, 401),
  },
  {
    description: 'a status with a key that nobody has',
    state: 'keys are asked for',
    method: 'GET',
    path: `/v1/tasks/${taskId(25)}`,
    ...withKey(keys.unknown),
    answer: { status: 401, headers: jsonHeaders, json: envelope('UNAUTHENTICATED', false) },
    consume: raw(`/v1/tasks/${taskId(25)}`, withKey(keys.unknown), 401),
  },
  {
    description: 'pool health with a key for tasks only',
    state: 'keys are asked for',
    method: 'GET',
    path: `/v1/pools/${poolId}/health`,
    ...withKey(keys.tasksOnly),
    answer: { status: 403, headers: jsonHeaders, json: envelope('FORBIDDEN', false) },
    consume: raw(`/v1/pools/${poolId}/health`, withKey(keys.tasksOnly), 403),
  },
  {
    description: 'the status of a task of another tenant',
    state: 'keys are asked for, and another tenant has the task',
    params: submitted(taskId(26)),
    method: 'GET',
    path: `/v1/tasks/${taskId(26)}`,
    ...withKey(keys.tasksOnly),
    answer: { status: 404, headers: jsonHeaders, json: envelope('NOT_FOUND', false) },
    consume: raw(`/v1/tasks/${taskId(26)}`, withKey(keys.tasksOnly), 404),
  },
  backpressure('reject', 'the queue is full, and its policy is reject', 30),
  backpressure('drop-lru', 'the queue is full of a higher class, and its policy is drop-lru', 31, 'QUEUE_FULL_DROP_LRU', 'batch'),
  backpressure('shed-low-priority', 'the queue is full, and its policy is shed-low-priority', 32),
  {
    description: 'a task pinned to a pool that is not Ready',
    ...submit(33, { pin_pool_id: poolId }, 503, 'the pool is not Ready', envelope('POOL_UNREADY', true, { pool_id: poolId })),
  },
  {
    description: 'a task that nothing can serve now',
    ...submit(34, {}, 503, 'nothing serves the model', envelope('POOL_UNAVAILABLE', true)),
  },
  {
    description: 'a task whose deadline cannot be met',
    ...submit(35, { deadline_ms: 1 }, 503, 'starts were measured, and the only slot is taken', envelope('DEADLINE_UNMET', true)),
  },
];
