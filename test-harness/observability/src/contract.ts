/** The metrics contract as `xtask docs` writes it for programs, read back. It knows no service and no scrape. */
import { readFileSync } from 'node:fs';
import { paths } from './workspace.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

export type ContractedMetric = {
  readonly name: string;
  readonly type: MetricType;
  readonly labels: readonly string[];
  /** A sum of `N`, `N X` or `X` with X of V, P, L, T. */
  readonly budget: string;
};

export type ServiceName = 'orchestratord' | 'pool-managerd';
export type MetricsContract = Readonly<Record<ServiceName, readonly ContractedMetric[]>>;

/** How much of each kind a deployment has: V engine versions in use, P pools, L lanes, T tenant labels. */
export type Cardinalities = Readonly<Record<'V' | 'P' | 'L' | 'T', number>>;

export function readContract(): MetricsContract {
  const { services } = JSON.parse(readFileSync(paths.contract, 'utf8')) as { services: MetricsContract };
  return services;
}

/** Number of series that a budget allows; each term was checked where the contract was written. */
export function seriesBudget(budget: string, cardinalities: Cardinalities): number {
  return budget.split('+').reduce((sum, text) => {
    const [, factor, variable] = /^(\d*) ?([VPLT]?)$/.exec(text.trim()) ?? [];
    const count = factor === undefined || factor === '' ? 1 : Number(factor);
    return sum + count * (variable === undefined || variable === '' ? 1 : cardinalities[variable as keyof Cardinalities]);
  }, 0);
}
