/** The alert rules: they ask for what is contracted, each says what to do, and each was seen firing and silent. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readContract } from './contract.ts';
import { findTool, runTool } from './prometheus-tool.ts';
import { lintQuery } from './query-lint.ts';
import { paths } from './workspace.ts';

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
};
type RuleFile = { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
type CaseFile = { readonly tests: readonly Case[] };
type Case = {
  readonly name: string;
  readonly promql_expr_test: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
};

const yamlIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(directory, name));

const readYaml = (file: string): unknown => parse(readFileSync(file, 'utf8'));
const rules = yamlIn(paths.alerts).flatMap((file) => (readYaml(file) as RuleFile).groups.flatMap((group) => group.rules));
const contract = readContract();

test.each(rules.map((rule) => [rule.alert, rule] as const))(
  '[ORCH-3041] %s asks for contracted metrics and says what to do',
  (_name, rule) => {
    expect(lintQuery(rule.expr, contract)).toEqual([]);
    expect(['page', 'ticket']).toContain(rule.labels.severity);
    expect(rule.annotations.summary.length).toBeGreaterThan(20);
    expect(rule.annotations.runbook.length).toBeGreaterThan(40);
  },
);

test('[ORCH-3041] there is an alert for each SLO that is measured', () => {
  const asked = rules.flatMap(({ expr }) => Array.from(expr.matchAll(/slo="(\w+)"/g), ([, slo]) => slo));
  expect(new Set(asked)).toEqual(new Set(['first_token_p95_ms', 'tokens_64_p95_ms', 'token_rate_ratio', 'error_ratio']));
});

test('[ORCH-3041] every alert has a case in which it fires and one in which it is silent', () => {
  const seen = new Map<string, Set<'firing' | 'silent'>>();
  for (const { promql_expr_test: asked } of yamlIn(paths.alertTests).flatMap((file) => (readYaml(file) as CaseFile).tests)) {
    for (const { expr, exp_samples: samples } of asked) {
      const [, alert = ''] = /^count\(ALERTS\{alertname="(\w+)", alertstate="firing"\}\)$/.exec(expr) ?? [];
      const cases = seen.get(alert) ?? new Set();
      seen.set(alert, cases.add(samples.length > 0 ? 'firing' : 'silent'));
    }
  }
  expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(rules.map(({ alert }) => [alert, new Set(['firing', 'silent'])])));
});

test('[ORCH-3041] the rules are what Prometheus takes, and fire when they should', async (context) => {
  const promtool = await findTool('promtool', context);
  expect(await runTool(promtool, ['check', 'rules', ...yamlIn(paths.alerts)])).not.toContain('FAILED');
  expect(await runTool(promtool, ['test', 'rules', ...yamlIn(paths.alertTests)])).not.toContain('FAILED');
});
