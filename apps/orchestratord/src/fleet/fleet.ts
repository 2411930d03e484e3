/**
 * The fleet as the controller sees it: pools, their workers and the agents that report them. It turns reports into
 * scheduler events and is the only writer of workers; it never dispatches and never dials an agent.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineName } from '@llama-orch/adapter-api';
import type { AgentStatus, PoolStatus, ReplicaReport } from '@llama-orch/api-types';
import type { PoolConfig } from '@llama-orch/config-schema';
import type { CoreEvent } from '@llama-orch/orchestrator-core';
import type { Logger } from '@llama-orch/service-kit';
import type { Clock } from '../clock.ts';
import { AgentLeases, type AgentLease, type AgentPresence, type ClaimAnswer } from './agent-leases.ts';
import { DesiredPools } from './desired-pools.ts';
import { readEngineKey } from './engine-key.ts';
import { type PoolPhase, poolPhase } from './pool-phase.ts';
import { laneKeyOf, type ServedPool } from './served-pool.ts';
import { spreadOf } from './spread.ts';
import { type AdapterTable, createWorker, type Worker } from './worker.ts';

/** A pool with everything known of it. */
export type PoolView = {
  readonly pool: PoolConfig;
  readonly modelDigest: string;
  readonly status: PoolStatus | null;
  readonly phase: PoolPhase;
  readonly worker: Worker | null;
  /** Traffic found the worker broken before its agent did: no dispatch until it answers again. */
  readonly suspect: boolean;
  /** Drained, or its worker is being replaced. */
  readonly draining: boolean;
};

/** A worker that was replaced, or whose pool is gone: it finishes what it has. */
export type LeavingWorker = { readonly worker: Worker; readonly poolId: string };

export type AgentView = AgentLease & { readonly presence: AgentPresence; readonly status: AgentStatus };

/** Told what the scheduler must know. */
export interface FleetListener {
  onFleetEvent(event: CoreEvent): void;
  /** The worker is gone for good; its attempts will never settle by themselves. */
  onWorkerGone(worker: Worker, reason: string): void;
  /** An agent reported, and its pools are as it said. */
  onReport(): void;
}

export type FleetOptions = {
  readonly pools: readonly ServedPool[];
  /** An agent that is not heard for this long is lost, ms. */
  readonly silentMs: number;
  readonly adapters: AdapterTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a call to a worker that is not a stream may take, ms. */
  readonly callTimeoutMs: number;
};

type PoolEntry = {
  pool: PoolConfig;
  modelDigest: string;
  /** Equal for pools that are one lane by config. */
  laneKey: string;
  /** Workers of an earlier start are not this pool's any more; 0 = all are. */
  firstStart: number;
  draining: boolean;
  status: PoolStatus | null;
  phase: PoolPhase;
  worker: Worker | null;
  /** Traffic found the worker broken before its agent did: no dispatch until it answers again. */
  suspect: boolean;
  /** The last event told of the pool, so that each change is told once. */
  told: string;
};

/** First and longest pause between two looks at a suspect worker. */
const suspectProbeMs = { first: 100, longest: 2_000 };

export class Fleet {
  readonly desired: DesiredPools;
  readonly #options: FleetOptions;
  readonly #leases: AgentLeases;
  readonly #statuses = new Map<string, AgentStatus>();
  readonly #pools = new Map<string, PoolEntry>();
  #byHost: ReadonlyMap<string, readonly PoolEntry[]> = new Map();
  readonly #leaving = new Map<string, LeavingWorker>();
  readonly #workers = new Map<string, Worker>();
  readonly #startedAtMs: number;
  readonly #closing = new AbortController();
  #listener: FleetListener | null = null;

  constructor(options: FleetOptions) {
    const { pools, silentMs, clock } = options;
    this.#options = options;
    this.#startedAtMs = clock.nowMs();
    this.#leases = new AgentLeases(silentMs);
    this.desired = new DesiredPools(
      pools.map((served) => ({ served, successor: null })),
      clock.epochMs(),
    );
    this.configure(pools);
  }

