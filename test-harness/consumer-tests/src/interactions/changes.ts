/** What operators change: pools, by operations that can be watched; the config; canaries. */
import { expect } from 'vitest';
import { canaryId, nextModel, nextPoolId, operationId, poolId } from '../ids.ts';
import type { PactInteraction } from '../interaction.ts';
import { any, anyTime, envelope, faults, jsonHeaders } from '../matchers.ts';

const operation = (kind: string, more: Readonly<Record<string, unknown>> = {}) => ({
  operation_id: any.uuid(operationId(1)),
  kind,
  pool_id: poolId,
  state: any.regex('^(running|succeeded|failed)$', 'running'),
  phase: any.regex('^(waiting|starting|draining|restoring|done)$', 'waiting'),
  progress: { running: any.integer(0), waiting: any.integer(0), replaced: any.integer(0) },
  created_at: anyTime(),
  error: any.nothing(),
  ...more,
});

/** A change of a pool that is taken. */
const begun = (call: string, state: string, json: unknown) =>
  ({ state, method: 'POST', path: `/v1/pools/${poolId}/${call}`, answer: { status: 202, headers: jsonHeaders, json } }) as const;

const applied = (diff: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) => ({
  generation: any.integer(2),
  dry_run: false,
  restart_required: [],
  operations: [],
  diff: { added: [], changed: [], removed: [], settings: [], ...diff },
  ...more,
});

const refused = (status: number, code: string, more: Readonly<Record<string, unknown>> = {}) => ({
  status,
  headers: jsonHeaders,
  json: envelope(code, false, more),
});

const arm = {
  admitted: any.integer(0),
  fallbacks: any.integer(0),
  succeeded: any.integer(0),
  failed: any.integer(0),
  canceled: any.integer(0),
  samples: any.integer(0),
};

/** As good a config as any; only looked at. */
const empty = { models: {}, pools: [] };

