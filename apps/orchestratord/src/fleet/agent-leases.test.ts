/** Who owns an agent's name, and when it counts as silent and as lost. */
import { expect, test } from 'vitest';
import { AgentLeases } from './agent-leases.ts';

const claim = (instanceId: string) => ({ name: 'gpu-1', instanceId, agentVersion: '1.0.0', intervalMs: 1_000 });

test('[ORCH-2109] a second instance is refused until the lease of the first ended', () => {
  const leases = new AgentLeases(30_000);
  expect(leases.claim(claim('a'), 0)).toEqual({ kind: 'held' });
  expect(leases.claim(claim('b'), 2_000)).toEqual({ kind: 'taken', by: 'a', freeInMs: 1_000 });
  expect(leases.claim(claim('a'), 2_500)).toEqual({ kind: 'held' });
  expect(leases.claim(claim('b'), 5_499)).toMatchObject({ kind: 'taken' });
  expect(leases.claim(claim('b'), 5_500)).toEqual({ kind: 'held' });
  expect(leases.claim(claim('a'), 5_600)).toMatchObject({ kind: 'taken', by: 'b' });
});

test('[ORCH-2109] an agent is live within its lease, then silent, then lost', () => {
  const leases = new AgentLeases(30_000);
  leases.claim(claim('a'), 0);
  expect(leases.presence('gpu-1', 2_999, 0)).toBe('live');
  expect(leases.presence('gpu-1', 3_000, 0)).toBe('silent');
  expect(leases.presence('gpu-1', 29_999, 0)).toBe('silent');
  expect(leases.presence('gpu-1', 30_000, 0)).toBe('lost');
});

test('an agent that was never heard has as long to appear', () => {
  const leases = new AgentLeases(30_000);
  expect(leases.presence('gpu-2', 1_000, 500)).toBe('silent');
  expect(leases.presence('gpu-2', 30_500, 500)).toBe('lost');
});

test('the table of agents is bounded: the longest silent goes first', () => {
  const leases = new AgentLeases(30_000, 2);
  for (const [index, name] of ['x', 'y', 'z'].entries()) leases.claim({ ...claim('i'), name }, index);
  expect(leases.list().map((lease) => lease.name)).toEqual(['y', 'z']);
});
