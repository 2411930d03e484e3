/** One admitted task and its running attempt, as compact records: a million of them may be queued. They decide nothing. */
import type { Flow } from './fairness.ts';
import type { HeapNode } from './heap.ts';
import { hashOf, type Keyed } from './key-table.ts';
import type { Lane } from './lane.ts';
import type { FailedOn, SessionUsage, TaskKey, TaskSpec } from './model.ts';
import type { GateFlow } from './queue.ts';
import type { Ranked } from './rank-window.ts';
import type { Replica } from './replica.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Session } from './session.ts';
import type { Tenant } from './tenant.ts';

/** One run of a task on one replica. */
export class Attempt {
  readonly task: Task;
  readonly number: number;
  readonly replica: Replica;
  /** What the task was charged to, kept where it moves to another lane meanwhile. */
  readonly flow: Flow;
  readonly dispatchedAtMs: number;
  /** Predicted slot-milliseconds, charged at dispatch and corrected at the end. */
  readonly costMs: number;
  firstTokenAtMs = -1;
  lastActivityMs: number;
  tokensOut = 0;

  constructor(task: Task, replica: Replica, flow: Flow, dispatchedAtMs: number, costMs: number) {
    this.task = task;
    this.number = task.attempts;
    this.replica = replica;
    this.flow = flow;
    this.dispatchedAtMs = dispatchedAtMs;
    this.costMs = costMs;
    this.lastActivityMs = dispatchedAtMs;
  }
}

/** Shared by all tasks that never failed anywhere. */
const NOWHERE: readonly FailedOn[] = [];

/**
 * Queued (in a gate), running (`attempt` set), or ended and forgotten.
 *
 * `heapIndex` belongs to the heap of deadlines, the queue fields to the lane's queue.
 */
export class Task implements HeapNode, Keyed, Ranked {
  readonly spec: TaskSpec;
  readonly key: TaskKey;
  readonly keyHash: number;
  readonly tenant: Tenant;
  /** Index of its class: 0 `interactive`, 1 `batch`. */
  readonly klass: number;
  readonly session: Session;
  readonly acceptedAtMs: number;
  /** Infinity = none. */
  readonly deadlineAtMs: number;
  /** Context in force and tokens it may write, 0 unless `completion`. */
  readonly ctxTokens: number;
  readonly maxTokens: number;
  /** What it is expected to write at most. */
  readonly outBudget: number;
  readonly kvBytes: number;
  /** What it holds of its session's budgets; `null` where the session has none. */
  readonly held: SessionUsage | null;
  /** Promised at admission, `null` when nothing was measured; the same before its correction; the slot time expected. */
  readonly predictedStartMs: number | null;
  readonly forecastMs: number;
  readonly predictedServiceMs: number;

  lane: Lane;
  /** Global age: lower is older. A re-run is older than everything that never ran. */
  order: number;
  attempts = 0;
  attempt: Attempt | null = null;
  /** The set a `strict` task is pinned to by its first dispatch. */
  set: ReplicaSet | null = null;
  failedOn: readonly FailedOn[] = NOWHERE;

  gateFlow: GateFlow | null = null;
  previous: Task | null = null;
  next: Task | null = null;
  rankSlot = -1;

  /** Place among the tasks with a deadline. */
  heapIndex = -1;

  constructor(init: TaskInit) {
    this.spec = init.spec;
    this.key = init.spec.taskKey;
    this.keyHash = hashOf(init.spec.taskKey);
    this.tenant = init.tenant;
    this.klass = init.klass;
    this.session = init.session;
    this.acceptedAtMs = init.acceptedAtMs;
    this.deadlineAtMs = init.deadlineAtMs;
    this.ctxTokens = init.ctxTokens;
    this.maxTokens = init.maxTokens;
    this.outBudget = init.outBudget;
    this.kvBytes = init.kvBytes;
    this.held = init.held;
    this.predictedStartMs = init.predictedStartMs;
    this.forecastMs = init.forecastMs;
    this.predictedServiceMs = init.predictedServiceMs;
    this.lane = init.lane;
    this.order = init.order;
  }

  /** Tokens taken from the tenant's tokens-per-minute at admission. */
  get reservedTokens(): number {
    return this.spec.promptTokens + this.maxTokens;
  }
}

export type TaskInit = Pick<
  Task,
  | 'spec'
  | 'tenant'
  | 'klass'
  | 'session'
  | 'acceptedAtMs'
  | 'deadlineAtMs'
  | 'ctxTokens'
  | 'maxTokens'
  | 'outBudget'
  | 'kvBytes'
  | 'held'
  | 'predictedStartMs'
  | 'forecastMs'
  | 'predictedServiceMs'
  | 'lane'
  | 'order'
>;
