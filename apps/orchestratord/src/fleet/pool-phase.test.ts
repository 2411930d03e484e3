/** The decision table from a pool's reports to what the scheduler may do with it. */
import type { PoolStatus, ReplicaReport } from '@llama-orch/api-types';
import type { PoolConfig } from '@llama-orch/config-schema';
import { expect, test } from 'vitest';
import { poolPhase } from './pool-phase.ts';

const digest = 'sha256:model';
const pool = {
  id: 'p',
  host: 'h',
  engine: 'llamacpp',
  ctx: 1024,
  sampler_profile_version: 'v1',
  workloads: ['completion'],
  allow_cpu: false,
} as unknown as PoolConfig;
const replica = {
  replica_id: 'p/1',
  engine: 'llamacpp',
  model_digest: digest,
  ctx: 1024,
  sampler_profile_version: 'v1',
  workloads: ['completion'],
  cpu_carve_out: false,
} as unknown as ReplicaReport;
const status = (fields: Partial<PoolStatus>): PoolStatus =>
  ({ state: 'ready', last_error: null, next_retry_ms: null, replica, ...fields }) as PoolStatus;
const phase = (fields: Partial<PoolStatus> | null, presence: 'live' | 'silent' | 'lost' = 'live') =>
  poolPhase(pool, digest, fields === null ? null : status(fields), presence);

test('[ORCH-3010] only a ready worker of a live agent is ready', () => {
  expect(phase({}).kind).toBe('ready');
  expect(phase({ state: 'unready' })).toMatchObject({ kind: 'paused', mayRecover: true });
});

test('[ORCH-2109] a silent agent pauses its worker, a lost one gives up hope', () => {
  expect(phase({}, 'silent')).toMatchObject({ kind: 'paused', mayRecover: true });
  expect(phase({}, 'lost')).toMatchObject({ kind: 'paused', mayRecover: false });
  expect(phase({ replica: null, state: 'starting' }, 'lost').kind).toBe('down');
  expect(phase(null, 'silent').kind).toBe('starting');
  expect(phase(null, 'lost').kind).toBe('down');
});

test('[ORCH-3018] a pool that starts or retries soon is worth waiting for, a refused or broken one is not', () => {
  expect(phase({ replica: null, state: 'starting' }).kind).toBe('starting');
  expect(phase({ replica: null, state: 'unready', next_retry_ms: 2_000 }).kind).toBe('starting');
  expect(phase({ replica: null, state: 'unready', next_retry_ms: 120_000 }).kind).toBe('down');
  expect(phase({ replica: null, state: 'refused' }).kind).toBe('down');
  expect(phase({ replica: null, state: 'stopped' }).kind).toBe('down');
});

test('[ORCH-3007] a worker that is not what the pool says gets nothing', () => {
  for (const unlike of [
    { engine: 'vllm' },
    { model_digest: 'sha256:other' },
    { ctx: 512 },
    { sampler_profile_version: 'v2' },
    { workloads: ['rerank'] },
    { cpu_carve_out: true },
  ]) {
    expect(phase({ replica: { ...replica, ...unlike } as ReplicaReport }).kind, JSON.stringify(unlike)).toBe('down');
  }
});
