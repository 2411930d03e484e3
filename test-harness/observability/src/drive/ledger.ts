/**
 * What a drive did, as the series that must show it: one entry for each event, made where the event is seen from outside. It
 * reads no scrape but those it is given.
 */
import type { Family, Sample } from '../exposition.ts';

export type Labels = Readonly<Record<string, string>>;
/** Values by label set. */
export type Series = Readonly<Record<string, number>>;

/** What a gauge had to show at one moment, and what it showed once it was waited for. */
export type Moment = { readonly when: string; readonly expected: Series; readonly shown: Series };

export class Ledger {
  readonly #events = new Map<string, Map<string, number>>();
  readonly #bounds = new Map<string, Map<string, number>>();
  readonly #moments = new Map<string, Moment[]>();

  /** An event that moves a counter by `by`, or gives a histogram one value. */
  count(metric: string, labels: Labels, by = 1): void {
    const series = this.#events.get(metric) ?? new Map<string, number>();
    const key = seriesKey(labels);
    this.#events.set(metric, series.set(key, (series.get(key) ?? 0) + by));
  }

  /** Time that passed and that no client can tell to the millisecond: the counter moves, by at most so much. */
  pass(metric: string, labels: Labels, atMostMs: number): void {
    const series = this.#bounds.get(metric) ?? new Map<string, number>();
    const key = seriesKey(labels);
    this.#bounds.set(metric, series.set(key, (series.get(key) ?? 0) + atMostMs));
  }

  /** What gauges showed while something was so. */
  note(metric: string, moment: Moment): void {
    this.#moments.set(metric, [...(this.#moments.get(metric) ?? []), moment]);
  }

  /** What a counter must stand at, or how many values a histogram must have; nothing where no event was its own. */
  events(metric: string): Series {
    return Object.fromEntries(this.#events.get(metric) ?? []);
  }

  /** Upper bounds of a counter of time; nothing where it is none. */
  bounds(metric: string): Series {
    return Object.fromEntries(this.#bounds.get(metric) ?? []);
  }

  moments(metric: string): readonly Moment[] {
    return this.#moments.get(metric) ?? [];
  }
}

/** Labels as Prometheus writes them, in alphabetical order. */
export const seriesKey = (labels: Labels): string =>
  Object.keys(labels)
    .toSorted()
    .map((label) => `${label}="${labels[label]}"`)
    .join(',');

/** The values of a counter or gauge, or the counts of a histogram. */
export function seriesOf(family: Family | undefined): Series {
  const counted = family?.type === 'histogram' ? `${family.name}_count` : family?.name;
  const samples = family?.samples.filter(({ name }) => name === counted) ?? [];
  return Object.fromEntries(samples.map(({ labels, value }: Sample) => [seriesKey(labels), value]));
}
