/** Sessions: what is left of one, and its end. */
import { expect } from 'vitest';
import { sessionId, submitted, taskId } from '../ids.ts';
import type { PactInteraction } from '../interaction.ts';
import { any, correlation, envelope, jsonHeaders } from '../matchers.ts';

export const sessions: readonly PactInteraction[] = [
  {
    description: 'what is left of a session',
    state: 'the session had a turn',
    params: submitted(taskId(70), { session_id: sessionId(70) }),
    method: 'GET',
    path: `/v1/sessions/${sessionId(70)}`,
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        session_id: sessionId(70),
        ttl_ms_remaining: any.integer(599_000),
        turns: 1,
        turns_max: any.integer(8),
        kv_warmth: any.boolean(true),
        budgets: any.like({}),
      },
    },
    async consume({ client }) {
      expect((await client.session(sessionId(70))).turns).toBe(1);
    },
  },
  {
    description: 'the end of a session',
    state: 'the session had a turn',
    params: submitted(taskId(71), { session_id: sessionId(71) }),
    method: 'DELETE',
    path: `/v1/sessions/${sessionId(71)}`,
    answer: { status: 204, headers: correlation },
    async consume({ client }) {
      await client.endSession(sessionId(71));
    },
  },
  {
    description: 'a session that nobody knows',
    state: 'a slot is free',
    method: 'GET',
    path: `/v1/sessions/${sessionId(72)}`,
    answer: { status: 404, headers: jsonHeaders, json: envelope('NOT_FOUND', false) },
    async consume({ client }) {
      await expect(client.session(sessionId(72))).rejects.toMatchObject({ status: 404 });
    },
  },
];
