/** The status of a task, and its cancel, in each of its states. */
import { expect } from 'vitest';
import { answerText, sessionId, submitted, taskId } from '../ids.ts';
import type { PactInteraction } from '../interaction.ts';
import { any, anyTime, correlation, envelope, jsonHeaders } from '../matchers.ts';

const timings = (more: Readonly<Record<string, unknown>>) => ({ enqueued_at: anyTime(), ...more });

const cancel = (number: number, what: string, state: string): PactInteraction => ({
  description: `the cancel of a task ${what}`,
  state,
  params: submitted(taskId(number)),
  method: 'POST',
  path: `/v1/tasks/${taskId(number)}/cancel`,
  answer: { status: 204, headers: correlation },
  async consume({ client }) {
    await client.cancel(taskId(number));
  },
});

export const tasks: readonly PactInteraction[] = [
  {
    description: 'the status of a queued task',
    state: 'the task is queued',
    params: submitted(taskId(60)),
    method: 'GET',
    path: `/v1/tasks/${taskId(60)}`,
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        task_id: taskId(60),
        session_id: any.string(sessionId(1)),
        state: 'queued',
        queue_position: any.integer(0),
        attempts: 0,
        timings: timings({ queue_ms: any.nothing(), ttft_ms: any.nothing(), decode_ms: any.nothing() }),
        started: any.nothing(),
        result: any.nothing(),
        error: any.nothing(),
      },
    },
    async consume({ client }) {
      expect((await client.task(taskId(60))).state).toBe('queued');
    },
  },
  {
    description: 'the status of a task that has succeeded',
    state: 'the task has succeeded',
    params: submitted(taskId(61)),
    method: 'GET',
    path: `/v1/tasks/${taskId(61)}`,
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        task_id: taskId(61),
        state: 'succeeded',
        attempts: 1,
        timings: timings({ queue_ms: any.number(1.5), ttft_ms: any.number(2.5), decode_ms: any.number(3.5) }),
        started: any.like({ pool_id: 'pact-pool', replica_id: 'pact-pool/1', kv_warmth: false }),
        result: {
          finish_reason: 'stop',
          text: answerText,
          stream_digest: any.regex('^[0-9a-f]{64}$', 'a'.repeat(64)),
          usage: { tokens_in: any.integer(9), tokens_out: any.integer(2) },
          failovers: 0,
          kv_migrated: false,
        },
        error: any.nothing(),
      },
    },
    async consume({ client }) {
      const status = await client.waitForResult(taskId(61));
      expect(status.result?.text).toBe(answerText);
    },
  },
  {
    description: 'the status of a task that failed',
    state: 'the worker died under a task that may not run again',
    params: submitted(taskId(62), { determinism: 'best_effort' }),
    method: 'GET',
    path: `/v1/tasks/${taskId(62)}`,
    answer: { status: 200, headers: jsonHeaders, json: { state: 'failed', error: envelope('WORKER_RESET', true) } },
    async consume({ client }) {
      expect((await client.waitForResult(taskId(62))).error?.code).toBe('WORKER_RESET');
    },
  },
  {
    description: 'the status of a task that nobody knows',
    state: 'a slot is free',
    method: 'GET',
    path: `/v1/tasks/${taskId(63)}`,
    answer: { status: 404, headers: jsonHeaders, json: envelope('NOT_FOUND', false) },
    async consume({ client }) {
      await expect(client.task(taskId(63))).rejects.toMatchObject({ status: 404, retriable: false });
    },
  },
  cancel(64, 'in the queue', 'the task is queued'),
  cancel(65, 'that runs', 'the task is running'),
  cancel(66, 'that has ended', 'the task has succeeded'),
  {
    ...cancel(67, 'that nobody knows', 'a slot is free'),
    answer: { status: 404, headers: jsonHeaders, json: envelope('NOT_FOUND', false) },
    async consume({ client }) {
      await expect(client.cancel(taskId(67))).rejects.toMatchObject({ status: 404 });
    },
  },
];
