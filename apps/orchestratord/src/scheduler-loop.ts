/**
 * The single writer of the scheduler and of every task: it feeds events in and carries effects out, one at a time, and
 * logs and counts each decision once, when it is carried out. All policy is in the core.
 */
import { WorkerError } from '@llama-orch/adapter-api';
import { type ErrorKind, OrchError } from '@llama-orch/api-types';
import type { Acceptance, CoreEffect, CoreEvent, RestoredState, Scheduler, TaskEnd, TaskSpec } from '@llama-orch/orchestrator-core';
import type { Logger } from '@llama-orch/service-kit';
import { sessionKeyOf } from './admission/accepted-task.ts';
import { Attempt, type AttemptOwner, type AttemptSettled, type WorkerEnd } from './attempt.ts';
import type { Clock } from './clock.ts';
import { type Fleet, type FleetListener, startCountOf } from './fleet/fleet.ts';
import type { Worker } from './fleet/worker.ts';
import type { JournalTime } from './journal/journal-time.ts';
import type { Journal, JournalRecord } from './journal/journal.ts';
import { taskFields } from './log-fields.ts';
import { SlotReleases } from './slot-releases.ts';
import type { TaskAccounts } from './task-accounts.ts';
import type { Task } from './task.ts';
import { canceledEnd, failedEnd, startedData, succeededEnd, type TaskConclusion } from './task-events.ts';
import { terminalRecord } from './terminal-record.ts';
import type { TaskSpans } from './tracing/task-spans.ts';
import { toWorkerTask } from './worker-task.ts';

type Refusal = Extract<CoreEffect, { kind: 'refuse' }>;

/** The core's answer to an `enqueue`. */
export type AdmissionAnswer =
  | { readonly kind: 'accepted'; readonly task: Task; readonly acceptance: Acceptance }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Makes the task once the core said with which values. */
export type CreateTask = (acceptance: Acceptance, nowMs: number) => Task;

export type SchedulerLoopOptions = {
  readonly scheduler: Scheduler;
  readonly fleet: Fleet;
  readonly journal: Journal;
  readonly journalTime: JournalTime;
  readonly accounts: TaskAccounts;
  /** `null` = nothing is traced. */
  readonly spans: TaskSpans | null;
  readonly clock: Clock;
  readonly log: Logger;
  /** The task's terminal event is stable and readable. */
  readonly onTaskEnded: (task: Task) => void;
  /** A task was moved off the pool, which is wanted empty. */
  readonly onMoved: (poolId: string) => void;
  /** Time passed, or an agent said something. */
  readonly onNews: () => void;
};

/** Time between two `tick`s; deadlines and watchdogs are this coarse. */
const tickMs = 250;
/** Attempts report progress to the idle watchdog this often. */
const progressMs = 1_000;

export class SchedulerLoop implements FleetListener, AttemptOwner {
  readonly #options: SchedulerLoopOptions;
  /** Tasks that have not ended, by key: what effects speak of. */
  readonly #tasks = new Map<string, Task>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #releases: SlotReleases;
  /** Answers of attempts that just succeeded, until the core has said that their tasks end. */
  readonly #ends = new Map<string, WorkerEnd>();
  readonly #events: CoreEvent[] = [];
  /** Tasks that ended, until their terminal event is stable and readable. */
  readonly #unrevealed = new Set<Task>();
  #draining = false;
  #leaving = false;
  /** Called when nothing runs, once somebody waits for that. */
  #onIdle: (() => void) | null = null;
  #closed = false;
  #admitting: { readonly create: CreateTask; answer: AdmissionAnswer | null } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastProgressMs = 0;