  /**
   * Other pools from now on. One that stays keeps its worker, whatever of it changed: who wants another worker calls
   * {@link Fleet.replaceWorker} first. The worker of one that is gone is left to finish.
   *
   * @req ORCH-3031
   */
  configure(pools: readonly ServedPool[]): void {
    const kept = new Set(pools.map(({ pool }) => pool.id));
    for (const entry of this.#pools.values()) {
      if (kept.has(entry.pool.id)) continue;
      this.#pools.delete(entry.pool.id);
      if (entry.worker !== null) this.#letGo(entry.worker, entry.pool.id);
    }
    for (const served of pools) {
      const known = this.#pools.get(served.pool.id);
      if (known === undefined) this.#pools.set(served.pool.id, newEntry(served));
      else take(known, served);
    }
    this.#byHost = Map.groupBy(this.#pools.values(), (entry) => entry.pool.host);
    for (const entry of this.#pools.values()) this.#assess(entry);
  }

  /**
   * The pool's worker is another one from now on: the first of start `firstStart` or later. The one before is left to finish.
   *
   * @req ORCH-2102
   */
  replaceWorker(served: ServedPool, firstStart: number): void {
    const entry = this.#pools.get(served.pool.id);
    if (entry === undefined) return;
    take(entry, served);
    entry.firstStart = firstStart;
    const { worker } = entry;
    if (worker === null || startCountOf(worker.replicaId) >= firstStart) return;
    entry.worker = null;
    entry.suspect = false;
    entry.told = '';
    this.#letGo(worker, served.pool.id);
  }

  /** Say in views that the pool gets nothing new; that it does not is the scheduler's. */
  setDraining(poolId: string, draining: boolean): void {
    const entry = this.#pools.get(poolId);
    if (entry !== undefined) entry.draining = draining;
  }

  leaving(poolId: string): readonly LeavingWorker[] {
    return [...this.#leaving.values()].filter((leaving) => leaving.poolId === poolId);
  }

  /** The worker has finished, or its time is up: what still runs there is placed again. */
  dropLeaving({ worker }: LeavingWorker): void {
    if (!this.#leaving.delete(worker.replicaId)) return;
    this.#forgetWorker(worker, 'it was replaced');
  }

  /** Connect the one listener and tell it where every pool stands. */
  listen(listener: FleetListener): void {
    this.#listener = listener;
    for (const entry of this.#pools.values()) this.#assess(entry);
  }

  /**
   * Take one agent's report.
   *
   * @returns `taken` (409) while another live instance holds the name.
   * @req ORCH-2109
   */
  onStatus(name: string, status: AgentStatus): ClaimAnswer {
    const claim = { name, instanceId: status.instance_id, agentVersion: status.agent_version, intervalMs: status.interval_ms };
    const isNew = !this.#leases.has(name);
    const answer = this.#leases.claim(claim, this.#options.clock.nowMs());
    if (answer.kind === 'taken') return answer;
    if (isNew) this.#options.log.info({ event: 'agent_registered', agent: name, instance_id: status.instance_id }, 'agent registered');
    this.#statuses.set(name, status);
    const reported = new Map(status.pools.map((pool) => [pool.pool_id, pool]));
    for (const entry of this.#byHost.get(name) ?? []) {
      const pool = reported.get(entry.pool.id);
      // An agent that has just started says nothing of pools that it has not applied yet: it may adopt their workers in a moment, and
      // the streams on these must not be cut.
      if (pool !== undefined || status.generation > 0) entry.status = pool ?? null;
      this.#assess(entry);
    }
    for (const leaving of this.#leaving.values()) {
      if (leaving.worker.pool.host !== name || status.generation === 0) continue;
      const pool = reported.get(leaving.poolId);
      const reports = [pool?.replica, pool?.successor?.replica];
      if (!reports.some((replica) => replica?.replica_id === leaving.worker.replicaId)) this.dropLeaving(leaving);
    }
    this.#listener?.onReport();
    return answer;
  }

  /** Notice agents that fell silent. */
  tick(): void {
    for (const entry of this.#pools.values()) this.#assess(entry);
  }

  /** What the pool's agent said last, of all its workers. */
  report(poolId: string): PoolStatus | null {
    return this.#pools.get(poolId)?.status ?? null;
  }

  /** What the pool's second worker would be worth as its worker; `null` = there is none. */
  successorPhase(served: ServedPool): PoolPhase | null {
    const { pool, model } = served;
    const status = this.report(pool.id);
    const successor = status?.successor ?? null;
    if (status === null || successor === null) return null;
    const { state, replica, last_error: lastError, start_count: startCount } = successor;
    const asOwn: PoolStatus = { ...status, state, replica, last_error: lastError, start_count: startCount };
    const phase = poolPhase(pool, model.digest, asOwn, this.presence(pool.host));
    return this.#sameVersionOrDown({ pool, laneKey: laneKeyOf(served) }, phase);
  }

  /** The generation of desired pools that the agent runs; `undefined` before it was heard. */
  appliedGeneration(host: string): number | undefined {
    return this.#statuses.get(host)?.generation;
  }

  worker(replicaId: string): Worker | undefined {
    return this.#workers.get(replicaId);
  }

  workers(): Iterable<Worker> {
    return this.#workers.values();
  }

  pool(poolId: string): PoolView | undefined {
    return this.#pools.get(poolId);
  }

  pools(): Iterable<PoolView> {
    return this.#pools.values();
  }

  agents(): readonly AgentView[] {
    return this.#leases.list().flatMap((lease) => {
      const status = this.#statuses.get(lease.name);
      return status === undefined ? [] : [{ ...lease, status, presence: this.presence(lease.name) }];
    });
  }

  /** A live worker that holds the model; any will do to count tokens. */
  workerOfModel(modelDigest: string): Worker | undefined {
    for (const entry of this.#pools.values()) {
      if (entry.modelDigest === modelDigest && entry.worker !== null && entry.phase.kind === 'ready' && !entry.suspect) return entry.worker;
    }
    return undefined;
  }

  /**
   * Traffic found the worker broken: stop dispatching to it until it answers its health check again. Its agent will
   * find out too, but a dead worker must not eat the queue in the second before that.
   *
   * @req ORCH-3010
   */
  suspect(worker: Worker, reason: string): void {
    const entry = this.#pools.get(worker.pool.id);
    if (entry === undefined || entry.worker !== worker || entry.suspect) return;
    entry.suspect = true;
    this.#options.log.warn(
      { event: 'replica_suspect', pool_id: worker.pool.id, replica_id: worker.replicaId, reason },
      'worker failed a task; no dispatch until it answers',
    );
    this.#assess(entry);
    void this.#probeSuspect(entry, worker);
  }

  /** Close every adapter; running streams are aborted. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.desired.close();
    await Promise.all([...this.#workers.values()].map((worker) => worker.adapter.close()));
    this.#workers.clear();
  }

  async #probeSuspect(entry: PoolEntry, worker: Worker): Promise<void> {
    let pauseMs = suspectProbeMs.first;
    while (entry.worker === worker && !this.#closing.signal.aborted) {
      const health = await worker.adapter.health(this.#closing.signal);
      if (health.kind === 'ready') break;
      await pause(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, suspectProbeMs.longest);
    }
    if (entry.worker !== worker || this.#closing.signal.aborted) return;
    entry.suspect = false;
    this.#options.log.info({ event: 'replica_cleared', pool_id: worker.pool.id, replica_id: worker.replicaId }, 'worker answers again');
    this.#assess(entry);
  }

  presence(agent: string): AgentPresence {
    return this.#leases.presence(agent, this.#options.clock.nowMs(), this.#startedAtMs);
  }

  /** Bring the worker of a pool in line with what is reported, and tell the scheduler what changed. */
  #assess(entry: PoolEntry): void {
    const status = statusOf(entry);
    const phase = poolPhase(entry.pool, entry.modelDigest, status, this.presence(entry.pool.host));
    entry.phase = entry.worker === null ? this.#sameVersionOrDown(entry, phase) : phase;
    const replica = entry.phase.kind === 'ready' || entry.phase.kind === 'paused' ? entry.phase.replica : null;
    if (entry.worker !== null && entry.worker.replicaId !== replica?.replica_id) this.#removeWorker(entry, entry.worker);
    if (entry.worker === null && replica !== null && !this.#leaving.has(replica.replica_id)) this.#addWorker(entry, replica.engine);
    this.#tell(entry);
  }

  /** A pool that wants one engine version in its lane waits for the lane's first worker's (ORCH-3046). */
  #sameVersionOrDown({ pool, laneKey }: Pick<PoolEntry, 'pool' | 'laneKey'>, phase: PoolPhase): PoolPhase {
    if (!pool.require_same_engine_version || (phase.kind !== 'ready' && phase.kind !== 'paused')) return phase;
    const { engine_version: version } = phase.replica;
    for (const other of this.#pools.values()) {
      const first = other.worker?.report.engine_version;
      if (other.pool.id === pool.id || first === undefined || other.laneKey !== laneKey) continue;
      if (first !== version)
        return { kind: 'down', reason: `worker has engine version ${version}, pool ${other.pool.id} of its lane has ${first}` };
      return phase;
    }
    return phase;
  }

  #addWorker(entry: PoolEntry, engine: EngineName): void {
    if (entry.phase.kind !== 'ready' && entry.phase.kind !== 'paused') return;
    const createAdapter = this.#options.adapters[engine];
    if (createAdapter === undefined) {
      entry.phase = { kind: 'down', reason: `this controller has no adapter for ${engine}` };
      return;
    }
    const engineKey = readEngineKey(entry.pool);
    if (engineKey.kind === 'missing') {
      entry.phase = { kind: 'down', reason: engineKey.reason };
      return;
    }
    const { callTimeoutMs, clock } = this.#options;
    const apiKey = engineKey.kind === 'key' ? { apiKey: engineKey.key } : {};
    entry.worker = createWorker(entry.pool, entry.phase.replica, createAdapter, { ...apiKey, callTimeoutMs, nowMs: () => clock.nowMs() });
    entry.suspect = false;
    this.#workers.set(entry.worker.replicaId, entry.worker);
  }

