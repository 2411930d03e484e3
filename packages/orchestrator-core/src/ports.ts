/**
 * The scheduler as its owner sees it: one way in, and reads that never change anything.
 */
import type { CoreEffect } from './effect.ts';
import type { CoreEvent } from './event.ts';
import type { BudgetLevel, Priority, SessionBudgets, SessionKey, SessionUsage, TaskKey } from './model.ts';

/** Live figures of one task; absent once it has ended. */
export type TaskFigures = {
  readonly state: 'queued' | 'running';
  readonly laneId: string;
  /** `null` unless queued. */
  readonly queuePosition: number | null;
  /** From now; `null` unless queued and measured. */
  readonly predictedStartMs: number | null;
  /** 0..1; `null` without a deadline or before anything was measured. */
  readonly onTimeProbability: number | null;
  readonly laneDepth: number;
  readonly attempt: number;
};

export type SessionFigures = {
  readonly ttlMsRemaining: number;
  readonly turns: number;
  /** `null` where the pool does not know its bytes per token. */
  readonly kvBytes: number | null;
  readonly kvWarmth: boolean;
  readonly lastReplicaId: string | null;
  /** What remains; `null` each where its tenant sets no such budget. */
  readonly budgetsLeft: SessionBudgets;
  /** What its ended tasks used; `null` where nothing is counted. For whoever restores it later. */
  readonly used: SessionUsage | null;
};

/** The one that keeps work away: of a replica and its pool, the first that is not closed. */
export type BreakerFigures = {
  readonly state: 'closed' | 'open' | 'half_open';
  readonly scope: 'replica' | 'pool';
  readonly cause: 'faults' | 'slo';
  /** Until it probes; `null` unless `open`. */
  readonly pauseMs: number | null;
};

export type ReplicaFigures = {
  readonly replicaId: string;
  readonly poolId: string;
  readonly setId: string;
  readonly laneId: string;
  readonly state: 'ready' | 'paused';
  readonly slots: number;
  readonly running: number;
  readonly releasing: number;
  /** Queued tasks that nothing else can serve: only of one that leaves its lane. */
  readonly waiting: number;
};

export type LaneFigures = {
  readonly laneId: string;
  readonly poolIds: readonly string[];
  readonly capacity: number;
  readonly queued: Readonly<Record<Priority, number>>;
  readonly running: number;
  readonly available: boolean;
  /** Tasks that leave the queue per second, measured; `null` before anything was. */
  readonly drainPerSecond: number | null;
};

/** Share of slot-milliseconds given to each class and tenant so far (ORCH-3075). */
export type ShareFigures = {
  readonly byClass: Readonly<Record<Priority, number>>;
  readonly byTenant: ReadonlyMap<string, number>;
};

/**
 * The stateful piece of the core and the only writer of its state. Total: every event is legal in every state (a late
 * `ended` of a forgotten attempt only frees its slot).
 */
export interface Scheduler {
  handle(event: CoreEvent): readonly CoreEffect[];
  task(taskKey: TaskKey, nowMs: number): TaskFigures | undefined;
  session(sessionKey: SessionKey, nowMs: number): SessionFigures | undefined;
  replicas(): readonly ReplicaFigures[];
  /** Of the pool and the worker it has; `undefined` for a pool that nobody configured. */
  breaker(poolId: string, nowMs: number): BreakerFigures | undefined;
  lanes(): readonly LaneFigures[];
  shares(): ShareFigures;
  /** Buckets that are not full. */
  budgets(nowMs: number): readonly BudgetLevel[];
}