  constructor(options: SchedulerLoopOptions) {
    this.#options = options;
    this.#releases = new SlotReleases({ fleet: options.fleet, log: options.log, onFreed: (attempt) => this.#onFreed(attempt) });
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
    if (nowMs - this.#lastProgressMs >= progressMs) {
      this.#lastProgressMs = nowMs;
      for (const attempt of this.#attempts.values()) this.#reportProgress(attempt, nowMs);
    }
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
    const admitting: { readonly create: CreateTask; answer: AdmissionAnswer | null } = { create, answer: null };
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
    if (this.#options.journal.isStuck && this.#unrevealed.has(task)) throw new OrchError('journal-unavailable');
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
    const idle = Promise.withResolvers<void>();
    this.#onIdle = idle.resolve;
    this.#checkIdle();
    await idle.promise;
    await Promise.all([...this.#unrevealed].map(({ whenEnded }) => whenEnded));
  }

  /** Leave every task that is left as it is, for the next run: nothing more is done, and the core is told nothing. */
  suspend(): void {
    this.#closed = true;
    for (const attempt of this.#attempts.values()) attempt.abort();
  }

  /**
   * End every task that is left, for a service that stops. The core is told nothing, and nothing is asked of it any more.
   *
   * @req ORCH-3054
   */
  async endAll(error: ErrorKind, message: string): Promise<void> {
    this.#closed = true;
    const left = [...this.#tasks.values()];
    for (const attempt of this.#attempts.values()) attempt.abort();
    for (const task of left) {
      this.#finish(
        task.identity.key,
        { kind: 'failed', error, message, retryAfterMs: null, policyLabel: null },
        this.#options.clock.nowMs(),
      );
    }
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
    for (const attempt of this.#attempts.values()) {
      if (attempt.worker === worker) attempt.reset(new WorkerError('worker-reset', `The worker is gone: ${reason}`, { mayRunAgain: true }));
    }
  }

  onStarted(attempt: Attempt): void {
    attempt.worker.decoding += 1;
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
      this.#options.spans?.onFirstToken(task, attempt);
      this.apply({ kind: 'firstToken', nowMs: clock.nowMs(), taskKey: attempt.taskKey, attempt: attempt.number });
    }
    if (texts.length === 0) return;
    if (task.firstTokenAtMs === null) {
      task.firstTokenAtMs = clock.nowMs();
      accounts.onFirstToken(task, attempt.worker);
      // Once a reader saw it the task may not run again, so that must be stable first. A strict task repeats itself.
      if (task.effective.determinism === 'best_effort') this.#showOnceStable(task, { kind: 'firstToken', taskKey: attempt.taskKey });
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
    const { worker, taskKey } = attempt;
    const nowMs = this.#options.clock.nowMs();
    this.#options.spans?.onSettled(attempt, settled);
    this.#attempts.delete(attemptKey(taskKey, attempt.number));
    // After what follows from this end.
    if (this.#onIdle !== null) queueMicrotask(() => this.#checkIdle());
    worker.running -= 1;
    if (attempt.hasStarted) worker.decoding -= 1;
    const base = { kind: 'ended', nowMs, taskKey, attempt: attempt.number } as const;
    switch (settled.kind) {
      case 'succeeded': {
        const { finishReason, tokensIn, tokensOut, cachedTokens } = settled.end;
        this.#options.accounts.onAttemptEnded(worker, settled.end);
        const task = this.#current(attempt);
        if (task !== undefined) {
          this.#ends.set(taskKey, settled.end);
          task.decode = decodeOf(attempt, settled.end, nowMs);
        }
        this.apply({ ...base, outcome: { kind: 'succeeded', finishReason, tokensIn, tokensOut, cachedTokens }, slotFree: true });
        this.#ends.delete(taskKey);
        return;
      }
      case 'aborted':
        this.#releases.watch(attempt);
        this.apply({ ...base, outcome: { kind: 'aborted' }, slotFree: false });
        return;
      case 'failed': {
        const { kind, message, mayRunAgain } = settled.error;
        this.#noteFailure(attempt, settled.error);
        if (settled.slotTaken) this.#releases.watch(attempt);
        const error: ErrorKind = kind === 'aborted' ? 'worker-reset' : kind === 'busy' ? 'pool-unready' : kind;
        this.apply({ ...base, outcome: { kind: 'failed', error, message, mayRunAgain }, slotFree: !settled.slotTaken });
        return;
      }
    }
  }

  #carry(effect: CoreEffect, nowMs: number): void {
    switch (effect.kind) {
      case 'accept':
        this.#accept(effect, nowMs);
        return;
      case 'refuse':
        if (this.#admitting !== null) this.#admitting.answer = { kind: 'refused', refusal: effect };
        return;
      case 'dispatch':
        this.#dispatch(effect, nowMs);
        return;
      case 'abort':
        this.#attempts.get(attemptKey(effect.taskKey, effect.attempt))?.abort();
        return;
      case 'requeued':
        this.#requeue(effect, nowMs);
        return;
      case 'finish':
        this.#finish(effect.taskKey, effect.end, nowMs);
        return;
      case 'restartReplica':
        this.#restart(effect);
        return;
      case 'breaker':
        this.#noteBreaker(effect);
        return;
      case 'evictSession':
        // No engine of this build can evict one session's KV; capabilities say so (ORCH-3021).
        this.#options.log.info(
          { event: 'session_evicted', replica_id: effect.replicaId, eviction_events: 1 },
          'session forgotten; its engine cannot evict',
        );
        return;
    }
  }

  #accept(effect: Extract<CoreEffect, { kind: 'accept' }>, nowMs: number): void {
    if (this.#admitting === null) throw new Error(`The scheduler accepted ${effect.taskKey}, which nobody is admitting.`);
    const task = this.#admitting.create(effect.acceptance, nowMs);
    this.#tasks.set(effect.taskKey, task);
    this.#admitting.answer = { kind: 'accepted', task, acceptance: effect.acceptance };
    this.#options.accounts.onAdmitted(task);
    const { queuePosition, predictedStartMs } = effect.acceptance;
    this.#options.log.info(
      { event: 'task_admitted', ...taskFields(task), queue_position: queuePosition, predicted_start_ms: predictedStartMs },
      'task admitted',
    );
  }

  #dispatch(effect: Extract<CoreEffect, { kind: 'dispatch' }>, nowMs: number): void {
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
    task.state = 'running';
    task.startedAtMs ??= nowMs;
    task.placement = { report: worker.report, pool: worker.pool, kvWarmth: effect.kvWarmth };
    const expectedText = task.log.pieceCount === 0 ? '' : task.log.text();
    const attempt = new Attempt({ taskKey: effect.taskKey, number: effect.attempt, worker, expectedText, owner: this });
    task.attempt = attempt;
    this.#attempts.set(attemptKey(effect.taskKey, effect.attempt), attempt);
    worker.running += 1;
    if (isFirst) this.#options.accounts.onDispatched(task, worker);
    this.#options.log.info(
      { event: 'task_dispatched', ...taskFields(task), attempt: effect.attempt, queue_position: effect.queuePosition },
      'task dispatched',
    );
    const isUnpinned = task.pinned === null;
    task.pinned = {
      kind: 'pinned',
      taskKey: effect.taskKey,
      attempt: effect.attempt,
      atMs: this.#options.journalTime.at(nowMs),
      replicaId: effect.replicaId,
      set: effect.set === null ? null : { id: effect.set.id, engineVersion: effect.set.engineVersion },
      failedOn: effect.failedOn,
    };
    // A reader that saw text of one set must never be served by another: so nothing is seen before the set is stable.
    if (isUnpinned) this.#showOnceStable(task, task.pinned);
    else void this.#options.journal.append(task.pinned);
    const traceparent = this.#options.spans?.onDispatched(task, attempt, effect.queuePosition) ?? task.identity.traceparent;
    void attempt.run(toWorkerTask(task, { kvReuse: effect.kvReuse, traceparent }));
  }

  #requeue(effect: Extract<CoreEffect, { kind: 'requeued' }>, nowMs: number): void {
    const task = this.#tasks.get(effect.taskKey);
    if (task === undefined) return;
    task.state = 'queued';
    task.attempt = null;
    if (effect.because === 'failed') this.#recordFailure(task);
    task.failovers += 1;
    this.#options.spans?.onRequeued(task);
    task.failedAtMs ??= nowMs;
    if (effect.because === 'drained') {
      this.#options.onMoved(poolIdOf(effect.failedReplicaId));
      this.#options.log.info(
        { event: 'task_moved', ...taskFields(task), replica_id: effect.failedReplicaId },
        'the pool is wanted empty; task queued again',
      );
      return;
    }
    this.#options.accounts.onFailover(task);
    this.#options.log.warn(
      { event: 'task_requeued', ...taskFields(task), replica_id: effect.failedReplicaId, error: effect.error },
      'attempt failed; task queued again',
    );
  }