  #removeWorker(entry: PoolEntry, worker: Worker): void {
    entry.worker = null;
    entry.suspect = false;
    entry.told = '';
    this.#forgetWorker(worker, entry.status?.last_error?.message ?? 'its agent reports it gone');
  }

  #letGo(worker: Worker, poolId: string): void {
    this.#leaving.set(worker.replicaId, { worker, poolId });
    this.#options.log.info(
      { event: 'replica_leaving', pool_id: poolId, replica_id: worker.replicaId, running: worker.running },
      'replica finishes what it has, and gets nothing new',
    );
  }

  #forgetWorker(worker: Worker, reason: string): void {
    this.#workers.delete(worker.replicaId);
    this.#emit({ kind: 'replicaDown', nowMs: this.#options.clock.nowMs(), replicaId: worker.replicaId });
    this.#listener?.onWorkerGone(worker, reason);
    worker.adapter
      .close()
      .catch((cause: unknown) => this.#options.log.warn({ event: 'adapter_close_failed', err: cause }, 'closing an adapter failed'));
    this.#options.log.info({ event: 'replica_down', pool_id: worker.pool.id, replica_id: worker.replicaId }, 'replica is gone');
  }

  /** @req ORCH-3019 */
  #tell(entry: PoolEntry): void {
    if (this.#listener === null) return;
    const { phase, worker, pool } = entry;
    const nowMs = this.#options.clock.nowMs();
    const serving = phase.kind === 'ready' && worker !== null && !entry.suspect;
    const hopeful = phase.kind === 'starting' || (phase.kind === 'paused' && phase.mayRecover) || (phase.kind === 'ready' && entry.suspect);
    const slots = serving ? Math.min(pool.slots, phase.replica.slots_total) : 0;
    const telling = `${worker?.replicaId ?? ''} ${serving ? `ready ${slots}` : hopeful ? 'hopeful' : 'down'}`;
    if (telling === entry.told) return;
    entry.told = telling;
    if (serving) {
      const { engine_version: engineVersion, numerics } = worker.report;
      this.#options.log.info(
        {
          event: 'replica_ready',
          pool_id: pool.id,
          replica_id: worker.replicaId,
          engine: pool.engine,
          engine_version: engineVersion,
          slots,
        },
        'replica is ready',
      );
      this.#emit({
        kind: 'replicaUp',
        nowMs,
        replica: { replicaId: worker.replicaId, poolId: pool.id, engineVersion, numerics, slots, spread: spreadOf(worker.report.topology) },
      });
      return;
    }
    if (worker !== null) this.#emit({ kind: 'replicaPaused', nowMs, replicaId: worker.replicaId });
    this.#emit({ kind: 'poolState', nowMs, poolId: pool.id, state: hopeful ? 'starting' : 'down' });
    const reason = 'reason' in phase ? phase.reason : 'suspect';
    this.#options.log.info(
      { event: 'pool_not_ready', pool_id: pool.id, state: hopeful ? 'starting' : 'down', reason, ...mishaps(entry.status) },
      'pool is not ready',
    );
  }

  #emit(event: CoreEvent): void {
    this.#listener?.onFleetEvent(event);
  }
}

