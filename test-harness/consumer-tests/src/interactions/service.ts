/** What a service says of itself: that it lives, that it takes work, its contract. */
import { expect } from 'vitest';
import type { PactInteraction } from '../interaction.ts';
import { any, correlation, envelope, jsonHeaders } from '../matchers.ts';

const textHeaders = {
  ...correlation,
  'Content-Type': { pattern: '^text/plain; version=[0-9.]+; charset=utf-8$', example: 'text/plain; version=0.0.4; charset=utf-8' },
};
const metrics = '# HELP tasks_enqueued_total Tasks admitted.\n# TYPE tasks_enqueued_total counter\n';

export const service: readonly PactInteraction[] = [
  {
    description: 'whether it lives',
    state: 'a slot is free',
    method: 'GET',
    path: '/healthz',
    answer: { status: 200, headers: jsonHeaders, json: { status: 'ok' } },
    async consume({ client }) {
      await client.liveness();
    },
  },
  {
    description: 'whether it takes work',
    state: 'a slot is free',
    method: 'GET',
    path: '/readyz',
    answer: { status: 200, headers: jsonHeaders, json: { status: 'ready' } },
    async consume({ client }) {
      await client.readiness();
    },
  },
  {
    description: 'whether it takes work, while it does not',
    state: 'nothing serves the model',
    method: 'GET',
    path: '/readyz',
    answer: { status: 503, headers: jsonHeaders, json: envelope('POOL_UNAVAILABLE', true, { retry_after_ms: any.integer(1_000) }) },
    async consume({ client }) {
      await expect(client.readiness()).rejects.toMatchObject({ status: 503, retriable: true });
    },
  },
  {
    description: 'its contract',
    state: 'a slot is free',
    method: 'GET',
    path: '/openapi.json',
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: { openapi: any.regex('^3\\.1\\.\\d+$', '3.1.0'), paths: any.like({ '/v1/tasks': any.like({}) }) },
    },
    async consume({ client }) {
      expect(await client.openapi()).toHaveProperty('paths');
    },
  },
  {
    description: 'its metrics',
    state: 'a slot is free',
    method: 'GET',
    path: '/metrics',
    answer: { status: 200, headers: textHeaders, text: { pattern: '^# HELP [\\s\\S]*\\n$', example: metrics } },
    async consume({ client }) {
      expect(await client.metrics()).toBe(metrics);
    },
  },
];
