/**
 * A scrape against the contract, both ways: nothing uncontracted, nothing missing, exact types and labels, series inside their
 * budget. A family without samples is none of its business: its event may not have happened. It fetches nothing.
 */
import { type Cardinalities, type ContractedMetric, seriesBudget } from './contract.ts';
import type { Family, Sample } from './exposition.ts';

/** Families of the process and of Node itself, which the contract leaves to prom-client. */
export const isOfProcess = (name: string): boolean => name.startsWith('process_') || name.startsWith('nodejs_');

/** @returns One sentence for each breach. */
export function lintScrape(
  families: ReadonlyMap<string, Family>,
  contract: readonly ContractedMetric[],
  cardinalities: Cardinalities,
): readonly string[] {
  const names = new Set(contract.map(({ name }) => name));
  const stray = [...families.keys()].filter((name) => !names.has(name) && !isOfProcess(name));
  return [
    ...stray.map((name) => `${name}: exported, and not in the contract`),
    ...contract.flatMap((metric) => lintFamily(families.get(metric.name), metric, cardinalities)),
  ];
}

function lintFamily(family: Family | undefined, metric: ContractedMetric, cardinalities: Cardinalities): readonly string[] {
  const { name, type, labels, budget } = metric;
  if (family === undefined) return [`${name}: contracted, and not exported`];
  const breaches: string[] = [];
  if (family.type !== type) breaches.push(`${name}: expected the type ${type}, got ${family.type}`);
  const expected = [...labels].toSorted().join(', ');
  const wrong = family.samples.find((sample) => ownLabels(sample).join(', ') !== expected);
  if (wrong !== undefined)
    breaches.push(`${name}: expected the labels ${expected || '(none)'}, got ${ownLabels(wrong).join(', ') || '(none)'}`);
  const series = new Set(family.samples.map((sample) => seriesKey(sample))).size;
  const allowed = seriesBudget(budget, cardinalities);
  if (series > allowed) breaches.push(`${name}: expected at most ${allowed} series (${budget}), got ${series}`);
  return breaches;
}

/** A histogram's `le` is the format's, not the contract's. */
const ownLabels = ({ labels }: Sample): readonly string[] =>
  Object.keys(labels)
    .filter((label) => label !== 'le')
    .toSorted();

const seriesKey = (sample: Sample): string => JSON.stringify(ownLabels(sample).map((label) => sample.labels[label]));
