/** The two calls of an agent: its report, and what it should run. */
import type { AgentStatus } from '@llama-orch/api-types';
import { playedStatus } from '@llama-orch/played-agent';
import { expect } from 'vitest';
import { keys, model, poolId } from '../ids.ts';
import type { PactInteraction } from '../interaction.ts';
import { any, anyDigest, correlation, envelope, jsonHeaders } from '../matchers.ts';

const instance = (number: number): string => `22222222-0000-4000-8000-${String(number).padStart(12, '0')}`;

const status = (instanceId: string): AgentStatus =>
  playedStatus({ hostname: 'gpu-1', inventory_error: { code: 'nvidia-smi-missing', message: '`nvidia-smi` was not found in PATH.' } }, [], {
    instance_id: instanceId,
    started_at: '2026-11-23T09:00:00.000Z',
  });

const report = (name: string): Pick<PactInteraction, 'method' | 'path'> => ({ method: 'POST', path: `/v1/agents/${name}/status` });

export const agents: readonly PactInteraction[] = [
  {
    description: 'the first report of an agent',
    state: 'no agent of this name reported yet',
    ...report('pact-first'),
    body: { json: status(instance(1)) },
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: { generation: any.integer(3), lease_ms: any.integer(3_000), interval_ms: any.integer(1_000) },
    },
    async consume({ agent }) {
      expect((await agent.reportStatus('pact-first', status(instance(1)))).lease_ms).toBeGreaterThan(0);
    },
  },
  {
    description: 'the report of a second instance of a name',
    state: 'another instance of the agent reports',
    params: { name: 'pact-second', instance_id: instance(2) },
    ...report('pact-second'),
    body: { json: status(instance(3)) },
    answer: { status: 409, headers: jsonHeaders, json: envelope('INVALID_PARAMS', false) },
    async consume({ agent }) {
      await expect(agent.reportStatus('pact-second', status(instance(3)))).rejects.toMatchObject({ status: 409 });
    },
  },
  {
    description: 'a report that is no status',
    state: 'no agent of this name reported yet',
    ...report('pact-wrong'),
    body: { json: { instance_id: 'me' } },
    answer: { status: 400, headers: jsonHeaders, json: envelope('INVALID_PARAMS', false) },
    async consume({ url }) {
      const answer = await fetch(`${url}/v1/agents/pact-wrong/status`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"instance_id":"me"}',
      });
      expect(answer.status).toBe(400);
    },
  },
  {
    description: 'a report with a key for tasks only',
    state: 'keys are asked for',
    ...report('pact-keyed'),
    headers: { Authorization: `Bearer ${keys.tasksOnly}` },
    body: { json: status(instance(4)) },
    answer: { status: 403, headers: jsonHeaders, json: envelope('FORBIDDEN', false) },
    async consume({ url }) {
      const answer = await fetch(`${url}/v1/agents/pact-keyed/status`, {
        method: 'POST',
        headers: { authorization: `Bearer ${keys.tasksOnly}`, 'content-type': 'application/json' },
        body: JSON.stringify(status(instance(4))),
      });
      expect(answer.status).toBe(403);
    },
  },
  {
    description: 'the desired pools, by an agent that has none',
    state: 'a slot is free',
    method: 'GET',
    path: '/v1/agents/pact-host/desired',
    query: { generation: '0', wait_ms: '0' },
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        generation: any.integer(1),
        pools: any.eachLike({
          id: poolId,
          engine: 'llamacpp',
          model: {
            name: model,
            path: any.string('pact.gguf'),
            digest: anyDigest('a'),
            quant: any.string('Q8_0'),
            ctx_limit: any.integer(1_024),
          },
          ctx: any.integer(1_024),
          devices: [],
          workloads: any.eachLike('completion'),
          slots: any.integer(1),
          determinism: any.string('single_slot'),
          runtime: any.like({ kind: 'external' }),
          allow_cpu: any.boolean(false),
          preload: any.boolean(true),
          sampler_profile_version: any.string('v1'),
          min_start_count: any.integer(0),
          timeouts: { start_ms: any.integer(120_000), probe_interval_ms: any.integer(1_000), stop_grace_ms: any.integer(10_000) },
        }),
      },
    },
    async consume({ agent }) {
      expect((await agent.desiredPools('pact-host', { generation: 0, waitMs: 0 }))?.pools[0]?.id).toBe(poolId);
    },
  },
  {
    description: 'the desired pools, by an agent that the config does not name',
    state: 'no agent of this name reported yet',
    method: 'GET',
    path: '/v1/agents/pact-stranger/desired',
    query: { generation: '0', wait_ms: '0' },
    answer: { status: 200, headers: { ...correlation, ...jsonHeaders }, json: { generation: any.integer(1), pools: [] } },
    async consume({ agent }) {
      expect((await agent.desiredPools('pact-stranger', { generation: 0, waitMs: 0 }))?.pools).toEqual([]);
    },
  },
];
