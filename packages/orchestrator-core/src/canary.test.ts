/** Canaries: which side a task is on, that a session keeps it, and what changes of the share and of the pools move. */
import { expect, test } from 'vitest';
import { isForCanary } from './canary.ts';
import { aConfig, aPool, aReplica, aTask, Driver, dispatched, only } from './fixture.ts';
import type { CanarySpec, TaskSpec } from './model.ts';

const canary = (over: Partial<CanarySpec> = {}): CanarySpec => ({
  id: 'next',
  modelDigest: 'sha256:m',
  percent: 25,
  label: 'try',
  ...over,
});
const split = (over: Partial<CanarySpec> = {}, digest = 'sha256:new') =>
  aConfig({
    pools: [aPool({ slots: 64 }), aPool({ poolId: 'b', modelDigest: digest, canary: 'next', slots: 64 })],
    canaries: [canary(over)],
  });
const sideOf = (driver: Driver, over: Partial<TaskSpec>) => only(driver.enqueue(over), 'accept').acceptance;
const keys = Array.from({ length: 20_000 }, (_, index) => `tenant/${index}`);
const share = (percent: number): string[] =>
  keys.filter((sessionKey) => isForCanary(canary({ percent }), aTask({ sessionKey }), undefined));

test('[ORCH-3033] the share of sessions is the percentage, and a higher percentage only adds to it', () => {
  for (const percent of [1, 25, 50, 99]) expect(share(percent).length / keys.length).toBeCloseTo(percent / 100, 1.5);
  expect(share(0)).toEqual([]);
  expect(share(100)).toHaveLength(keys.length);
  const more = new Set(share(50));
  expect(share(25).filter((key) => !more.has(key))).toEqual([]);
  // Two canaries do not pick the same sessions.
  const quarter = new Set(share(25));
  const other = keys.filter((sessionKey) => isForCanary(canary({ id: 'other' }), aTask({ sessionKey }), undefined));
  expect(other.filter((key) => quarter.has(key)).length / keys.length).toBeCloseTo(0.0625, 1.5);
});

test('[ORCH-3033] a task of the share runs on the canary’s model, the others on theirs, and each session keeps its side', () => {
  const driver = new Driver(split());
  const sides = new Map<string, string>();
  for (let turn = 0; turn < 3; turn++) {
    for (let index = 0; index < 40; index++) {
      const taskKey = `${turn}-${index}`;
      const accepted = sideOf(driver, { taskKey, sessionKey: `s${index}` });
      const side = `${accepted.canary?.arm} ${accepted.modelDigest}`;
      expect(['base sha256:m', 'canary sha256:new']).toContain(side);
      expect(sides.get(`s${index}`) ?? side).toBe(side);
      sides.set(`s${index}`, side);
      driver.end(taskKey);
    }
    // A session that lives keeps its side over a change of the share.
    driver.send({ kind: 'configured', config: split({ percent: turn === 0 ? 90 : 5 }) });
  }
  expect(new Set(sides.values()).size).toBe(2);
});

test('[ORCH-3033] an abort and a promotion move every session at once', () => {
  const driver = new Driver(split());
  const arms = (run: string) =>
    new Set(Array.from({ length: 20 }, (_, index) => sideOf(driver, { taskKey: `${run}${index}`, sessionKey: `s${index}` }).canary?.arm));
  expect(arms('a').size).toBe(2);
  driver.send({ kind: 'configured', config: split({ percent: 100 }) });
  expect([...arms('b')]).toEqual(['canary']);
  driver.send({ kind: 'configured', config: split({ percent: 0 }) });
  expect([...arms('c')]).toEqual(['base']);
});

test('[ORCH-3033] the label always goes to the canary, and is refused rather than sent elsewhere; a share falls back and says so', () => {
  const driver = new Driver(split({ percent: 0 }));
  expect(sideOf(driver, { taskKey: '1', label: 'try' }).modelDigest).toBe('sha256:new');
  expect(sideOf(driver, { taskKey: '2', label: 'other' }).modelDigest).toBe('sha256:m');
  driver.send({ kind: 'configured', config: split({ percent: 100 }) });
  driver.send({ kind: 'replicaDown', replicaId: 'b/1' });
  driver.send({ kind: 'poolState', poolId: 'b', state: 'down' });
  expect(only(driver.enqueue({ taskKey: '3', label: 'try' }), 'refuse').error).toBe('pool-unavailable');
  expect(sideOf(driver, { taskKey: '4' })).toMatchObject({
    modelDigest: 'sha256:m',
    canary: { id: 'next', arm: 'base', fallback: true },
  });
});

test('[ORCH-3033] a pin and the name of the canary’s own model go straight to its pools', () => {
  const driver = new Driver(split({ percent: 0 }));
  expect(only(driver.enqueue({ taskKey: '1', pinPoolId: 'b' }), 'dispatch').poolId).toBe('b');
  expect(only(driver.enqueue({ taskKey: '2', pinPoolId: 'a' }), 'dispatch').poolId).toBe('a');
  expect(only(driver.enqueue({ taskKey: '3', modelDigest: 'sha256:new' }), 'dispatch').poolId).toBe('b');
});

test('[ORCH-3033] pools of a canary with the same model take its share and nothing else', () => {
  const driver = new Driver(split({ percent: 0 }, 'sha256:m'));
  const pools = ['1', '2', '3', '4'].map((taskKey) => only(driver.enqueue({ taskKey }), 'dispatch').poolId);
  expect(pools).toEqual(['a', 'a', 'a', 'a']);
  expect(only(driver.enqueue({ taskKey: 'c', label: 'try' }), 'dispatch').poolId).toBe('b');
});

test('[ORCH-3033] [ORCH-3031] a pool that leaves its canary takes worker and waiting tasks along', () => {
  const pools = [aPool(), aPool({ poolId: 'b', canary: 'next' })];
  const config = aConfig({ pools, canaries: [canary({ percent: 100 })] });
  const driver = new Driver(config, [aReplica('b')]);
  driver.enqueue({ taskKey: 'runs' });
  driver.enqueue({ taskKey: 'waits' });
  driver.enqueue({ taskKey: 'pinned', pinPoolId: 'b' });
  expect(driver.send({ kind: 'configured', config: aConfig({ pools: [aPool(), aPool({ poolId: 'b' })] }) })).toEqual([]);
  expect(driver.scheduler.replicas()).toMatchObject([{ replicaId: 'b/1', running: 1 }]);
  expect(dispatched(driver.end('runs'))).toEqual(['waits']);
  expect(dispatched(driver.end('waits'))).toEqual(['pinned']);
  expect(dispatched(driver.end('pinned'))).toEqual([]);
});
