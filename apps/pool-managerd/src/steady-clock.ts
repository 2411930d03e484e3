/** The agent's clock: wall time that never jumps while the agent runs. It reads both clocks of the machine and sets neither. */

/**
 * Wall time at the start, and from then on what really passed: deadlines, waits and load times stay true when somebody sets the
 * machine's clock.
 *
 * @param wallMs - Milliseconds since the Unix epoch; may jump.
 * @param monotonicMs - Milliseconds since any moment; never jumps.
 * @req ORCH-3053
 */
export const createSteadyClock = (wallMs: () => number, monotonicMs: () => number): (() => number) => {
  const startMs = wallMs() - monotonicMs();
  return () => startMs + monotonicMs();
};
