/** What can be asked, and what serves it. */
import { expect } from 'vitest';
import { model, poolId } from '../ids.ts';
import type { PactInteraction } from '../interaction.ts';
import { any, anyDigest, envelope, jsonHeaders } from '../matchers.ts';

export const fleet: readonly PactInteraction[] = [
  {
    description: 'the capabilities',
    state: 'a slot is free',
    method: 'GET',
    path: '/v1/capabilities',
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        api_version: any.regex('^1\\.\\d+\\.\\d+$', '1.0.0'),
        replica_sets: any.eachLike({
          id: anyDigest('b'),
          engine: 'llamacpp',
          engine_version: any.string('mock-1'),
          models: any.eachLike(model),
          model_digest: anyDigest('a'),
          ctx_max: any.integer(1_024),
          workloads: any.eachLike('completion'),
          determinism: any.string('single_slot'),
          features: any.like({ kv_reuse_verified: false, tokenize: true, cpu_carve_out: false }),
          evict: any.boolean(false),
        }),
        limits: any.like({ max_body_bytes: 8_388_608, retention_ms: 3_600_000 }),
        operations: any.eachLike('submitTask'),
      },
    },
    async consume({ client }) {
      expect((await client.capabilities()).replica_sets[0]?.engine).toBe('llamacpp');
    },
  },
  {
    description: 'the replica sets',
    state: 'a slot is free',
    method: 'GET',
    path: '/v1/replicasets',
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        replica_sets: any.eachLike({
          id: anyDigest('b'),
          engine: 'llamacpp',
          numerics: anyDigest('c'),
          replicas: any.eachLike({
            replica_id: any.string(`${poolId}/1`),
            pool_id: poolId,
            state: 'ready',
            slots: { total: any.integer(1), busy: any.integer(0), releasing: any.integer(0), free: any.integer(1) },
          }),
          load: { queue_depth: any.integer(0), running: any.integer(0) },
          slo: any.eachLike({ priority: any.string('interactive'), samples: any.integer(0) }),
        }),
      },
    },
    async consume({ client }) {
      expect((await client.replicaSets()).replica_sets[0]?.replicas[0]?.slots.total).toBe(1);
    },
  },
  {
    description: 'the health of a pool',
    state: 'a slot is free',
    method: 'GET',
    path: `/v1/pools/${poolId}/health`,
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        pool_id: poolId,
        engine: 'llamacpp',
        live: true,
        ready: true,
        draining: false,
        last_error: any.nothing(),
        replica: any.like({ replica_id: `${poolId}/1`, engine_version: 'mock-1' }),
        metrics: any.like({ queue_depth: 0, running: 0 }),
      },
    },
    async consume({ client }) {
      expect((await client.poolHealth(poolId)).ready).toBe(true);
    },
  },
  {
    description: 'the health of a pool that is not Ready',
    state: 'the pool is not Ready',
    method: 'GET',
    path: `/v1/pools/${poolId}/health`,
    answer: { status: 200, headers: jsonHeaders, json: { pool_id: poolId, ready: false, replica: any.nothing() } },
    async consume({ client }) {
      expect((await client.poolHealth(poolId)).ready).toBe(false);
    },
  },
  {
    description: 'the health of a pool that nobody configured',
    state: 'a slot is free',
    method: 'GET',
    path: '/v1/pools/no-such-pool/health',
    answer: { status: 404, headers: jsonHeaders, json: envelope('NOT_FOUND', false) },
    async consume({ client }) {
      await expect(client.poolHealth('no-such-pool')).rejects.toMatchObject({ status: 404 });
    },
  },
];
