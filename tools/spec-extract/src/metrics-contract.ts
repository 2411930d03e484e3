/**
 * The metrics that specs/metrics/otel-prom.md contracts, read from its tables: name, type, unit, labels, budget. It knows no
 * service's code and no scrape.
 */
import type { Table, TableRow } from 'mdast';
import { toString } from 'mdast-util-to-string';
import type { Finding } from './finding.ts';
import { idsIn, type Place } from './place.ts';
import { parseMarkdown } from './spec.ts';

export const metricTypes = ['counter', 'gauge', 'histogram'] as const;
export type MetricType = (typeof metricTypes)[number];

export type ContractedMetric = Place & {
  /** The heading above its table. */
  readonly service: string;
  readonly name: string;
  readonly type: MetricType;
  readonly unit: string;
  readonly labels: readonly string[];
  /** How many series one service may export, as it is written: a sum of `N`, `N X` or `X`. */
  readonly budget: string;
  readonly movesWhen: string;
  readonly requirements: readonly string[];
};

export type MetricsContract = { readonly metrics: readonly ContractedMetric[]; readonly findings: readonly Finding[] };

const columns = ['name', 'type', 'unit', 'labels', 'budget', 'moves when', 'requirements'];
const term = /^(?:(\d+)|(\d+)? ?([VPLT]))$/;

/** Every row of a table with exactly the contract's columns, and a finding for each row that cannot be read. */
export function readMetricsContract(file: string, text: string): MetricsContract {
  const metrics: ContractedMetric[] = [];
  const findings: Finding[] = [];
  const lineOf = new Map<string, number>();
  let service = '';
  for (const node of parseMarkdown(text).children) {
    if (node.type === 'heading') service = toString(node).trim();
    if (node.type !== 'table' || !isContract(node)) continue;
    for (const row of node.children.slice(1)) {
      const line = row.position?.start.line ?? 1;
      const metric = toMetric(cellsOf(row), { file, line, service });
      const fault = faultOf(metric, lineOf);
      if (fault === undefined) metrics.push({ ...metric, type: metric.type as MetricType });
      else findings.push({ file, line, expected: fault });
      lineOf.set(metric.name, line);
    }
  }
  return { metrics, findings };
}

const termsOf = (budget: string): readonly string[] => budget.split('+').map((each) => each.trim());

const cellsOf = (row: TableRow): readonly string[] => row.children.map((cell) => toString(cell).trim());

const isContract = (table: Table): boolean => {
  const [head] = table.children;
  return head !== undefined && cellsOf(head).join('|') === columns.join('|');
};

type Row = Omit<ContractedMetric, 'type'> & { readonly type: string };

function toMetric(cells: readonly string[], place: Place & { readonly service: string }): Row {
  const [name = '', type = '', unit = '', labels = '', budget = '', movesWhen = '', requirements = ''] = cells;
  return {
    ...place,
    name,
    type,
    unit,
    labels: labels === '' ? [] : labels.split(',').map((label) => label.trim()),
    budget,
    movesWhen,
    requirements: idsIn(requirements),
  };
}

function faultOf(metric: Row, lineOf: ReadonlyMap<string, number>): string | undefined {
  const { name, type, unit, labels, budget, movesWhen, requirements } = metric;
  if (!/^[a-z][a-z0-9_]*$/.test(name)) return `a metric name in snake_case, got "${name}"`;
  const first = lineOf.get(name);
  if (first !== undefined) return `each metric once, got \`${name}\` again (first in line ${first})`;
  if (!metricTypes.some((each) => each === type)) return `a type of ${metricTypes.join(', ')}, got "${type}" for \`${name}\``;
  if (type === 'counter' && !name.endsWith('_total')) return `a counter's name to end in \`_total\`, got \`${name}\``;
  if (type !== 'counter' && name.endsWith('_total')) return `only counters to end in \`_total\`, got \`${name}\``;
  if (unit === '') return `a unit for \`${name}\``;
  const label = labels.find((each) => !/^[a-z][a-z0-9_]*$/.test(each));
  if (label !== undefined) return `labels in snake_case for \`${name}\`, got "${label}"`;
  if (new Set(labels).size < labels.length) return `each label once for \`${name}\``;
  if (!termsOf(budget).every((each) => term.test(each))) return `a budget like \`24 T\` or \`2 + T\` for \`${name}\`, got "${budget}"`;
  if (movesWhen === '') return `when \`${name}\` moves`;
  if (requirements.length === 0) return `the requirement that wants \`${name}\``;
  return undefined;
}
