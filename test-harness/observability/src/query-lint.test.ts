import { expect, test } from 'vitest';
import type { MetricsContract } from './contract.ts';
import { lintQuery } from './query-lint.ts';

const contract: MetricsContract = {
  orchestratord: [
    { name: 'tasks_ended_total', type: 'counter', labels: ['engine', 'outcome'], budget: '8' },
    { name: 'queue_time_ms', type: 'histogram', labels: ['engine', 'priority'], budget: '8' },
  ],
  'pool-managerd': [{ name: 'pool_state', type: 'gauge', labels: ['pool_id', 'state'], budget: 'P' }],
};

test.each([
  'sum by (engine) (rate(tasks_ended_total{outcome="failed"}[5m])) / sum by (engine) (rate(tasks_ended_total[5m]))',
  'histogram_quantile(0.95, sum by (le, priority) (rate(queue_time_ms_bucket[5m])))',
  'rate(queue_time_ms_sum[5m]) / rate(queue_time_ms_count[5m])',
  'pool_state{state="ready"} == 0 unless on (instance) up == 0',
  'process_open_fds / process_max_fds > 0.8',
])('[ORCH-3028] %s names contracted metrics and labels', (query) => {
  expect(lintQuery(query, contract)).toEqual([]);
});

test.each([
  ['sum(rate(tasks_ended[5m]))', 'tasks_ended: not in the metrics contract'],
  ['tasks_ended_total{tenant="a"}', 'tasks_ended_total: has no label tenant'],
  ['sum by (tenant) (tasks_ended_total)', 'groups by tenant'],
  ['queue_time_ms > 1', 'queue_time_ms: not in the metrics contract'],
  ['tasks_ended_total{le="5"}', 'has no label le'],
  ['sum(rate(tasks_ended_total[5m])', 'expected PromQL'],
  ['1 + 1', 'expected a metric'],
])('%s is refused: %s', (query, expected) => {
  expect(lintQuery(query, contract).join('; ')).toContain(expected);
});
