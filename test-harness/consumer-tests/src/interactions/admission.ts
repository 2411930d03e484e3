/** How a task is admitted: the 202, its repeat, the conflict. */
import { expect } from 'vitest';
import { model, request, sessionId, submitted, taskId } from '../ids.ts';
import type { PactInteraction } from '../interaction.ts';
import { any, anyDigest, correlation, envelope, jsonHeaders } from '../matchers.ts';

const effective = (more: Readonly<Record<string, unknown>> = {}) => ({
  model_ref: model,
  engine: 'llamacpp',
  model_digest: anyDigest('a'),
  workload: 'completion',
  ctx: any.integer(1_024),
  priority: 'interactive',
  max_tokens: 8,
  deadline_ms: any.integer(600_000),
  seed: any.integer(7),
  determinism: 'strict',
  sampler_profile_version: any.string('v1'),
  stop: [],
  kv_hint: 'reuse',
  ...more,
});

const accepted = (id: string, more: Readonly<Record<string, unknown>> = {}) => ({
  task_id: id,
  session_id: any.string(sessionId(1)),
  queue_position: any.integer(0),
  backoff_ms: any.integer(0),
  effective: effective(),
  ...more,
});

const location = (id: string) => ({ ...jsonHeaders, Location: `/v1/tasks/${id}` });

export const admission: readonly PactInteraction[] = [
  {
    description: 'the first task of all, with few fields',
    state: 'nothing was measured yet',
    method: 'POST',
    path: '/v1/tasks',
    body: { json: request(taskId(1), { session_id: sessionId(1), seed: 7 }) },
    answer: {
      status: 202,
      headers: location(taskId(1)),
      json: accepted(taskId(1), { session_id: sessionId(1), predicted_start_ms: any.nothing(), effective: effective({ seed: 7 }) }),
    },
    async consume({ client }) {
      const answer = await client.submit(request(taskId(1), { session_id: sessionId(1), seed: 7 }));
      expect(answer).toMatchObject({ task_id: taskId(1), predicted_start_ms: null, effective: { seed: 7 } });
    },
  },
  {
    description: 'a task behind others whose times were measured',
    state: 'starts were measured, and the only slot is taken',
    method: 'POST',
    path: '/v1/tasks',
    body: { json: request(taskId(2), { priority: 'batch', stop: ['\n\n'], deadline_ms: 60_000 }) },
    answer: {
      status: 202,
      headers: location(taskId(2)),
      json: accepted(taskId(2), {
        predicted_start_ms: any.integer(840),
        effective: effective({ priority: 'batch', stop: ['\n\n'], deadline_ms: 60_000 }),
      }),
    },
    async consume({ client }) {
      const answer = await client.submit(request(taskId(2), { priority: 'batch', stop: ['\n\n'], deadline_ms: 60_000 }));
      expect(answer.predicted_start_ms).toBe(840);
    },
  },
  {
    description: 'a task that was already admitted, with the same body',
    state: 'the task was admitted',
    params: submitted(taskId(3)),
    method: 'POST',
    path: '/v1/tasks',
    body: { json: request(taskId(3)) },
    answer: { status: 202, headers: location(taskId(3)), json: accepted(taskId(3)) },
    async consume({ client }) {
      expect((await client.submitWhenAdmitted(request(taskId(3)))).task_id).toBe(taskId(3));
    },
  },
  {
    description: 'a task id that was used with another body',
    state: 'the task was admitted',
    params: submitted(taskId(4)),
    method: 'POST',
    path: '/v1/tasks',
    body: { json: request(taskId(4), { prompt: 'Something else.' }) },
    answer: {
      status: 409,
      headers: jsonHeaders,
      json: envelope('INVALID_PARAMS', false, { details: { faults: any.eachLike({ path: '/task_id', message: any.string('used') }) } }),
    },
    async consume({ client }) {
      await expect(client.submit(request(taskId(4), { prompt: 'Something else.' }))).rejects.toMatchObject({
        status: 409,
        retriable: false,
      });
    },
  },
  {
    description: 'a task, with a correlation id of the caller',
    state: 'a slot is free',
    method: 'POST',
    path: '/v1/tasks',
    headers: { 'X-Correlation-Id': 'caller-1' },
    body: { json: request(taskId(5)) },
    answer: { status: 202, headers: { ...correlation, 'X-Correlation-Id': 'caller-1' }, json: { task_id: taskId(5) } },
    async consume({ url }) {
      const answer = await fetch(`${url}/v1/tasks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-correlation-id': 'caller-1' },
        body: JSON.stringify(request(taskId(5))),
      });
      expect(answer.headers.get('x-correlation-id')).toBe('caller-1');
    },
  },
];
