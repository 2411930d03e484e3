/**
 * The gauges that mirror state, read at scrape. Reading changes nothing: two scrapes in a row show the same.
 */
import type { Config } from '@llama-orch/config-schema';
import type { Scheduler } from '@llama-orch/orchestrator-core';
import type { Clock } from './clock.ts';
import type { Fleet } from './fleet/fleet.ts';
import type { Journal } from './journal/journal.ts';
import type { GaugeReading } from './metrics.ts';
import type { StreamHub } from './stream-hub.ts';
import { type TaskAccounts, versionLabels } from './task-accounts.ts';

export type GaugeSources = {
  readonly scheduler: Scheduler;
  readonly fleet: Fleet;
  readonly hub: StreamHub;
  readonly journal: Journal;
  readonly accounts: TaskAccounts;
  readonly slos: () => Config['slos'];
  readonly tenantLabel: (tenantId: string) => string;
  readonly clock: Clock;
};

/** @req ORCH-3028 */
export const readGauges = function* ({
  scheduler,
  fleet,
  hub,
  journal,
  accounts,
  slos,
  tenantLabel,
  clock,
}: GaugeSources): Generator<GaugeReading> {
  for (const lane of scheduler.lanes()) {
    // A lane that only empties has no pool to name it; its operation tells what waits there.
    if (lane.poolIds.length === 0) continue;
    const engine = fleet.pool(lane.poolIds[0] ?? '')?.pool.engine ?? 'none';
    for (const priority of ['interactive', 'batch'] as const) {
      // The lane's first pool names it: lane ids are digests, which no operator knows by heart.
      yield { name: 'queue_depth', labels: { engine, lane: lane.poolIds[0] ?? lane.laneId, priority }, value: lane.queued[priority] };
    }
  }
  yield* readShares(scheduler, tenantLabel);
  for (const { engine, priority, met, total } of accounts.deadlines()) {
    yield { name: 'deadlines_met_ratio', labels: { engine, priority }, value: met / total };
  }
  for (const priority of ['interactive', 'batch'] as const) {
    for (const [slo, value] of Object.entries(slos()[priority])) yield { name: 'slo_target', labels: { priority, slo }, value };
  }
  const streams = hub.countByEngine();
  for (const engine of new Set([...Array.from(fleet.pools(), ({ pool }) => pool.engine), ...streams.keys()]))
    yield { name: 'stream_subscribers', labels: { engine }, value: streams.get(engine) ?? 0 };
  yield* readReplicas(fleet);
  yield* readBreakers(scheduler, fleet, clock);
  for (const [presence, agents] of Map.groupBy(fleet.agents(), (agent) => agent.presence)) {
    yield { name: 'agents', labels: { presence }, value: agents.length };
  }
  yield { name: 'journal_pending_records', labels: {}, value: journal.pending };
  yield { name: 'journal_writable', labels: {}, value: journal.fault === null ? 1 : 0 };
};

const readShares = function* (scheduler: Scheduler, tenantLabel: (tenantId: string) => string): Generator<GaugeReading> {
  const shares = scheduler.shares();
  for (const [name, value] of Object.entries(shares.byClass)) yield { name: 'admission_share', labels: { scope: 'class', name }, value };
  const byLabel = new Map<string, number>();
  for (const [tenantId, value] of shares.byTenant) byLabel.set(tenantLabel(tenantId), (byLabel.get(tenantLabel(tenantId)) ?? 0) + value);
  for (const [name, value] of byLabel) yield { name: 'admission_share', labels: { scope: 'tenant', name }, value };
};

const readBreakers = function* (scheduler: Scheduler, fleet: Fleet, clock: Clock): Generator<GaugeReading> {
  const counts = new Map<string, { labels: { engine: string; scope: string; state: string }; value: number }>();
  for (const { pool } of fleet.pools()) {
    const breaker = scheduler.breaker(pool.id, clock.nowMs());
    if (breaker === undefined || breaker.state === 'closed') continue;
    const labels = { engine: pool.engine, scope: breaker.scope, state: breaker.state };
    const key = Object.values(labels).join(' ');
    const count = counts.get(key) ?? { labels, value: 0 };
    count.value += 1;
    counts.set(key, count);
  }
  for (const { labels, value } of counts.values()) yield { name: 'breakers', labels, value };
};

const readReplicas = function* (fleet: Fleet): Generator<GaugeReading> {
  const counts = new Map<string, { labels: ReturnType<typeof versionLabels> & { state: string }; value: number }>();
  for (const { worker, phase, suspect } of fleet.pools()) {
    if (worker === null) continue;
    const labels = { ...versionLabels(worker.report), state: phase.kind === 'ready' && !suspect ? 'ready' : 'unready' };
    const key = Object.values(labels).join('\0');
    const count = counts.get(key) ?? { labels, value: 0 };
    count.value += 1;
    counts.set(key, count);
  }
  for (const { labels, value } of counts.values()) yield { name: 'replicas', labels, value };
};
