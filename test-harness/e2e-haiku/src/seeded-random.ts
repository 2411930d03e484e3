/** Random numbers that a seed repeats, for tests that print their seed. */

export interface SeededRandom {
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
}

/** Mulberry32: small, even enough for choosing where to cut. */
export function createRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { between: (least, most) => least + Math.floor(next() * (most - least + 1)) };
}

/** The seed of this run: `E2E_SEED`, or another one each time. */
export function runSeed(env: Readonly<Record<string, string | undefined>>): number {
  return Number(env['E2E_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
}
