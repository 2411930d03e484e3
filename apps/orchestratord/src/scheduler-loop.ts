/**
 * The single writer of the scheduler and of every task: it feeds events in and carries effects out, one at a time. All policy is in the
 * core; what is told of a decision, and when readers see what became of it, is in files of their own.
 */
import { type ErrorKind, OrchError } from '@llama-orch/api-types';
import type { CoreEffect, CoreEvent, RestoredState, Scheduler, TaskEnd, TaskSpec } from '@llama-orch/orchestrator-core';
import { sessionKeyOf } from './admission/accepted-task.ts';
import { type AdmissionAnswer, type CreateTask, PendingAdmission } from './admission/pending-admission.ts';
import { decodeOf, isSlotFree, toOutcome } from './attempt-outcome.ts';
import { Attempt, type AttemptOwner, type AttemptSettled, type WorkerEnd } from './attempt.ts';
import type { Clock } from './clock.ts';
import { DecisionNotes, type DecisionNotesOptions } from './decision-notes.ts';
import type { Fleet, FleetListener } from './fleet/fleet.ts';
import { poolIdOf, startCountOf } from './fleet/replica-id.ts';
import type { Worker } from './fleet/worker.ts';
import { RunningAttempts } from './running-attempts.ts';
import { SlotReleases } from './slot-releases.ts';
import type { Task } from './task.ts';
import { startedData } from './task-events.ts';
import { TaskRecords, type TaskRecordsOptions } from './task-records.ts';
import { toEnded, toQueued, toRunning } from './task-transitions.ts';
import { toWorkerTask } from './worker-task.ts';

type Effect<Kind extends CoreEffect['kind']> = Extract<CoreEffect, { kind: Kind }>;

export type SchedulerLoopOptions = TaskRecordsOptions &
  DecisionNotesOptions & {
    readonly scheduler: Scheduler;
    readonly fleet: Fleet;
    readonly clock: Clock;
    /** A task was moved off the pool, which is wanted empty. */
    readonly onMoved: (poolId: string) => void;
    /** Time passed, or an agent said something. */
    readonly onNews: () => void;
  };

/** Time between two `tick`s; deadlines and watchdogs are this coarse. */
const tickMs = 250;

