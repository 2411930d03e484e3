/** What a run finds out: figures, each beside its baselines and its target. Pure data and its judgement. */
import { type Spread, spread } from './statistics.ts';

export type Figure = {
  /** Name of the measure that found it. */
  readonly measure: string;
  /** What it is, for people. */
  readonly what: string;
  /** The unit, with what is counted: `ms`, `KB/stream`, `× bare relay`. */
  readonly unit: string;
  readonly value: Spread;
  /** Upper bound that it should hold; `null` for a figure that is only shown. */
  readonly target: number | null;
};

/** A measure, or a part of one, that could not be made here. */
export type Skip = { readonly measure: string; readonly what: string; readonly reason: string };

export type Findings = { readonly figures: readonly Figure[]; readonly skips: readonly Skip[] };

/** Whether the median holds the target; `null` without one. */
export function isMet({ value, target }: Figure): boolean | null {
  return target === null ? null : value.median <= target;
}

/** Collects the figures of one measure. */
export class FigureList {
  readonly figures: Figure[] = [];
  readonly skips: Skip[] = [];
  readonly #measure: string;

  constructor(measure: string) {
    this.#measure = measure;
  }

  /** @param rounds - One value for each round. */
  add(what: string, unit: string, rounds: readonly number[], target: number | null = null): void {
    this.figures.push({ measure: this.#measure, what, unit, value: spread(rounds), target });
  }

  skip(what: string, reason: string): void {
    this.skips.push({ measure: this.#measure, what, reason });
  }
}
