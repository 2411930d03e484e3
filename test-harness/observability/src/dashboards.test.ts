/** The dashboards as files: what Grafana needs of them, and that they ask for what is contracted. */
import { expect, test } from 'vitest';
import { readContract } from './contract.ts';
import { dashboards, type Panel, queries } from './dashboards.ts';
import { lintQuery } from './query-lint.ts';

const contract = readContract();

test('[ORCH-3028] there is a dashboard for each thing that operators look at', () => {
  expect(dashboards.map(([name]) => name)).toEqual(['engines-and-gpus', 'overview', 'queue-and-admission', 'slos', 'tenants']);
  expect(new Set(dashboards.map(([, { uid }]) => uid)).size).toBe(dashboards.length);
});

test.each(queries.map(({ place, query }) => [place, query]))('[ORCH-3028] %s asks for contracted metrics and labels', (_place, query) => {
  expect(query).not.toContain('$');
  expect(lintQuery(query, contract)).toEqual([]);
});

test.each(dashboards)(
  '%s is what Grafana takes: its data source chosen by a variable, its panels told apart and beside each other',
  (name, dashboard) => {
    const { uid, schemaVersion, templating, panels } = dashboard;
    expect(uid).toBe(`llama-orch-${name}`);
    expect(schemaVersion).toBeGreaterThanOrEqual(39);
    expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(panels.length).toBeGreaterThanOrEqual(6);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels) expect(panel.datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
    expect(panels.filter(({ gridPos: { x, w, h } }) => x < 0 || w < 1 || h < 1 || x + w > 24)).toEqual([]);
    expect(
      pairs(panels)
        .filter(([one, other]) => overlap(one, other))
        .map(([one, other]) => `${one.title} / ${other.title}`),
    ).toEqual([]);
  },
);

test.each(dashboards.flatMap(([name, { panels }]) => panels.map((panel) => [`${name}: ${panel.title}`, panel] as const)))(
  '%s says what it shows, in which unit, and which series is which',
  (_name, { title, description, targets, fieldConfig, type }) => {
    expect(title.length).toBeGreaterThan(3);
    expect(description.length).toBeGreaterThan(20);
    expect(fieldConfig.defaults.unit).not.toBe('');
    expect(fieldConfig.defaults.thresholds.steps[0]).toMatchObject({ value: null });
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    if (type !== 'stat' && type !== 'table') expect(targets.filter(({ legendFormat }) => legendFormat === '')).toEqual([]);
  },
);

test.each(dashboards)('the variables of %s ask for contracted labels, and "All" is all', (_name, { templating }) => {
  const contracted = new Map(Object.values(contract).flatMap((metrics) => metrics.map(({ name, labels }) => [name, labels] as const)));
  for (const { definition, allValue } of templating.list.filter(({ type }) => type === 'query')) {
    const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition ?? '') ?? [];
    expect(contracted.get(metric), definition).toContain(label);
    expect(allValue).toBe('.*');
  }
});

test('[ORCH-3041] each SLO that has an alert stands beside its target', () => {
  const targets = dashboards.find(([name]) => name === 'slos')?.[1].panels.flatMap((panel) => panel.targets.map(({ expr }) => expr)) ?? [];
  for (const slo of ['first_token_p95_ms', 'tokens_64_p95_ms', 'error_ratio'])
    expect(
      targets.some((expr) => expr === `max by (priority) (slo_target{slo="${slo}"})`),
      slo,
    ).toBe(true);
});

const pairs = (panels: readonly Panel[]): readonly (readonly [Panel, Panel])[] =>
  panels.flatMap((one, index) => panels.slice(index + 1).map((other) => [one, other] as const));

const overlap = ({ gridPos: one }: Panel, { gridPos: other }: Panel): boolean =>
  one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
