/** What a PromQL query asks for: metrics with their labels, and labels it groups by. Parsed by Prometheus' own grammar. */
import { parser } from '@prometheus-io/lezer-promql';

export type Selector = { readonly metric: string; readonly labels: readonly string[] };

export type Query = {
  readonly selectors: readonly Selector[];
  /** Labels of `by`, `without`, `on`, `ignoring` and `group_left`. */
  readonly groupedBy: readonly string[];
  /** Position of the first place that is no PromQL; `null` where there is none. */
  readonly faultAt: number | null;
};

export function parseQuery(text: string): Query {
  const selectors: { metric: string; labels: string[] }[] = [];
  const groupedBy: string[] = [];
  let faultAt: number | null = null;
  parser.parse(text).iterate({
    enter({ name, from, to, node, type }) {
      if (type.isError) faultAt ??= from;
      if (name === 'VectorSelector') selectors.push({ metric: '', labels: [] });
      const selector = selectors.at(-1);
      const word = text.slice(from, to);
      if (name === 'Identifier' && selector !== undefined) selector.metric = word;
      if (name !== 'LabelName') return;
      if (node.parent?.name === 'GroupingLabels') groupedBy.push(word);
      else selector?.labels.push(word);
    },
  });
  return { selectors, groupedBy, faultAt };
}
