/** The dashboards of `ci/dashboards`, read, and their queries with the variables filled in. It judges and evaluates none. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from './workspace.ts';

export type Target = { readonly refId: string; readonly expr: string; readonly legendFormat: string };

export type Panel = {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly type: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly Target[];
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string;
      readonly thresholds: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
    };
  };
};

export type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string; readonly allValue?: string }[];
  };
  readonly panels: readonly Panel[];
};

/** Name of its file without the ending, and the dashboard. */
export const dashboards: readonly (readonly [string, Dashboard])[] = readdirSync(paths.dashboards)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name.replace(/\.json$/, ''), JSON.parse(readFileSync(join(paths.dashboards, name), 'utf8')) as Dashboard]);

/** What Grafana asks Prometheus for where every variable stands at "All". */
export function fillIn(expr: string, { templating }: Dashboard): string {
  const variables = templating.list.filter(({ type }) => type === 'query');
  const filled = variables.reduce((text, { name, allValue = '' }) => text.replaceAll(`$${name}`, allValue), expr);
  return filled.replaceAll('$__rate_interval', '5m');
}

/** Every query of every panel, as it is asked. */
export const queries = dashboards.flatMap(([file, dashboard]) =>
  dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ refId, expr }) => ({ place: `${file}: ${title} (${refId})`, query: fillIn(expr, dashboard) })),
  ),
);
