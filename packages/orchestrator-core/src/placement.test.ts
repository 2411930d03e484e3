/** The order of replicas that can take a task, where nothing else tells them apart. */
import { expect, test } from 'vitest';
import { aConfig, aPool, aReplica, Driver, only } from './fixture.ts';

const pools = ['a', 'b', 'c'].map((poolId) => aPool({ poolId, slots: 2 }));

const placed = (spreads: Readonly<Record<string, number>>, tasks = 1): readonly string[] => {
  const driver = new Driver(
    aConfig({ pools }),
    Object.entries(spreads).map(([poolId, spread]) => aReplica(poolId, { slots: 2, spread })),
  );
  return Array.from(
    { length: tasks },
    (_, index) => only(driver.enqueue({ taskKey: `t${index}`, sessionKey: `s${index}` }), 'dispatch').replicaId,
  );
};

test('[ORCH-3013] of replicas that are alike the one whose devices lie closest together is taken, then the lowest id', () => {
  expect(placed({ a: 6, b: 0.05, c: 1 })).toEqual(['b/1']);
  expect(placed({ a: 1, b: 1, c: 6 })).toEqual(['a/1']);
  expect(placed({ a: 0, b: 0, c: 0 })).toEqual(['a/1']);
});

test('[ORCH-3013] [ORCH-3008] links break ties only: free slots go first', () => {
  expect(placed({ a: 6, b: 0.05, c: 1 }, 4)).toEqual(['b/1', 'c/1', 'a/1', 'b/1']);
});
