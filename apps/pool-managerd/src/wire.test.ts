import { validate } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { createFailure, failureKinds, type FailureKind } from './failure.ts';
import type { PoolView } from './pool.ts';
import type { PoolState } from './pool-state.ts';
import { desiredPool } from './testing/desired-pools.ts';
import { gpuDevice, liveWorker, poolSpec } from './testing/pool-specs.ts';
import { toAgentStatus, toPoolSpec, toPoolStatus, toWireState } from './wire.ts';

const plain = liveWorker(3);
const worker = { ...plain, record: { ...plain.record, tested: { engineVersion: 'b1', slotsTotal: 1, ctxTokens: 8192, loadMs: 12.5 } } };
const failure = createFailure('device-oom', 'The device ran out of memory.', 'CUDA error: out of memory');
const view = (state: PoolState, overrides: Partial<PoolView> = {}): PoolView => ({
  spec: poolSpec(),
  state,
  wanted: true,
  startCount: 3,
  lastError: null,
  restarts: 2,
  oomEvents: { device: 1, host: 0 },
  driverResetEvents: 0,
  eccEvents: 0,
  capacitySlots: 1,
  preload: null,
  gauges: null,
  ...overrides,
});

test('[ORCH-2109] a failed worker is Unready until its next start, however far its end has come', () => {
  const wait = { kind: 'wait', failure, retryAtMs: 5 } as const;
  expect(toWireState({ kind: 'waiting', failure, retryAtMs: 5 })).toBe('unready');
  expect(toWireState({ kind: 'stopping', worker, next: wait })).toBe('unready');
  expect(toWireState({ kind: 'stopping', worker, next: { kind: 'stop' } })).toBe('stopping');
  expect(toWireState({ kind: 'testing', worker })).toBe('starting');
});

test('[ORCH-3002, ORCH-3032] a replica is reported only once it passed its self-test', () => {
  expect(toPoolStatus(view({ kind: 'testing', worker: plain }), 0).replica).toBeNull();
  expect(toPoolStatus(view({ kind: 'stopping', worker: plain, next: { kind: 'stop' } }), 0).replica).toBeNull();
  expect(toPoolStatus(view({ kind: 'ready', worker }), 0).replica).toMatchObject({
    replica_id: 'llama-a/3',
    url: 'http://host:1',
    engine_version: 'b1',
  });
});

test('[ORCH-2109] every status fits the contract', () => {
  const gauges = { slotsFree: 0, vramUsedBytes: 5, gpuUtilizationRatio: 1, kvCacheUsageRatio: 0, tokensTotal: null };
  const status = toAgentStatus(
    { instanceId: '7d0c6f0e-53c4-4d8b-9c69-1ef3d3a1e6f2', version: '1.0.0', startedAtMs: 0, hostname: 'gpu-01', allowCpu: false },
    {
      generation: 3,
      intervalMs: 1_000,
      inventory: {
        kind: 'devices',
        devices: [gpuDevice(0), gpuDevice(1, { utilizationRatio: null, computeCapability: null, numaNode: 1 })],
        lost: 'Unable to determine the device handle for GPU0000:43:00.0: Unknown Error',
      },
      hostMemory: { totalBytes: 2, availableBytes: 1 },
      pools: [
        view({ kind: 'ready', worker }, { gauges, preload: { outcome: 'ok', loadMs: 12.5 } }),
        view(
          { kind: 'waiting', failure, retryAtMs: 900.4 },
          { lastError: { failure, atMs: 5 }, preload: { outcome: 'failed', loadMs: null } },
        ),
        view({ kind: 'stopped' }),
      ].map((pool, index) => ({ pool, successor: index === 0 ? view({ kind: 'ready', worker }) : null })),
      nowMs: 400,
    },
  );
  expect(validate('AgentStatus', status)).toMatchObject({ ok: true });
  expect(status.pools[0]?.successor).toMatchObject({ state: 'ready', replica: { replica_id: 'llama-a/3' } });
  expect(status.pools[1]).not.toHaveProperty('successor');
  expect(status.pools[1]).toMatchObject({
    next_retry_ms: 500,
    last_error: { code: 'WORKER_RESET', kind: 'device-oom', cause: failure.cause },
  });
});

test('every failure kind has a code of the contract', () => {
  for (const kind of Object.keys(failureKinds) as FailureKind[]) {
    const status = toPoolStatus(view({ kind: 'stopped' }, { lastError: { failure: createFailure(kind, 'x'), atMs: 0 } }), 0);
    expect(validate('PoolStatus', status)).toMatchObject({ ok: true });
  }
});

test('model paths are relative to the models directory, absolute ones stay', () => {
  const model = desiredPool().model;
  expect(toPoolSpec(desiredPool({ model: { ...model, path: 'sub/m.gguf' } }), '/models').model.path).toBe('/models/sub/m.gguf');
  expect(toPoolSpec(desiredPool({ model: { ...model, path: '/m.gguf' } }), '/models').model.path).toBe('/m.gguf');
});

test('[ORCH-3113] reads how a Triton is spoken to; a controller that does not say means the default', () => {
  const pool = (fields: object) => toPoolSpec(desiredPool({ engine: 'triton', ...fields }), '/models').triton;
  expect(pool({ triton: { protocol: 'http', model_name: 'ensemble', grpc_port: 9001, metrics_port: null } })).toEqual({
    protocol: 'http',
    modelName: 'ensemble',
    grpcPort: 9001,
    metricsPort: null,
  });
  expect(pool({})).toMatchObject({ protocol: 'grpc', grpcPort: null });
  expect(pool({ runtime: { kind: 'command', server: 'trtllm-serve' } })).toMatchObject({ protocol: 'trtllm-serve' });
  expect(toPoolSpec(desiredPool({}), '/models').triton).toBeNull();
});

test('[ORCH-3032] reports the version of TensorRT-LLM that the worker said, and its further ports', () => {
  const { tested } = worker.record;
  const trtllm = {
    ...worker,
    record: { ...worker.record, ports: { grpc: 9001, metrics: 9002, master: null }, tested: { ...tested, trtllmVersion: '1.2.0' } },
  };
  expect(toPoolStatus(view({ kind: 'ready', worker: trtllm }), 0).replica).toMatchObject({
    trtllm_version: '1.2.0',
    ports: { grpc: 9001, metrics: 9002 },
  });
  expect(toPoolStatus(view({ kind: 'ready', worker }), 0).replica).toMatchObject({ trtllm_version: null });
});
