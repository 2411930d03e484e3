/** Shares of slot time, and that nobody starves, whatever the weights and the costs. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aConfig, aPool, aTenant, dispatched, Driver, succeeded } from './fixture.ts';
import type { Priority } from './model.ts';

type Party = { readonly tenantId: string; readonly priority: Priority; readonly weight: number; readonly tokensOut: number };

/** Milliseconds of slot time that one of its tasks takes. */
const takesMs = ({ tokensOut }: Party): number => 10 + 20 * tokensOut;

/** Each party always has `depth` tasks queued; one slot; returns the slot time and the longest gap of each, in dispatches. */
function serveBacklogged(
  parties: readonly Party[],
  classWeights: readonly [number, number],
  rounds: number,
  lengths: 'known' | 'unknown lengths' = 'known',
) {
  const [interactive, batch] = classWeights;
  const config = aConfig({
    pools: [aPool({ queueCapacity: 1000 })],
    tenants: parties.map(({ tenantId, weight }) => aTenant({ tenantId, weight })),
    classes: { interactive: { weight: interactive, rate: null }, batch: { weight: batch, rate: null } },
  });
  const driver = new Driver(config);
  let made = 0;
  const owners = new Map<string, number>();
  const offer = (index: number): string[] => {
    const party = parties[index] as Party;
    made += 1;
    owners.set(`k${made}`, index);
    const { tenantId, priority, tokensOut } = party;
    const told = lengths === 'known' ? { maxTokens: tokensOut, expectedTokens: tokensOut } : { maxTokens: 100 };
    return dispatched(driver.enqueue({ taskKey: `k${made}`, tenantId, priority, ...told }));
  };
  let running: string[] = [];
  for (const index of parties.keys()) for (let depth = 0; depth < 3; depth++) running.push(...offer(index));
  const servedMs = parties.map(() => 0);
  const lastRound = parties.map(() => 0);
  const longestGap = parties.map(() => 0);
  for (let round = 1; round <= rounds; round++) {
    const key = running[0] as string;
    const index = owners.get(key) as number;
    const party = parties[index] as Party;
    const { tokensOut } = party;
    servedMs[index] = (servedMs[index] ?? 0) + takesMs(party);
    for (const each of parties.keys()) {
      if (each === index) lastRound[each] = round;
      longestGap[each] = Math.max(longestGap[each] ?? 0, round - (lastRound[each] ?? 0));
    }
    driver.wait(10).send({ kind: 'firstToken', taskKey: key, attempt: 1 });
    running = dispatched(driver.wait(takesMs(party) - 10).end(key, succeeded({ tokensOut })));
    offer(index);
  }
  return { servedMs, longestGap, shares: driver.scheduler.shares() };
}

const weight = fc.integer({ min: 1, max: 8 });

test('[ORCH-3075] backlogged classes and tenants get slot time by weight, long and short tasks alike', () => {
  fc.assert(
    fc.property(
      fc.tuple(weight, weight),
      fc.tuple(weight, weight),
      fc.tuple(fc.constantFrom(5, 40), fc.constantFrom(5, 40, 90)),
      (classes, tenants, out) => {
        const parties: Party[] = [
          { tenantId: 't', priority: 'interactive', weight: tenants[0], tokensOut: out[0] },
          { tenantId: 'u', priority: 'interactive', weight: tenants[1], tokensOut: out[1] },
          { tenantId: 'v', priority: 'batch', weight: 1, tokensOut: 20 },
        ];
        const { servedMs, shares } = serveBacklogged(parties, classes, 1500);
        const [t = 0, u = 0, v = 0] = servedMs;
        const total = t + u + v;
        expect((t + u) / total).toBeCloseTo(classes[0] / (classes[0] + classes[1]), 1);
        expect(t / (t + u)).toBeCloseTo(tenants[0] / (tenants[0] + tenants[1]), 1);
        expect(shares.byClass.batch).toBeCloseTo(v / total, 5);
        expect(shares.byTenant.get('u')).toBeCloseTo(u / total, 5);
      },
    ),
    { numRuns: 25 },
  );
});

test('[ORCH-3075] what a task really took is charged, not what was predicted', () => {
  const parties: Party[] = [
    { tenantId: 't', priority: 'interactive', weight: 1, tokensOut: 5 },
    { tenantId: 'u', priority: 'interactive', weight: 1, tokensOut: 80 },
  ];
  const { servedMs } = serveBacklogged(parties, [8, 1], 2000, 'unknown lengths');
  const [t = 0, u = 0] = servedMs;
  expect(t / (t + u)).toBeCloseTo(0.5, 1);
});

test('[ORCH-3075] a tenant whose task took less than predicted goes before one that used more', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ slots: 2, determinism: 'batch_invariant' })] }));
  driver.enqueue({ taskKey: 't1', tenantId: 't', maxTokens: 20 });
  driver.enqueue({ taskKey: 'u1', tenantId: 'u', maxTokens: 1 });
  driver.enqueue({ taskKey: 'u2', tenantId: 'u', maxTokens: 1 });
  driver.enqueue({ taskKey: 't2', tenantId: 't', maxTokens: 20 });
  expect(dispatched(driver.wait(1).end('t1'))).toEqual(['t2']);
});