  /** The one path of every end: no text after this line, then the journal, then the readers. */
  #finish(taskKey: string, end: TaskEnd, nowMs: number): void {
    const task = this.#tasks.get(taskKey);
    if (task === undefined) return;
    this.#tasks.delete(taskKey);
    task.endedAtMs = nowMs;
    task.attempt = null;
    task.input = null;
    if (task.failedAtMs !== null) task.failoverMs += nowMs - task.failedAtMs;
    const conclusion = this.#conclude(task, end);
    task.state = conclusion.state;
    task.result = conclusion.result;
    task.error = conclusion.error;
    if (end.kind === 'canceled') task.log.cut();
    this.#options.accounts.onEnded(task, end);
    this.#options.spans?.onEnded(task, end);
    this.#options.log.info(
      { event: 'task_ended', ...taskFields(task), outcome: task.state, error: end.kind === 'failed' ? end.error : undefined },
      'task ended',
    );
    void this.#reveal(task, conclusion);
  }

  #conclude(task: Task, end: TaskEnd): TaskConclusion {
    if (end.kind === 'canceled') return canceledEnd(task);
    if (end.kind === 'failed') return failedEnd(task, end);
    const whole = this.#ends.get(task.identity.key);
    if (whole === undefined) throw new Error(`${task.identity.key} succeeded without an answer.`);
    return succeededEnd(task, whole);
  }

  async #reveal(task: Task, conclusion: TaskConclusion): Promise<void> {
    const { journal, journalTime: time, scheduler, clock, onTaskEnded } = this.#options;
    this.#unrevealed.add(task);
    const sessionUsed = scheduler.session(sessionKeyOf(task.identity), clock.nowMs())?.used ?? null;
    await journal.append(terminalRecord(task, conclusion, { time, sessionUsed }));
    this.#unrevealed.delete(task);
    task.log.finish(conclusion.terminal);
    task.markEnded();
    onTaskEnded(task);
  }

  /** Readers see what the log now holds, and what follows, when the record is stable. */
  #showOnceStable(task: Task, record: JournalRecord): void {
    const stable = this.#options.journal.append(record);
    if (!this.#options.journal.isDurable) return;
    task.log.hold();
    void stable.then(() => task.log.release());
  }

  /** Where it failed is avoided after a restart, too. */
  #recordFailure({ pinned, placement }: Task): void {
    if (pinned === null || placement === null) return;
    const { replicaId } = pinned;
    const failed = { replicaId, poolId: placement.pool.id, host: placement.pool.host };
    void this.#options.journal.append({ ...pinned, failedOn: [...pinned.failedOn, failed] });
  }

  #restart(effect: Extract<CoreEffect, { kind: 'restartReplica' }>): void {
    const worker = this.#options.fleet.worker(effect.replicaId);
    if (worker === undefined) return;
    this.#options.log.warn(
      { event: 'replica_restart_requested', pool_id: effect.poolId, replica_id: effect.replicaId, cause: effect.cause },
      'asking the agent for another worker',
    );
    this.#options.fleet.desired.requestRestart(worker.pool, startCountOf(effect.replicaId));
  }

  /** @req ORCH-3040 */
  #noteBreaker({ poolId, replicaId, scope, state, cause, pauseMs }: Extract<CoreEffect, { kind: 'breaker' }>): void {
    const { accounts, fleet, log } = this.#options;
    accounts.onBreaker(fleet.pool(poolId)?.pool.engine ?? 'none', scope, state);
    const fields = { event: `breaker_${state}`, pool_id: poolId, replica_id: replicaId, scope, cause, pause_ms: pauseMs };
    if (state === 'open') log.warn(fields, 'breaker open: no task goes there until its pause is over');
    else log.info(fields, state === 'closed' ? 'breaker closed' : 'breaker half-open: one task goes there, to see');
  }

  #noteFailure(attempt: Attempt, error: WorkerError): void {
    const { worker } = attempt;
    this.#options.log.warn(
      {
        event: 'attempt_failed',
        task_key: attempt.taskKey,
        attempt: attempt.number,
        pool_id: worker.pool.id,
        replica_id: worker.replicaId,
        kind: error.kind,
        err: error,
      },
      'attempt failed',
    );
    if (error.kind === 'determinism-mismatch') this.#options.accounts.onDeterminismViolation(worker);
    // An engine that had no room is as well as before; the core lets it cool, and that is all.
    if (error.mayRunAgain && error.kind !== 'busy') this.#options.fleet.suspect(worker, error.message);
  }

  #onFreed({ worker, taskKey, number }: Attempt): void {
    this.apply({ kind: 'slotFreed', nowMs: this.#options.clock.nowMs(), replicaId: worker.replicaId, taskKey, attempt: number });
  }

  #reportProgress(attempt: Attempt, nowMs: number): void {
    if (!attempt.progressed) return;
    attempt.progressed = false;
    const tokensOut = attempt.generated - attempt.reported;
    attempt.reported = attempt.generated;
    this.apply({ kind: 'progress', nowMs, taskKey: attempt.taskKey, attempt: attempt.number, tokensOut });
  }

  #checkIdle(): void {
    if (this.#attempts.size === 0) this.#onIdle?.();
  }

  /** The attempt's task, while the attempt is the one that counts. */
  #current(attempt: Attempt): Task | undefined {
    const task = this.#tasks.get(attempt.taskKey);
    return task?.attempt === attempt ? task : undefined;
  }
}

/** Of one token there is no rate. */
const decodeOf = ({ firstTokenAtMs }: Attempt, { engineDecodeMs, tokensOut }: WorkerEnd, nowMs: number): Task['decode'] =>
  firstTokenAtMs === null || engineDecodeMs === undefined || tokensOut < 2
    ? null
    : { observedMs: nowMs - firstTokenAtMs, engineMs: engineDecodeMs };

const attemptKey = (taskKey: string, number: number): string => `${taskKey}#${number}`;

const poolIdOf = (replicaId: string): string => replicaId.slice(0, replicaId.lastIndexOf('/'));