export class SchedulerLoop implements FleetListener, AttemptOwner {
  readonly #options: SchedulerLoopOptions;
  /** Tasks that have not ended, by key: what effects speak of. */
  readonly #tasks = new Map<string, Task>();
  readonly #attempts = new RunningAttempts();
  readonly #releases: SlotReleases;
  readonly #records: TaskRecords;
  readonly #notes: DecisionNotes;
  /** Answers of attempts that just succeeded, until the core has said that their tasks end. */
  readonly #ends = new Map<string, WorkerEnd>();
  readonly #events: CoreEvent[] = [];
  #draining = false;
  #leaving = false;
  #closed = false;
  #admitting: PendingAdmission | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SchedulerLoopOptions) {
    this.#options = options;
    this.#releases = new SlotReleases({ fleet: options.fleet, log: options.log, onFreed: (attempt) => this.#onFreed(attempt) });
    this.#records = new TaskRecords(options);
    this.#notes = new DecisionNotes(options);
  }

  get liveTasks(): ReadonlyMap<string, Task> {
    return this.#tasks;
  }

  get runningAttempts(): number {
    return this.#attempts.size;
  }

  /** Milliseconds between two tasks that leave the queues, as measured; a second before anything was (ORCH-2007). */
  gapMs(): number {
    const perSecond = this.#options.scheduler.lanes().reduce((sum, lane) => sum + (lane.drainPerSecond ?? 0), 0);
    return perSecond > 0 ? Math.ceil(1_000 / perSecond) : 1_000;
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), tickMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Let time pass. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs();
    this.#options.fleet.tick();
    this.#attempts.reportProgress(nowMs, ({ taskKey, number }, tokensOut) =>
      this.apply({ kind: 'progress', nowMs, taskKey, attempt: number, tokensOut }),
    );
    this.apply({ kind: 'tick', nowMs });
    this.#options.onNews();
  }

  /** Feed one event and carry out all that follows from it. Effects may bring more events; they wait their turn. */
  apply(event: CoreEvent): void {
    // A loop that stops has ended every task itself; what attempts still report must start nothing.
    if (this.#closed) return;
    this.#events.push(event);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        for (const effect of this.#options.scheduler.handle(next)) this.#carry(effect, next.nowMs);
      }
    } finally {
      this.#draining = false;
    }
  }

  /**
   * Ask the core for a place. The task exists, and may already run, when this returns; the caller makes its acceptance
   * stable before showing it to anybody.
   *
   * @req ORCH-2001
   */
  admit(spec: TaskSpec, create: CreateTask): AdmissionAnswer {
    const admitting = new PendingAdmission(create);
    this.#admitting = admitting;
    this.apply({ kind: 'enqueue', nowMs: this.#options.clock.nowMs(), task: spec });
    this.#admitting = null;
    if (admitting.answer === null) throw new Error(`The scheduler neither accepted nor refused ${spec.taskKey}.`);
    return admitting.answer;
  }

  /**
   * Cancel a task; a task that has ended stays as it is.
   *
   * @returns once the cancel is stable; from then on no reader gets a token.
   * @req ORCH-2003, ORCH-3026
   */
  async cancel(task: Task): Promise<void> {
    const phase = task.state;
    this.apply({ kind: 'cancel', nowMs: this.#options.clock.nowMs(), taskKey: task.identity.key });
    if (phase !== task.state && task.state === 'canceled') this.#options.accounts.onCanceled(task, phase);
    // Nobody knows when; asked again once it can be written, the same cancel gets its 204.
    if (this.#records.isStuck(task)) throw new OrchError('journal-unavailable');
    await task.whenEnded;
  }

  /**
   * Take over the tasks of an earlier run, before anything else happens.
   *
   * @req ORCH-3302
   */
  restore(tasks: readonly Task[], state: RestoredState): void {
    for (const task of tasks) this.#tasks.set(task.identity.key, task);
    this.apply({ kind: 'restored', nowMs: this.#options.clock.nowMs(), state });
  }

  /**
   * Start nothing more, for a service that stops and whose journal keeps what waits: what runs may end.
   *
   * @returns once nothing runs and every end so far is readable.
   * @req ORCH-3054
   */
  async finishRunning(): Promise<void> {
    this.#leaving = true;
    const nowMs = this.#options.clock.nowMs();
    for (const { replicaId } of this.#options.scheduler.replicas()) this.apply({ kind: 'replicaPaused', nowMs, replicaId });
    await this.#attempts.whenIdle();
    await this.#records.whenRevealed();
  }

  /** Leave every task that is left as it is, for the next run: nothing more is done, and the core is told nothing. */
  suspend(): void {
    this.#closed = true;
    this.#attempts.abortAll();
  }

  /**
   * End every task that is left, for a service that stops. The core is told nothing, and nothing is asked of it any more.
   *
   * @req ORCH-3054
   */
  async endAll(error: ErrorKind, message: string): Promise<void> {
    this.#closed = true;
    const left = [...this.#tasks.values()];
    this.#attempts.abortAll();
    const end: TaskEnd = { kind: 'failed', error, message, retryAfterMs: null, policyLabel: null };
    for (const { identity } of left) this.#finish(identity.key, end, this.#options.clock.nowMs());
    await Promise.allSettled(left.map((task) => task.whenEnded));
  }

  onFleetEvent(event: CoreEvent): void {
    if (this.#leaving && event.kind === 'replicaUp') return;
    this.apply(event);
  }

  onReport(): void {
    this.#options.onNews();
  }

  onWorkerGone(worker: Worker, reason: string): void {
    this.#attempts.resetOn(worker, reason);
  }

  onStarted(attempt: Attempt): void {
    this.#attempts.onStarted(attempt);
    const task = this.#current(attempt);
    if (task === undefined) return;
    const nowMs = this.#options.clock.nowMs();
    if (!task.log.hasStarted) {
      task.started = startedData(task, attempt.worker);
      task.log.start(JSON.stringify(task.started));
    }
    this.apply({ kind: 'started', nowMs, taskKey: attempt.taskKey, attempt: attempt.number });
  }

  onTokens(attempt: Attempt, texts: readonly string[], newTokens: number): void {
    const { accounts, clock } = this.#options;
    accounts.onTokens(attempt.worker, newTokens);
    attempt.worker.tokensOut += newTokens;
    const task = this.#current(attempt);
    if (task === undefined) return;
    // Of each attempt, and of swallowed tokens too: the core learns from it how long the engine took for the prompt.
    if (attempt.generated === newTokens) {
      attempt.firstTokenAtMs = clock.nowMs();
      this.#notes.onFirstToken(task, attempt);
      this.apply({ kind: 'firstToken', nowMs: clock.nowMs(), taskKey: attempt.taskKey, attempt: attempt.number });
    }
    if (texts.length === 0) return;
    if (task.firstTokenAtMs === null) {
      task.firstTokenAtMs = clock.nowMs();
      accounts.onFirstToken(task, attempt.worker);
      this.#records.onFirstToken(task);
    }
    if (task.failedAtMs !== null) {
      task.failoverMs += clock.nowMs() - task.failedAtMs;
      task.failedAtMs = null;
    }
    task.tokensOut = attempt.generated;
    if (task.token64AtMs === null && attempt.generated >= 64) {
      task.token64AtMs = clock.nowMs();
      accounts.onToken64(task, attempt.worker);
    }
    if (task.log.isOpen) task.log.append(texts);
  }

  onSettled(attempt: Attempt, settled: AttemptSettled): void {
    const { worker, taskKey, number } = attempt;
    const nowMs = this.#options.clock.nowMs();
    const slotFree = isSlotFree(settled);
    this.#attempts.remove(attempt);
    this.#notes.onSettled(attempt, settled);
    // An engine that had no room is as well as before; the core lets it cool, and that is all.
    if (settled.kind === 'failed' && settled.error.mayRunAgain && settled.error.kind !== 'busy') {
      this.#options.fleet.suspect(worker, settled.error.message);
    }
    if (!slotFree) this.#releases.watch(attempt);
    const task = this.#current(attempt);
    if (settled.kind === 'succeeded' && task !== undefined) {
      this.#ends.set(taskKey, settled.end);
      task.decode = decodeOf(attempt, settled.end, nowMs);
    }
    this.apply({ kind: 'ended', nowMs, taskKey, attempt: number, outcome: toOutcome(settled), slotFree });
    if (settled.kind === 'succeeded') this.#ends.delete(taskKey);
  }

  #carry(effect: CoreEffect, nowMs: number): void {
    switch (effect.kind) {
      case 'accept':
        return this.#accept(effect, nowMs);
      case 'refuse':
        return this.#admitting?.refuse(effect);
      case 'dispatch':
        return this.#dispatch(effect, nowMs);
      case 'abort':
        return this.#attempts.abort(effect.taskKey, effect.attempt);
      case 'requeued':
        return this.#requeue(effect, nowMs);
      case 'finish':
        return this.#finish(effect.taskKey, effect.end, nowMs);
      case 'restartReplica':
        return this.#restart(effect);
      case 'breaker':
        return this.#notes.onBreaker(effect, this.#options.fleet.pool(effect.poolId)?.pool.engine ?? 'none');
      case 'evictSession':
        // No engine of this build can evict one session's KV; capabilities say so (ORCH-3021).
        return this.#notes.onSessionEvicted(effect);
    }
  }

  #accept(effect: Effect<'accept'>, nowMs: number): void {
    if (this.#admitting === null) throw new Error(`The scheduler accepted ${effect.taskKey}, which nobody is admitting.`);
    const task = this.#admitting.accept(effect, nowMs);
    this.#tasks.set(effect.taskKey, task);
    this.#notes.onAdmitted(task, effect.acceptance);
  }

  #dispatch(effect: Effect<'dispatch'>, nowMs: number): void {
    const task = this.#tasks.get(effect.taskKey);
    const worker = this.#options.fleet.worker(effect.replicaId);
    if (task === undefined || task.input === null) throw new Error(`The scheduler dispatched ${effect.taskKey}, which is not live.`);
    task.attempts = effect.attempt;
    if (worker === undefined) {
      const outcome = { kind: 'failed', error: 'worker-reset', message: 'The replica is gone.', mayRunAgain: true } as const;
      this.apply({ kind: 'ended', nowMs, taskKey: effect.taskKey, attempt: effect.attempt, outcome, slotFree: true });
      return;
    }
    const isFirst = task.startedAtMs === null;
    const expectedText = task.log.pieceCount === 0 ? '' : task.log.text();
    const attempt = new Attempt({ task, number: effect.attempt, worker, expectedText, owner: this });
    toRunning(task, attempt, { kvWarmth: effect.kvWarmth, nowMs });
    this.#attempts.add(attempt);
    if (isFirst) this.#options.accounts.onDispatched(task, worker);
    const traceparent = this.#notes.onDispatched(task, attempt, effect);
    task.pinned = this.#records.onDispatched(task, effect, nowMs);
    void attempt.run(toWorkerTask(task, { kvReuse: effect.kvReuse, traceparent }));
  }

  #requeue(effect: Effect<'requeued'>, nowMs: number): void {
    const task = this.#tasks.get(effect.taskKey);
    if (task === undefined) return;
    toQueued(task, nowMs);
    if (effect.because === 'failed') this.#records.onFailed(task);
    if (effect.because === 'drained') this.#options.onMoved(poolIdOf(effect.failedReplicaId));
    this.#notes.onRequeued(task, effect);
  }

  /** The one path of every end: no text after this line, then the journal, then the readers. */
  #finish(taskKey: string, end: TaskEnd, nowMs: number): void {
    const task = this.#tasks.get(taskKey);
    if (task === undefined) return;
    this.#tasks.delete(taskKey);
    const conclusion = toEnded(task, end, this.#ends.get(taskKey), nowMs);
    this.#notes.onEnded(task, end);
    const { scheduler, clock } = this.#options;
    const sessionUsed = scheduler.session(sessionKeyOf(task.identity), clock.nowMs())?.used ?? null;
    void this.#records.reveal(task, conclusion, sessionUsed);
  }

  #restart(effect: Effect<'restartReplica'>): void {
    const worker = this.#options.fleet.worker(effect.replicaId);
    if (worker === undefined) return;
    this.#notes.onRestart(effect);
    this.#options.fleet.desired.requestRestart(worker.pool, startCountOf(effect.replicaId));
  }

  #onFreed({ worker, taskKey, number }: Attempt): void {
    this.apply({ kind: 'slotFreed', nowMs: this.#options.clock.nowMs(), replicaId: worker.replicaId, taskKey, attempt: number });
  }

  /** The attempt's task, while the attempt is the one that counts. */
  #current(attempt: Attempt): Task | undefined {
    return attempt.task.attempt === attempt ? attempt.task : undefined;
  }
}