/**
 * Most dispatches between two of each party's, where slot time is shared by weight and the others' tasks are as short as any: what its
 * own task is to its share, and before it one task of each of its class, for which the class has to wait as long.
 */
function fairGaps(parties: readonly Party[], [interactive, batch]: readonly [number, number]): readonly number[] {
  const classWeight = { interactive, batch };
  const inUse = new Set(parties.map(({ priority }) => priority));
  const all = [...inUse].reduce((sum, priority) => sum + classWeight[priority], 0);
  const shortest = Math.min(...parties.map(takesMs));
  return parties.map((party) => {
    const peers = parties.filter(({ priority }) => priority === party.priority);
    const classShare = classWeight[party.priority] / all;
    const share = (classShare * party.weight) / peers.reduce((sum, { weight: each }) => sum + each, 0);
    const before = peers.reduce((sum, peer) => sum + (peer === party ? 0 : takesMs(peer)), 0);
    return (takesMs(party) / share + before / classShare) / shortest;
  });
}

test('[ORCH-3075] no class and no tenant starves: each is served within a bounded number of dispatches', () => {
  const party = (tenantId: string) =>
    fc.record({
      tenantId: fc.constant(tenantId),
      priority: fc.constantFrom<Priority>('interactive', 'batch'),
      weight,
      tokensOut: fc.constantFrom(5, 20, 60),
    });
  fc.assert(
    fc.property(fc.tuple(party('t'), party('u'), party('v'), party('w')), fc.tuple(weight, weight), (parties, classes) => {
      const bounds = fairGaps(parties, classes);
      // Who is never served has a gap as long as the whole run.
      const { longestGap } = serveBacklogged(parties, classes, Math.ceil(3 * Math.max(...bounds)));
      for (const [index, gap] of longestGap.entries()) expect(gap).toBeLessThanOrEqual(Math.ceil(bounds[index] ?? 0) + 1);
    }),
    { numRuns: 100 },
  );
});

test.each(['tenant', 'class'] as const)('[ORCH-3075] a %s that was idle gets no credit for it', (level) => {
  const classes = { interactive: { weight: 1, rate: null }, batch: { weight: 1, rate: null } };
  const driver = new Driver(aConfig({ pools: [aPool({ queueCapacity: 1000 })], classes }));
  const late = level === 'tenant' ? { tenantId: 'late' } : ({ priority: 'batch' } as const);
  let running = dispatched(driver.enqueue({ taskKey: 'busy-0' }));
  for (let index = 1; index < 100; index++) {
    driver.enqueue({ taskKey: `busy-${index}` });
    if (index > 60) continue;
    running = dispatched(driver.wait(100).end(running[0] as string));
  }
  for (let index = 0; index < 20; index++) driver.enqueue({ taskKey: `late-${index}`, ...late });
  const order: string[] = [];
  for (let index = 0; index < 20; index++) {
    running = dispatched(driver.wait(100).end(running[0] as string));
    order.push((running[0] as string).split('-')[0] as string);
  }
  expect(order.filter((name) => name === 'late').length).toBeGreaterThanOrEqual(9);
  expect(order.filter((name) => name === 'busy').length).toBeGreaterThanOrEqual(9);
});

test('[ORCH-3004] [ORCH-3005] submissions far beyond capacity keep completing for ever', () => {
  fc.assert(
    fc.property(fc.constantFrom('reject', 'drop-lru', 'shed-low-priority'), fc.integer({ min: 1, max: 8 }), (fullPolicy, queueCapacity) => {
      const driver = new Driver(aConfig({ pools: [aPool({ fullPolicy, queueCapacity, slots: 2 })] }));
      const running: string[] = [];
      let completed = 0;
      let dropped = 0;
      let refused = 0;
      for (let round = 0; round < 400; round++) {
        for (let burst = 0; burst < 10; burst++) {
          const effects = driver.enqueue({
            taskKey: `k${round}.${burst}`,
            tenantId: burst % 2 === 0 ? 't' : 'u',
            priority: burst % 3 === 0 ? 'batch' : 'interactive',
          });
          running.push(...dispatched(effects));
          refused += effects.filter((effect) => effect.kind === 'refuse').length;
          dropped += effects.filter((effect) => effect.kind === 'finish').length;
        }
        const key = running.shift();
        if (key === undefined) continue;
        running.push(...dispatched(driver.wait(50).end(key)));
        completed += 1;
      }
      expect(completed).toBe(400);
      const { interactive, batch } = driver.scheduler.lanes()[0]?.queued ?? { interactive: 0, batch: 0 };
      expect(completed + dropped + refused + running.length + interactive + batch).toBe(4000);
      if (fullPolicy === 'reject') expect(dropped).toBe(0);
      else expect(dropped).toBeGreaterThan(0);
    }),
    { numRuns: 12 },
  );
});
