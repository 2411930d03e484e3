/**
 * All that the scheduler remembers, in one record: config, tenants, sessions, fleet, tasks, and the effects of the event at
 * hand. It keeps; what to do is decided in the files that are given it. One scheduler owns it.
 */
import type { CoreEffect } from './effect.ts';
import { Fleet } from './fleet.ts';
import type { ClassWeights } from './fairness.ts';
import { IndexedHeap } from './heap.ts';
import { KeyTable } from './key-table.ts';
import type { Pool } from './lane.ts';
import type { CoreConfig, TaskSpec } from './model.ts';
import type { TokenBucket } from './rate-limit.ts';
import { ReleasingSlots } from './releasing.ts';
import type { Replica } from './replica.ts';
import { type Session, SessionTable } from './session.ts';
import type { Task } from './task.ts';
import { TenantTable } from './tenant.ts';

/** Shared by all events that want nothing done. */
const NO_EFFECTS: readonly CoreEffect[] = Object.freeze([]);

const UNCONFIGURED: CoreConfig = {
  pools: [],
  canaries: [],
  tenants: [],
  defaultTenant: {
    weight: 1,
    rate: null,
    tokensPerMinute: null,
    maxConcurrentTasks: null,
    maxQueuedTasks: null,
    maxKvBytes: null,
    sessionBudgets: { tokens: null, slotMs: null, cost: null },
  },
  classes: { interactive: { weight: 8, rate: null }, batch: { weight: 1, rate: null } },
  sessions: { ttlMs: 600_000, maxTurns: 8, maxSessions: 1 },
  maxAttempts: 1,
  breaker: null,
  unavailableGraceMs: 0,
};

export class CoreState {
  config = UNCONFIGURED;
  configured = false;
  nowMs = 0;

  readonly weights: ClassWeights = [8, 1];
  readonly classBuckets: [TokenBucket | null, TokenBucket | null] = [null, null];
  readonly tenants = new TenantTable(UNCONFIGURED);
  readonly sessions = new SessionTable(UNCONFIGURED.sessions, (session) => this.evict(session));
  readonly fleet = new Fleet(this.weights, {
    onOffer: (replica) => {
      if (replica.lane.queue.size > 0) this.offered.push(replica);
    },
    onGone: (replica) => {
      this.releasing.forgetReplica(replica);
      if (replica.running > 0) this.orphaned.push(replica);
    },
  });
  readonly releasing = new ReleasingSlots();
  readonly tasks = new KeyTable<Task>();
  /** Tasks that have a deadline, the earliest first. */
  readonly deadlines = new IndexedHeap<Task>(
    (a, b) => a.deadlineAtMs < b.deadlineAtMs || (a.deadlineAtMs === b.deadlineAtMs && a.acceptedAtMs < b.acceptedAtMs),
  );
  /** Replicas that are gone though attempts of theirs have not been reported as ended: watched until they are. */
  orphaned: Replica[] = [];
  /** Replicas that may have got a free slot in this event. */
  readonly offered: Replica[] = [];
  /** When the pause of the next open breaker ends. */
  breakUntilMs = Infinity;
  /** When queues that nothing can serve must be looked at again. */
  sweepAtMs = Infinity;
  /** Ages given out: to newcomers counting up, to re-runs counting down. */
  lastOrder = 0;
  frontOrder = 0;
  readonly classServedMs: [number, number] = [0, 0];
  #effects: CoreEffect[] | null = null;

  /** Expected time until a pool that starts is Ready. */
  get recoveryMs(): number {
    return this.fleet.recoveryMs(this.config.unavailableGraceMs);
  }

  /** The pool a task is pinned to; `null` when it is to none, or to one that nobody configured. */
  pinnedPool({ pinPoolId }: TaskSpec): Pool | null {
    return pinPoolId === null ? null : (this.fleet.pools.get(pinPoolId) ?? null);
  }

  /** Have the session's KV dropped where it lies. */
  evict(session: Session): void {
    const { replica } = session;
    if (replica !== null && !replica.gone) this.emit({ kind: 'evictSession', sessionKey: session.key, replicaId: replica.id });
  }

  /** Time never goes back. */
  beginEvent(nowMs: number): void {
    this.nowMs = Math.max(this.nowMs, nowMs);
    this.#effects = null;
  }

  emit(effect: CoreEffect): void {
    const effects = this.#effects;
    // Most events have one effect or two: a literal fits them exactly, a push makes room for seventeen.
    if (effects === null) this.#effects = [effect];
    else if (effects.length === 1) this.#effects = [effects[0] as CoreEffect, effect];
    else effects.push(effect);
  }

  /** What the event at hand wants done. */
  get effects(): readonly CoreEffect[] {
    return this.#effects ?? NO_EFFECTS;
  }
}
