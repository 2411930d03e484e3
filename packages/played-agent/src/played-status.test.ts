import { validate } from '@llama-orch/api-types';
import { expect, test } from 'vitest';
import { playedPool, playedReplica, playedStatus } from './played-status.ts';

const replica = playedReplica('chat', 3, { url: 'http://127.0.0.1:9000', model_digest: `sha256:${'a'.repeat(64)}`, slots_total: 4 });
const instance = { instance_id: '7d0c6f0e-53c4-4d8b-9c69-1ef3d3a1e6f2' };

test('[ORCH-2109] a report of few words is one that the contract takes', () => {
  const pools = [playedPool('chat', replica, { start_count: 3 }), playedPool('code', null)];
  const status = playedStatus({ hostname: 'gpu-1' }, pools, instance);
  expect(validate('AgentStatus', status)).toMatchObject({ ok: true });
  expect(status.pools.map(({ pool_id: id, state }) => [id, state])).toEqual([
    ['chat', 'ready'],
    ['code', 'unready'],
  ]);
});

test('[ORCH-2109] each field that is given counts', () => {
  expect(replica).toMatchObject({ replica_id: 'chat/3', slots_total: 4, slots_free: null });
  expect(playedPool('chat', replica, { state: 'starting', restarts: 2 })).toMatchObject({ state: 'starting', restarts: 2, start_count: 1 });
  const status = playedStatus({ hostname: 'gpu-1', allow_cpu: true }, [], { ...instance, interval_ms: 200 });
  expect(status).toMatchObject({ interval_ms: 200, generation: 0, host: { hostname: 'gpu-1', allow_cpu: true, ram_total_bytes: 2 ** 36 } });
});
