/** The bounds of restarts over any schedule of lives and deaths. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideRestart, freshHistory, onAttempt, onReady, onServed, type RestartHistory, type RestartPolicy } from './restart-policy.ts';

/** How one worker's life went; `readyMs` null = it never became Ready. */
type Life = { readonly startMs: number; readonly readyMs: number | null; readonly served: boolean; readonly shortages: number };

const anyPolicy = fc
  .record({
    initialMs: fc.integer({ min: 1, max: 5_000 }),
    growth: fc.integer({ min: 1, max: 200 }),
    factor: fc.double({ min: 1.2, max: 10, noNaN: true }),
    jitterRatio: fc.double({ min: 0, max: 0.9, noNaN: true }),
    breakerFailures: fc.integer({ min: 1, max: 8 }),
    breakerWindowMs: fc.integer({ min: 1, max: 600_000 }),
  })
  .map(({ growth, ...rest }): RestartPolicy => ({ ...rest, maxMs: rest.initialMs * growth }));

const anyLife: fc.Arbitrary<Life> = fc.record({
  startMs: fc.integer({ min: 0, max: 10_000 }),
  readyMs: fc.option(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 2_000_000 })), { nil: null }),
  served: fc.boolean(),
  shortages: fc.nat({ max: 2 }),
});

/** Play the lives one after the other. */
const play = (policy: RestartPolicy, lives: readonly Life[], random: () => number) => {
  const startsMs: number[] = [];
  const reasons: string[] = [];
  let history: RestartHistory = freshHistory;
  let nowMs = 0;
  const fail = (failureClass: 'fault' | 'shortage'): void => {
    const decision = decideRestart(policy, history, failureClass, nowMs, random());
    if (failureClass === 'fault') reasons.push(decision.reason);
    nowMs += decision.delayMs;
    history = onAttempt(decision.history);
  };
  for (const { startMs, readyMs, served, shortages } of lives) {
    for (let index = 0; index < shortages; index += 1) fail('shortage');
    startsMs.push(nowMs);
    nowMs += startMs;
    if (readyMs !== null) {
      history = onReady(history, nowMs);
      if (served) history = onServed(history);
      nowMs += readyMs;
    }
    fail('fault');
  }
  return { startsMs, reasons };
};

/** Waits until the longest one, that one included. */
const waitsToLongest = ({ initialMs, maxMs, factor }: RestartPolicy): number => {
  let waits = 1;
  for (let wait = initialMs; wait < maxMs; wait *= factor) waits += 1;
  return waits;
};

const anyDraws = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
const drawer = (draws: Iterator<number>) => (): number => Number(draws.next().value);

test('[ORCH-3053] no schedule of deaths starts workers more often than the stated bound', () => {
  fc.assert(
    fc.property(anyPolicy, fc.array(anyLife, { maxLength: 60 }), anyDraws, (policy, lives, draws) => {
      const { startsMs } = play(policy, lives, drawer(draws));
      const spanMs = policy.maxMs * (1 - policy.jitterRatio);
      for (const from of startsMs) {
        const within = startsMs.filter((time) => time >= from && time < from + spanMs).length;
        expect(within).toBeLessThanOrEqual(waitsToLongest(policy) + 1);
      }
    }),
  );
});

test('[ORCH-3040] workers that do not start, or die without having served, always open the breaker', () => {
  fc.assert(
    fc.property(anyPolicy, fc.boolean(), anyDraws, (policy, becomesReady, draws) => {
      const most = waitsToLongest(policy) + policy.breakerFailures;
      const life = { startMs: 0, readyMs: becomesReady ? 0 : null, served: false, shortages: 0 };
      // A window that holds all these starts: what is further apart than the window is no storm.
      const wide = { ...policy, breakerWindowMs: 1e12 };
      const { reasons } = play(
        wide,
        Array.from({ length: most }, () => life),
        drawer(draws),
      );
      expect(reasons).toContain('breaker_open');
      if (!becomesReady) expect(reasons.indexOf('breaker_open')).toBe(policy.breakerFailures - 1);
    }),
  );
});

test('[ORCH-3040] [ORCH-3301] workers that became Ready and served never open it, however they die', () => {
  fc.assert(
    fc.property(anyPolicy, fc.array(anyLife, { maxLength: 60 }), anyDraws, (policy, lives, draws) => {
      const served = lives.map((life) => ({ ...life, readyMs: life.readyMs ?? 0, served: true }));
      expect(play(policy, served, drawer(draws)).reasons).not.toContain('breaker_open');
    }),
  );
});
