/**
 * Which metrics of the metrics specification name which requirements: the rows of its tables. It knows no requirement.
 */
import type { Table } from 'mdast';
import { toString } from 'mdast-util-to-string';
import { visit } from 'unist-util-visit';
import { idsIn, type Place } from './place.ts';
import { parseMarkdown } from './spec.ts';

export type MetricLink = Place & { readonly id: string; readonly metric: string };

/** Every id in the column `requirements`, beside the `name` of its row. Tables without both columns are no metrics. */
export function readMetricLinks(file: string, text: string): readonly MetricLink[] {
  const links: MetricLink[] = [];
  visit(parseMarkdown(text), 'table', (table: Table) => {
    const [head, ...rows] = table.children.map((row) => row.children.map((cell) => toString(cell).trim()));
    const name = head?.indexOf('name') ?? -1;
    const requirements = head?.indexOf('requirements') ?? -1;
    if (name < 0 || requirements < 0) return;
    for (const [index, row] of rows.entries()) {
      const line = table.children[index + 1]?.position?.start.line ?? 1;
      for (const id of idsIn(row[requirements] ?? '')) links.push({ id, file, line, metric: row[name] ?? '' });
    }
  });
  return links;
}