/** What befell a pool's workers so far, for its log lines (ORCH-3027). */
const mishaps = (status: PoolStatus | null) => ({
  oom_events: (status?.oom_events.device ?? 0) + (status?.oom_events.host ?? 0),
  driver_reset_events: status?.driver_reset_events ?? 0,
  ecc_events: status?.ecc_events ?? 0,
});

const newEntry = (served: ServedPool): PoolEntry => ({
  pool: served.pool,
  modelDigest: served.model.digest,
  laneKey: laneKeyOf(served),
  firstStart: 0,
  draining: false,
  status: null,
  phase: { kind: 'starting', reason: 'not reported yet' },
  worker: null,
  suspect: false,
  told: '',
});

const take = (entry: PoolEntry, served: ServedPool): void => {
  entry.pool = served.pool;
  entry.modelDigest = served.model.digest;
  entry.laneKey = laneKeyOf(served);
  if (entry.worker !== null && startCountOf(entry.worker.replicaId) >= entry.firstStart) entry.worker.pool = served.pool;
};

/**
 * What is reported of the worker that the pool has now: the pool's own report, that of the successor until it has taken the place, or
 * nothing yet.
 */
const statusOf = ({ status, firstStart }: PoolEntry): PoolStatus | null => {
  if (status === null || firstStart === 0 || isOf(status.replica, firstStart)) return status;
  const successor = status.successor ?? null;
  if (successor !== null && isOf(successor.replica, firstStart)) {
    const { state, replica, last_error: lastError, start_count: startCount } = successor;
    return { ...status, state, replica, last_error: lastError, start_count: startCount };
  }
  return status.replica === null ? status : { ...status, state: 'starting', replica: null };
};

const isOf = (replica: ReplicaReport | null, firstStart: number): boolean =>
  replica !== null && startCountOf(replica.replica_id) >= firstStart;

/** Of `pool_id/start_count`. */
export const startCountOf = (replicaId: string): number => Number(replicaId.slice(replicaId.lastIndexOf('/') + 1));
