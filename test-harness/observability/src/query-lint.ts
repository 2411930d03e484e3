/** A query against the metrics contract: it names contracted metrics and labels that these have. It runs no query. */
import type { ContractedMetric, MetricsContract } from './contract.ts';
import { isOfProcess } from './lint.ts';
import { parseQuery } from './promql.ts';

/** What Prometheus adds to every series it scrapes. */
const scrapeLabels = ['job', 'instance'];
/** Series that Prometheus writes itself. */
const prometheusOwn = new Set(['up']);

/** @returns One sentence for each breach. */
export function lintQuery(text: string, contract: MetricsContract): readonly string[] {
  const { selectors, groupedBy, faultAt } = parseQuery(text);
  if (faultAt !== null) return [`expected PromQL, got something else at character ${faultAt}: ${text.slice(faultAt, faultAt + 30)}`];
  if (selectors.length === 0) return ['expected a metric'];
  const known = new Set(scrapeLabels);
  const breaches: string[] = [];
  for (const { metric, labels } of selectors) {
    const allowed = labelsOf(metric, Object.values(contract).flat());
    if (allowed === undefined) breaches.push(`${metric}: not in the metrics contract`);
    const stray = labels.find((label) => allowed !== undefined && !allowed.includes(label));
    if (stray !== undefined) breaches.push(`${metric}: has no label ${stray}; it has ${allowed?.join(', ')}`);
    for (const label of allowed ?? []) known.add(label);
  }
  const ungrouped = groupedBy.find((label) => !known.has(label));
  if (ungrouped !== undefined && breaches.length === 0) breaches.push(`groups by ${ungrouped}, which none of its metrics has`);
  return breaches;
}

function labelsOf(metric: string, contract: readonly ContractedMetric[]): readonly string[] | undefined {
  if (prometheusOwn.has(metric)) return scrapeLabels;
  if (isOfProcess(metric)) return [...scrapeLabels, 'type', 'kind', 'version', 'space'];
  for (const { name, type, labels } of contract) {
    if (metric === name && type !== 'histogram') return [...labels, ...scrapeLabels];
    if (type !== 'histogram') continue;
    if (metric === `${name}_bucket`) return [...labels, 'le', ...scrapeLabels];
    if (metric === `${name}_sum` || metric === `${name}_count`) return [...labels, ...scrapeLabels];
  }
  return undefined;
}
