/** Time as the controller sees it, injected so that tests own it. */

export interface Clock {
  /** Monotonic milliseconds, fractions included. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch, for what people and other machines read. */
  epochMs(): number;
}

export const systemClock: Clock = { nowMs: () => performance.now(), epochMs: () => Date.now() };
