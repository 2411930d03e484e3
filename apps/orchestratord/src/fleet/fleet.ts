/**
 * The fleet as the controller sees it: pools, their workers and the agents that report them. It turns reports into
 * scheduler events and is the only writer of workers; it never dispatches and never dials an agent.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentStatus, PoolStatus, ReplicaReport } from '@llama-orch/api-types';
import type { CoreEvent } from '@llama-orch/orchestrator-core';
import type { AgentPresence, ClaimAnswer } from './agent-leases.ts';
import { DesiredPools } from './desired-pools.ts';
import { type AgentView, HeardAgents, type HeardAgentsOptions } from './heard-agents.ts';
import { type LeavingWorker, LiveWorkers, type LiveWorkersOptions } from './live-workers.ts';
import { asOwn, newEntry, type PoolEntry, type PoolView, reconfigure, statusOf } from './pool-entry.ts';
import { type PoolPhase, poolPhase } from './pool-phase.ts';
import { PoolTelling } from './pool-telling.ts';
import { startCountOf } from './replica-id.ts';
import { laneKeyOf, type ServedPool } from './served-pool.ts';
import type { Worker } from './worker.ts';

/** Told what the scheduler must know. */
export interface FleetListener {
  onFleetEvent(event: CoreEvent): void;
  /** The worker is gone for good; its attempts will never settle by themselves. */
  onWorkerGone(worker: Worker, reason: string): void;
  /** An agent reported, and its pools are as it said. */
  onReport(): void;
}

export type FleetOptions = HeardAgentsOptions &
  Omit<LiveWorkersOptions, 'onGone'> & {
    readonly pools: readonly ServedPool[];
  };

/** First and longest pause between two looks at a suspect worker. */
const suspectProbeMs = { first: 100, longest: 2_000 };

export class Fleet {
  readonly desired: DesiredPools;
  readonly #options: FleetOptions;
  readonly #agents: HeardAgents;
  readonly #workers: LiveWorkers;
  readonly #telling: PoolTelling;
  readonly #pools = new Map<string, PoolEntry>();
  #byHost: ReadonlyMap<string, readonly PoolEntry[]> = new Map();
  readonly #closing = new AbortController();
  #listener: FleetListener | null = null;

  constructor(options: FleetOptions) {
    const { pools, clock, log } = options;
    this.#options = options;
    this.#agents = new HeardAgents(options);
    this.#workers = new LiveWorkers({ ...options, onGone: (worker, reason) => this.#onGone(worker, reason) });
    this.#telling = new PoolTelling({ clock, log, emit: (event) => this.#emit(event) });
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
      if (entry.worker !== null) this.#workers.letGo(entry.worker, entry.pool.id);
    }
    for (const served of pools) {
      const known = this.#pools.get(served.pool.id);
      if (known === undefined) this.#pools.set(served.pool.id, newEntry(served));
      else reconfigure(known, served);
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
    reconfigure(entry, served);
    entry.firstStart = firstStart;
    const { worker } = entry;
    if (worker === null || startCountOf(worker.replicaId) >= firstStart) return;
    entry.worker = null;
    entry.suspect = false;
    entry.told = '';
    this.#workers.letGo(worker, served.pool.id);
  }

  /** Say in views that the pool gets nothing new; that it does not is the scheduler's. */
  setDraining(poolId: string, draining: boolean): void {
    const entry = this.#pools.get(poolId);
    if (entry !== undefined) entry.draining = draining;
  }

  leaving(poolId: string): readonly LeavingWorker[] {
    return this.#workers.leaving().filter((leaving) => leaving.poolId === poolId);
  }

  /** The worker has finished, or its time is up: what still runs there is placed again. */
  dropLeaving(leaving: LeavingWorker): void {
    this.#workers.dropLeaving(leaving);
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
    const answer = this.#agents.onStatus(name, status);
    if (answer.kind === 'taken') return answer;
    const reported = new Map(status.pools.map((pool) => [pool.pool_id, pool]));
    for (const entry of this.#byHost.get(name) ?? []) {
      const pool = reported.get(entry.pool.id);
      // An agent that has just started says nothing of pools that it has not applied yet: it may adopt their workers in a moment, and
      // the streams on these must not be cut.
      if (pool !== undefined || status.generation > 0) entry.status = pool ?? null;
      this.#assess(entry);
    }
    for (const leaving of this.#workers.leaving()) {
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
    const phase = poolPhase(pool, model.digest, asOwn(status, successor), this.presence(pool.host));
    return this.#sameVersionOrDown({ pool, laneKey: laneKeyOf(served) }, phase);
  }

  /** The generation of desired pools that the agent runs; `undefined` before it was heard. */
  appliedGeneration(host: string): number | undefined {
    return this.#agents.status(host)?.generation;
  }

  worker(replicaId: string): Worker | undefined {
    return this.#workers.get(replicaId);
  }

  workers(): Iterable<Worker> {
    return this.#workers.all();
  }

  pool(poolId: string): PoolView | undefined {
    return this.#pools.get(poolId);
  }

  pools(): Iterable<PoolView> {
    return this.#pools.values();
  }

  agents(): readonly AgentView[] {
    return this.#agents.list();
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
    await this.#workers.close();
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
    return this.#agents.presence(agent);
  }

  /** Bring the worker of a pool in line with what is reported, and tell the scheduler what changed. */
  #assess(entry: PoolEntry): void {
    const status = statusOf(entry);
    const phase = poolPhase(entry.pool, entry.modelDigest, status, this.presence(entry.pool.host));
    entry.phase = entry.worker === null ? this.#sameVersionOrDown(entry, phase) : phase;
    const replica = entry.phase.kind === 'ready' || entry.phase.kind === 'paused' ? entry.phase.replica : null;
    if (entry.worker !== null && entry.worker.replicaId !== replica?.replica_id) this.#removeWorker(entry, entry.worker);
    if (entry.worker === null && replica !== null && !this.#workers.isLeaving(replica.replica_id)) this.#addWorker(entry, replica);
    if (this.#listener !== null) this.#telling.tell(entry);
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

  #addWorker(entry: PoolEntry, replica: ReplicaReport): void {
    const opened = this.#workers.open(entry.pool, replica);
    if (opened.kind === 'impossible') {
      entry.phase = { kind: 'down', reason: opened.reason };
      return;
    }
    entry.worker = opened.worker;
    entry.suspect = false;
  }

  #removeWorker(entry: PoolEntry, worker: Worker): void {
    entry.worker = null;
    entry.suspect = false;
    entry.told = '';
    this.#workers.forget(worker, entry.status?.last_error?.message ?? 'its agent reports it gone');
  }

  #onGone(worker: Worker, reason: string): void {
    this.#emit({ kind: 'replicaDown', nowMs: this.#options.clock.nowMs(), replicaId: worker.replicaId });
    this.#listener?.onWorkerGone(worker, reason);
  }

  #emit(event: CoreEvent): void {
    this.#listener?.onFleetEvent(event);
  }
}
