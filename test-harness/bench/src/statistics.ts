/** Figures out of samples: order statistics and ratios of pairs. Pure. */

/** Several rounds of one figure: its median, and how far the rounds lay apart. */
export type Spread = { readonly median: number; readonly min: number; readonly max: number; readonly rounds: number };

/**
 * The value below which a share of the samples lies, by the nearest rank.
 *
 * @param share - 0..1; 0.5 is the median.
 */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new Error('No samples.');
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] as number;
}

/** The middle of the rounds; of an even number, the mean of the two in the middle. */
export function spread(rounds: readonly number[]): Spread {
  if (rounds.length === 0) throw new Error('No rounds.');
  const sorted = rounds.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] as number;
  const half = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? at(Math.floor(half)) : (at(half - 1) + at(half)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1), rounds: rounds.length };
}

/** Pair by pair, what `values` are beside `bases` of the same round: rounds differ more than what is measured. */
export function pairwise(
  values: readonly number[],
  bases: readonly number[],
  combine: (value: number, base: number) => number,
): readonly number[] {
  if (values.length !== bases.length) throw new Error(`${values.length} values beside ${bases.length} baselines.`);
  return values.map((value, index) => combine(value, bases[index] as number));
}

export const ratio = (value: number, base: number): number => value / base;
export const difference = (value: number, base: number): number => value - base;
