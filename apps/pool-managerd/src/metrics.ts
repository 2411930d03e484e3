/**
 * The agent's metrics: one table, on a registry of its own. It reads views of pools; it decides nothing.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { PoolView, RestartReason } from './pool.ts';
import type { PoolSpec } from './pool-spec.ts';
import { workerOf } from './pool-state.ts';
import { toWireState } from './wire.ts';

const worker = ['pool_id', 'engine', 'engine_version'] as const;

/** Everything the agent exports beside the process metrics. Labels are closed sets: pools, engines, kinds of the failure table. */
export const agentMetrics = {
  worker_restarts_total: {
    type: 'counter',
    help: 'Workers started again, by the reason the one before ended.',
    labels: [...worker, 'reason'],
  },
  preload_outcomes_total: {
    type: 'counter',
    help: 'Tries to get a worker Ready, by outcome: ok or failed.',
    labels: [...worker, 'outcome'],
  },
  kv_cache_usage_ratio: { type: 'gauge', help: 'Share of the KV cache in use, 0 to 1.', labels: [...worker] },
  gpu_utilization: { type: 'gauge', help: 'Utilization of the devices of the pool’s mask, 0 to 1, mean.', labels: [...worker] },
  vram_used_bytes: { type: 'gauge', help: 'Device memory in use by the worker, bytes.', labels: [...worker] },
  pool_state: {
    type: 'gauge',
    help: '1 for the state the pool is in: stopped, starting, ready, unready, stopping, refused; 0 for the others.',
    labels: ['pool_id', 'engine', 'state'],
  },
  controller_connected: { type: 'gauge', help: '1 while the controller takes this agent’s status.', labels: [] },
} as const satisfies Record<string, { readonly type: 'counter' | 'gauge'; readonly help: string; readonly labels: readonly string[] }>;

const states = ['stopped', 'starting', 'ready', 'unready', 'stopping', 'refused'] as const;

export type AgentMetrics = {
  readonly registry: Registry;
  onRestart(spec: PoolSpec, engineVersion: string | null, reason: RestartReason): void;
  onPreload(spec: PoolSpec, engineVersion: string | null, outcome: 'ok' | 'failed'): void;
};

/**
 * @param views - Read at each scrape.
 * @req ORCH-3028, ORCH-2108
 */
export const createAgentMetrics = (views: () => readonly PoolView[], isConnected: () => boolean): AgentMetrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  dropMisnamed(registry);
  const counter = (name: 'worker_restarts_total' | 'preload_outcomes_total') =>
    new Counter({ name, help: agentMetrics[name].help, labelNames: agentMetrics[name].labels, registers: [registry] });
  const restarts = counter('worker_restarts_total');
  const preloads = counter('preload_outcomes_total');

  /** A gauge read from the pools at each scrape; pools without the figure have no line. */
  const workerGauge = (
    name: 'kv_cache_usage_ratio' | 'gpu_utilization' | 'vram_used_bytes',
    read: (view: PoolView) => number | null | undefined,
  ): void => {
    const gauge: Gauge = new Gauge({
      name,
      help: agentMetrics[name].help,
      labelNames: agentMetrics[name].labels,
      registers: [registry],
      collect: () => {
        gauge.reset();
        for (const view of views()) {
          const value = read(view);
          if (value !== null && value !== undefined)
            gauge.set(labelsOf(view.spec, workerOf(view.state)?.record.tested?.engineVersion ?? null), value);
        }
      },
    });
  };
  workerGauge('kv_cache_usage_ratio', ({ gauges }) => gauges?.kvCacheUsageRatio);
  workerGauge('gpu_utilization', ({ gauges }) => gauges?.gpuUtilizationRatio);
  workerGauge('vram_used_bytes', ({ gauges }) => gauges?.vramUsedBytes);

  const stateGauge: Gauge = new Gauge({
    name: 'pool_state',
    help: agentMetrics.pool_state.help,
    labelNames: agentMetrics.pool_state.labels,
    registers: [registry],
    collect: () => {
      stateGauge.reset();
      for (const { spec, state } of views())
        for (const name of states)
          stateGauge.set({ pool_id: spec.id, engine: spec.engine, state: name }, toWireState(state) === name ? 1 : 0);
    },
  });
  const connected: Gauge = new Gauge({
    name: 'controller_connected',
    help: agentMetrics.controller_connected.help,
    registers: [registry],
    collect: () => connected.set(isConnected() ? 1 : 0),
  });

  return {
    registry,
    onRestart: (spec, engineVersion, reason) => restarts.inc({ ...labelsOf(spec, engineVersion), reason }),
    onPreload: (spec, engineVersion, outcome) => preloads.inc({ ...labelsOf(spec, engineVersion), outcome }),
  };
};

/** Before a worker told its version it is `unknown`. */
const labelsOf = (spec: PoolSpec, engineVersion: string | null) => ({
  pool_id: spec.id,
  engine: spec.engine,
  engine_version: engineVersion ?? 'unknown',
});

/** prom-client has gauges whose names end like those of counters, which `promtool check metrics` refuses; their parts stay. */
const dropMisnamed = (registry: Registry): void => {
  for (const { name, type } of registry.getMetricsAsArray()) {
    // The declared type is an enum that the package does not have.
    if (String(type) === 'gauge' && name.endsWith('_total')) registry.removeSingleMetric(name);
  }
};
