import { expect, test } from 'vitest';
import { createSteadyClock } from './steady-clock.ts';

test('[ORCH-3053] a wall clock that is set forth or back moves no deadline', () => {
  let wallMs = 1_700_000_000_000;
  let monotonicMs = 50;
  const nowMs = createSteadyClock(
    () => wallMs,
    () => monotonicMs,
  );
  expect(nowMs()).toBe(1_700_000_000_000);
  for (const jumpMs of [3_600_000, -86_400_000]) {
    const before = nowMs();
    wallMs += jumpMs;
    monotonicMs += 5;
    expect(nowMs() - before).toBe(5);
  }
});
