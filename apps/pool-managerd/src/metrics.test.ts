import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { agentMetrics, createAgentMetrics } from './metrics.ts';
import type { PoolView } from './pool.ts';
import { liveWorker, poolSpec } from './testing/pool-specs.ts';

const worker = liveWorker();
const view = (overrides: Partial<PoolView> = {}): PoolView => ({
  spec: poolSpec(),
  state: {
    kind: 'ready',
    worker: { ...worker, record: { ...worker.record, tested: { engineVersion: 'b1', slotsTotal: 1, ctxTokens: 1, loadMs: 1 } } },
  },
  wanted: true,
  startCount: 1,
  lastError: null,
  restarts: 0,
  oomEvents: { device: 0, host: 0 },
  driverResetEvents: 0,
  eccEvents: 0,
  capacitySlots: 1,
  preload: null,
  gauges: { slotsFree: 1, vramUsedBytes: 1024, gpuUtilizationRatio: 0.5, kvCacheUsageRatio: null, tokensTotal: null },
  ...overrides,
});

const ownLines = (text: string): string =>
  text
    .split('\n')
    .filter((line) => Object.keys(agentMetrics).some((name) => line.startsWith(name)))
    .join('\n');

test('[ORCH-3028] exports pools, workers and the link, each with its closed labels', async () => {
  const metrics = createAgentMetrics(
    () => [view()],
    () => true,
  );
  metrics.onRestart(poolSpec(), 'b1', 'device-oom');
  metrics.onPreload(poolSpec(), null, 'failed');
  expect(ownLines(await metrics.registry.metrics())).toMatchInlineSnapshot(`
    "worker_restarts_total{pool_id="llama-a",engine="llamacpp",engine_version="b1",reason="device-oom"} 1
    preload_outcomes_total{pool_id="llama-a",engine="llamacpp",engine_version="unknown",outcome="failed"} 1
    gpu_utilization{pool_id="llama-a",engine="llamacpp",engine_version="b1"} 0.5
    vram_used_bytes{pool_id="llama-a",engine="llamacpp",engine_version="b1"} 1024
    pool_state{pool_id="llama-a",engine="llamacpp",state="stopped"} 0
    pool_state{pool_id="llama-a",engine="llamacpp",state="starting"} 0
    pool_state{pool_id="llama-a",engine="llamacpp",state="ready"} 1
    pool_state{pool_id="llama-a",engine="llamacpp",state="unready"} 0
    pool_state{pool_id="llama-a",engine="llamacpp",state="stopping"} 0
    pool_state{pool_id="llama-a",engine="llamacpp",state="refused"} 0
    controller_connected 1"
  `);
});

test('[ORCH-3028] exports exactly the metrics of its table beside the process metrics', async () => {
  const { registry } = createAgentMetrics(
    () => [],
    () => false,
  );
  const names = registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => !/^(process|nodejs)_/.test(name));
  expect(names.toSorted()).toEqual(Object.keys(agentMetrics).toSorted());
  for (const metric of registry.getMetricsAsArray()) {
    const row = Object.entries(agentMetrics).find(([name]) => name === metric.name)?.[1];
    if (row !== undefined) expect(metric).toMatchObject({ help: row.help, type: row.type, labelNames: [...row.labels] });
  }
});

test('a pool that is gone leaves no gauge behind', async () => {
  let views = [view()];
  const { registry } = createAgentMetrics(
    () => views,
    () => false,
  );
  await registry.metrics();
  views = [];
  expect(ownLines(await registry.metrics())).toBe('controller_connected 0');
});

test('[ORCH-3028] exports exactly the metrics of the specification, with their types and labels', () => {
  const text = readFileSync(new URL('../../../specs/metrics/otel-prom.md', import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith('pool-managerd')) ?? '';
  const rows = section.matchAll(/^\| `([a-z0-9_]+)` \| (\w+) \| [^|]* \|(?: `([^`]*)`)? \|/gm);
  const specified = Object.fromEntries(
    [...rows].map(([, name, type, labels]) => [name, { type, labels: labels === undefined ? [] : labels.split(', ') }]),
  );
  expect(Object.fromEntries(Object.entries(agentMetrics).map(([name, { type, labels }]) => [name, { type, labels: [...labels] }]))).toEqual(
    specified,
  );
});
