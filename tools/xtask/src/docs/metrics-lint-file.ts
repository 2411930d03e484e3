/**
 * ci/metrics.lint.json: the metrics contract as programs read it. It writes no file.
 */
import type { ContractedMetric } from '@llama-orch/spec-extract';

/** By service; metrics in the order of the specification. */
export function metricsLintFile(metrics: readonly ContractedMetric[]): string {
  const services = Map.groupBy(metrics, ({ service }) => service);
  const content = {
    generated: 'by `pnpm xtask docs` from specs/metrics/otel-prom.md; do not edit',
    services: Object.fromEntries(
      Array.from(services, ([service, own]) => [
        service,
        own.map(({ name, type, unit, labels, budget, requirements }) => ({ name, type, unit, labels, budget, requirements })),
      ]),
    ),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
