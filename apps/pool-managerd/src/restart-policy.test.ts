import { expect, test } from 'vitest';
import { decideRestart, freshHistory, onAttempt, onReady, onServed, type RestartHistory, type RestartPolicy } from './restart-policy.ts';

const policy: RestartPolicy = { initialMs: 500, maxMs: 60_000, factor: 2, jitterRatio: 0.2, breakerFailures: 5, breakerWindowMs: 300_000 };
const middle = 0.5; // No jitter.

/** Fail `times` times, `everyMs` apart; the last decision. */
const failRepeatedly = (times: number, everyMs: number, failureClass: 'fault' | 'shortage' = 'fault') => {
  let decision = { history: freshHistory, delayMs: 0, reason: 'backoff' as 'backoff' | 'breaker_open' };
  const delays: number[] = [];
  for (let index = 0; index < times; index += 1) {
    decision = decideRestart(policy, decision.history, failureClass, index * everyMs, middle);
    delays.push(decision.delayMs);
  }
  return { ...decision, delays };
};

test('[ORCH-3053] waits twice as long after each failure', () => {
  expect(failRepeatedly(4, 1_000).delays).toEqual([500, 1_000, 2_000, 4_000]);
});

test('[ORCH-3053] never waits longer than the maximum, however often it failed', () => {
  const { delays } = failRepeatedly(2_000, 1_000, 'shortage');
  expect(Math.max(...delays)).toBe(60_000);
});

test('[ORCH-3053] spreads each wait by the jitter ratio, so that hosts do not restart together', () => {
  expect(decideRestart(policy, freshHistory, 'fault', 0, 0).delayMs).toBe(400);
  expect(decideRestart(policy, freshHistory, 'fault', 0, 0.999_999).delayMs).toBe(600);
});

test('[ORCH-3040] opens the breaker at the fifth fault within the window, for the length of the window', () => {
  const decision = failRepeatedly(5, 1_000);
  expect(decision).toMatchObject({ reason: 'breaker_open', delayMs: 300_000, history: { breaker: 'open' } });
});

test('[ORCH-3040] faults further apart than the window never open the breaker', () => {
  expect(failRepeatedly(50, 100_000).reason).toBe('backoff');
});

test('[ORCH-3003] a lack of memory backs off but never opens the breaker', () => {
  expect(failRepeatedly(50, 1_000, 'shortage')).toMatchObject({ reason: 'backoff', history: { breaker: 'closed' } });
});

test('[ORCH-3040] lets one attempt through after the wait, and opens again at its first fault', () => {
  const halfOpen = onAttempt(failRepeatedly(5, 1_000).history);
  expect(halfOpen.breaker).toBe('half_open');
  expect(decideRestart(policy, halfOpen, 'fault', 400_000, middle)).toMatchObject({ reason: 'breaker_open', delayMs: 300_000 });
});

test('[ORCH-3040] a worker that was Ready for a moment only does not close the breaker', () => {
  const ready = onReady(onAttempt(failRepeatedly(5, 1_000).history), 400_000);
  expect(decideRestart(policy, ready, 'fault', 410_000, middle).reason).toBe('breaker_open');
});

test('[ORCH-3040] a worker that stayed Ready closes the breaker and starts the count anew', () => {
  const ready = onReady(onAttempt(failRepeatedly(5, 1_000).history), 400_000);
  expect(decideRestart(policy, ready, 'fault', 470_000, middle)).toMatchObject({
    reason: 'backoff',
    delayMs: 500,
    history: { breaker: 'closed' },
  });
});

/** Workers that become Ready and die a moment later, until the breaker opens or `most` died; the waits. */
const dieReady = (most: number, lived: { readonly served: boolean }, started: RestartHistory = freshHistory) => {
  const delays: number[] = [];
  let history = started;
  let nowMs = 0;
  while (delays.length < most && history.breaker !== 'open') {
    const ready = onReady(onAttempt(history), nowMs);
    nowMs += 100;
    const decision = decideRestart(policy, lived.served ? onServed(ready) : ready, 'fault', nowMs, middle);
    nowMs += decision.delayMs;
    history = decision.history;
    delays.push(decision.delayMs);
  }
  return { delays, history };
};

test('[ORCH-3053] a Ready that does not last does not shorten the waits, whether the worker served or not', () => {
  const grown = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
  expect(dieReady(9, { served: true }).delays).toEqual(grown);
  expect(dieReady(9, { served: false }).delays).toEqual(grown);
});

test('[ORCH-3040] [ORCH-3301] requests that kill a worker that serves never open the breaker', () => {
  expect(dieReady(500, { served: true }).history.breaker).toBe('closed');
});

test('[ORCH-3040] [ORCH-3301] four requests that kill three workers each, before any other is served, do not open the breaker', () => {
  expect(dieReady(12, { served: false }).history.breaker).toBe('closed');
});

test('[ORCH-3040] a worker that dies Ready again and again and never served opens the breaker: eight waits grow, five deaths count', () => {
  const { delays, history } = dieReady(100, { served: false });
  expect(history.breaker).toBe('open');
  expect(delays).toHaveLength(13);
  expect(delays.at(-1)).toBe(300_000);
});

test('[ORCH-3040] one worker that served ends the row of those that had not', () => {
  const { history } = dieReady(12, { served: false });
  const served = dieReady(1, { served: true }, history);
  expect(dieReady(4, { served: false }, served.history).history.breaker).toBe('closed');
  expect(dieReady(1, { served: false }, history).history.breaker).toBe('open');
});

test('[ORCH-3040] half-open a worker that served closes the breaker, though it did not stay Ready', () => {
  const served = onServed(onReady(onAttempt(failRepeatedly(5, 1_000).history), 400_000));
  expect(decideRestart(policy, served, 'fault', 410_000, middle)).toMatchObject({ reason: 'backoff', history: { breaker: 'closed' } });
});

test('[ORCH-3040] starts that fail are counted through workers that became Ready between them', () => {
  let history = failRepeatedly(4, 1_000).history;
  history = decideRestart(policy, onReady(history, 5_000), 'fault', 6_000, middle).history;
  expect(decideRestart(policy, history, 'fault', 7_000, middle).reason).toBe('breaker_open');
});

test('[ORCH-3003] waiting for memory does not lengthen the wait after the next fault', () => {
  const { history } = failRepeatedly(50, 1_000, 'shortage');
  expect(decideRestart(policy, onReady(history, 60_000), 'fault', 61_000, middle).delayMs).toBe(500);
});

test('an attempt changes nothing while the breaker is closed', () => {
  const history: RestartHistory = { ...freshHistory, faults: 2 };
  expect(onAttempt(history)).toBe(history);
});