export const changes: readonly PactInteraction[] = [
  {
    description: 'the drain of a pool',
    ...begun('drain', 'the pool may be changed', operation('drain', { deadline_at: anyTime() })),
    body: { json: { deadline_ms: 30_000 } },
    async consume({ client }) {
      expect(await client.drainPool(poolId, { deadline_ms: 30_000 })).toMatchObject({ kind: 'drain', pool_id: poolId });
    },
  },
  {
    description: 'the drain of a pool that is being reloaded',
    ...begun('drain', 'a reload of the pool goes on', null),
    body: { json: { deadline_ms: 30_000 } },
    answer: refused(409, 'INVALID_PARAMS', { pool_id: poolId }),
    async consume({ client }) {
      await expect(client.drainPool(poolId, { deadline_ms: 30_000 })).rejects.toMatchObject({ status: 409, envelope: { pool_id: poolId } });
    },
  },
  {
    description: 'the drain of a pool that nobody configured',
    state: 'the pool may be changed',
    method: 'POST',
    path: '/v1/pools/no-such-pool/drain',
    body: { json: { deadline_ms: 30_000 } },
    answer: refused(404, 'NOT_FOUND'),
    async consume({ client }) {
      await expect(client.drainPool('no-such-pool', { deadline_ms: 30_000 })).rejects.toMatchObject({ status: 404 });
    },
  },
  {
    description: 'the resume of a drained pool',
    ...begun('resume', 'the pool is drained', operation('resume', { state: 'succeeded', phase: 'done' })),
    async consume({ client }) {
      expect((await client.resumePool(poolId)).state).toBe('succeeded');
    },
  },
  {
    description: 'the reload of a pool with another model',
    ...begun('reload', 'the pool may be changed', operation('reload', { state: 'running', new_model_ref: nextModel })),
    body: { json: { new_model_ref: nextModel } },
    async consume({ client }) {
      expect((await client.reloadPool(poolId, { new_model_ref: nextModel })).new_model_ref).toBe(nextModel);
    },
  },
  {
    description: 'the reload of a pool with a model that nobody configured',
    ...begun('reload', 'the pool may be changed', null),
    body: { json: { new_model_ref: 'no-such-model' } },
    answer: refused(400, 'INVALID_PARAMS', faults('/new_model_ref')),
    async consume({ client }) {
      await expect(client.reloadPool(poolId, { new_model_ref: 'no-such-model' })).rejects.toMatchObject({ status: 400 });
    },
  },
  {
    description: 'the rollback of a pool that is being reloaded',
    ...begun('rollback', 'a reload of the pool goes on', operation('rollback', { state: 'succeeded', phase: 'done' })),
    async consume({ client }) {
      expect((await client.rollbackPool(poolId)).kind).toBe('rollback');
    },
  },
  {
    description: 'the rollback of a pool that never was otherwise',
    ...begun('rollback', 'a slot is free', null),
    answer: refused(409, 'INVALID_PARAMS', { pool_id: poolId }),
    async consume({ client }) {
      await expect(client.rollbackPool(poolId)).rejects.toMatchObject({ status: 409 });
    },
  },
  {
    description: 'the operations, one of them a drain',
    state: 'the pool is drained',
    method: 'GET',
    path: '/v1/operations',
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: { operations: any.eachLike(operation('drain', { kind: any.string('drain'), error: undefined })) },
    },
    async consume({ client }) {
      expect((await client.operations()).operations).toHaveLength(1);
    },
  },
  {
    description: 'a drain that has ended',
    state: 'the pool is drained',
    method: 'GET',
    path: { expression: `/v1/operations/\${operation_id}`, example: `/v1/operations/${operationId(1)}` },
    answer: { status: 200, headers: jsonHeaders, json: operation('drain', { state: 'succeeded', phase: 'done', ended_at: anyTime() }) },
    async consume({ client }) {
      expect((await client.waitForOperation(operationId(1))).state).toBe('succeeded');
    },
  },
  {
    description: 'an operation that nobody knows',
    state: 'the pool may be changed',
    method: 'GET',
    path: `/v1/operations/${operationId(2)}`,
    answer: refused(404, 'NOT_FOUND'),
    async consume({ client }) {
      await expect(client.waitForOperation(operationId(2))).rejects.toMatchObject({ status: 404 });
    },
  },
  {
    description: 'the config of the file',
    state: 'a slot is free',
    method: 'GET',
    path: '/v1/config',
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        generation: any.integer(1),
        applied_at: anyTime(),
        source: 'file',
        previous_generation: any.nothing(),
        restart_required: [],
        config: { pools: any.eachLike({ id: poolId }), canaries: [] },
      },
    },
    async consume({ client }) {
      expect((await client.config()).config).toHaveProperty('pools');
    },
  },
  {
    description: 'a config that is only to be looked at',
    state: 'a slot is free',
    method: 'POST',
    path: '/v1/config',
    body: { json: { config: empty, dry_run: true } },
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: applied(
        { removed: [poolId], settings: any.eachLike('/models') },
        { dry_run: true, restart_required: any.eachLike('/controller/journal') },
      ),
    },
    async consume({ client }) {
      expect((await client.applyConfig({ config: empty, dry_run: true })).diff.removed).toEqual([poolId]);
    },
  },
  {
    description: 'a config with a fault',
    state: 'a slot is free',
    method: 'POST',
    path: '/v1/config',
    body: { json: { config: { ...empty, pools: 'none' } } },
    answer: refused(400, 'INVALID_PARAMS', faults('/pools')),
    async consume({ client }) {
      await expect(client.applyConfig({ config: { ...empty, pools: 'none' } })).rejects.toMatchObject({ status: 400 });
    },
  },
  {
    description: 'a config that was made from another generation',
    state: 'a slot is free',
    method: 'POST',
    path: '/v1/config',
    body: { json: { config: empty, expected_generation: 1_000 } },
    answer: refused(409, 'INVALID_PARAMS'),
    async consume({ client }) {
      await expect(client.applyConfig({ config: empty, expected_generation: 1_000 })).rejects.toMatchObject({ status: 409 });
    },
  },
  {
    description: 'the config before the last change',
    state: 'the config was changed',
    method: 'POST',
    path: '/v1/config/rollback',
    answer: { status: 200, headers: jsonHeaders, json: applied({ changed: [poolId] }) },
    async consume({ client }) {
      expect((await client.rollbackConfig()).diff.changed).toEqual([poolId]);
    },
  },
  {
    description: 'the config before the only one',
    state: 'a slot is free',
    method: 'POST',
    path: '/v1/config/rollback',
    answer: refused(409, 'INVALID_PARAMS'),
    async consume({ client }) {
      await expect(client.rollbackConfig()).rejects.toMatchObject({ status: 409 });
    },
  },
  {
    description: 'the canaries',
    state: 'a model has a canary',
    method: 'GET',
    path: '/v1/canaries',
    answer: {
      status: 200,
      headers: jsonHeaders,
      json: {
        canaries: [{ id: canaryId, model: any.string('pact-model'), percent: any.number(10), pools: [nextPoolId], base: arm, canary: arm }],
      },
    },
    async consume({ client }) {
      expect((await client.canaries()).canaries[0]?.canary.admitted).toBe(0);
    },
  },
  ...(['promote', 'abort'] as const).map(
    (call): PactInteraction => ({
      description: `the ${call} of a canary`,
      state: 'a model has a canary',
      method: 'POST',
      path: `/v1/canaries/${canaryId}/${call}`,
      answer: { status: 200, headers: jsonHeaders, json: applied({ settings: ['/canaries'] }) },
      async consume({ client }) {
        const changed = call === 'promote' ? client.promoteCanary(canaryId) : client.abortCanary(canaryId);
        expect((await changed).diff.settings).toEqual(['/canaries']);
      },
    }),
  ),
  {
    description: 'the promotion of a canary that nobody configured',
    state: 'a model has a canary',
    method: 'POST',
    path: '/v1/canaries/no-such-canary/promote',
    answer: refused(404, 'NOT_FOUND'),
    async consume({ client }) {
      await expect(client.promoteCanary('no-such-canary')).rejects.toMatchObject({ status: 404 });
    },
  },
];
