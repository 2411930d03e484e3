/**
 * What people are told of each decision, once, when the loop carries it out: its log line, its counters and its spans. It decides
 * nothing, and changes neither task nor worker.
 */
import type { Acceptance, CoreEffect, TaskEnd } from '@llama-orch/orchestrator-core';
import type { Logger } from '@llama-orch/service-kit';
import type { Attempt, AttemptSettled } from './attempt.ts';
import { taskFields } from './log-fields.ts';
import type { TaskAccounts } from './task-accounts.ts';
import type { Task } from './task.ts';
import type { TaskSpans } from './tracing/task-spans.ts';

type Effect<Kind extends CoreEffect['kind']> = Extract<CoreEffect, { kind: Kind }>;

export type DecisionNotesOptions = {
  readonly accounts: TaskAccounts;
  /** `null` = nothing is traced. */
  readonly spans: TaskSpans | null;
  readonly log: Logger;
};

export class DecisionNotes {
  readonly #options: DecisionNotesOptions;

  constructor(options: DecisionNotesOptions) {
    this.#options = options;
  }

  onAdmitted(task: Task, { queuePosition, predictedStartMs }: Acceptance): void {
    const { accounts, log } = this.#options;
    accounts.onAdmitted(task);
    log.info(
      { event: 'task_admitted', ...taskFields(task), queue_position: queuePosition, predicted_start_ms: predictedStartMs },
      'task admitted',
    );
  }

  /** @returns What the worker gets as its caller's trace context; `undefined` where there is none. */
  onDispatched(task: Task, attempt: Attempt, { queuePosition }: Effect<'dispatch'>): string | undefined {
    const { spans, log } = this.#options;
    log.info({ event: 'task_dispatched', ...taskFields(task), attempt: attempt.number, queue_position: queuePosition }, 'task dispatched');
    return spans?.onDispatched(task, attempt, queuePosition) ?? task.identity.traceparent;
  }

  /** Of each attempt; tokens that a re-run repeats are its first, too. */
  onFirstToken(task: Task, attempt: Attempt): void {
    this.#options.spans?.onFirstToken(task, attempt);
  }

  onSettled(attempt: Attempt, settled: AttemptSettled): void {
    const { accounts, spans } = this.#options;
    spans?.onSettled(attempt, settled);
    if (settled.kind === 'succeeded') accounts.onAttemptEnded(attempt.worker, settled.end);
    if (settled.kind === 'failed') this.#onFailed(attempt, settled);
  }

  onRequeued(task: Task, effect: Effect<'requeued'>): void {
    const { accounts, spans, log } = this.#options;
    spans?.onRequeued(task);
    const fields = { ...taskFields(task), replica_id: effect.failedReplicaId };
    if (effect.because === 'drained') {
      log.info({ event: 'task_moved', ...fields }, 'the pool is wanted empty; task queued again');
      return;
    }
    accounts.onFailover(task);
    log.warn({ event: 'task_requeued', ...fields, error: effect.error }, 'attempt failed; task queued again');
  }

  onEnded(task: Task, end: TaskEnd): void {
    const { accounts, spans, log } = this.#options;
    accounts.onEnded(task, end);
    spans?.onEnded(task, end);
    log.info(
      { event: 'task_ended', ...taskFields(task), outcome: task.state, error: end.kind === 'failed' ? end.error : undefined },
      'task ended',
    );
  }

  onRestart({ poolId, replicaId, cause }: Effect<'restartReplica'>): void {
    this.#options.log.warn(
      { event: 'replica_restart_requested', pool_id: poolId, replica_id: replicaId, cause },
      'asking the agent for another worker',
    );
  }

  /**
   * @param engine - Of the breaker's pool.
   * @req ORCH-3040
   */
  onBreaker({ poolId, replicaId, scope, state, cause, pauseMs }: Effect<'breaker'>, engine: string): void {
    const { accounts, log } = this.#options;
    accounts.onBreaker(engine, scope, state);
    const fields = { event: `breaker_${state}`, pool_id: poolId, replica_id: replicaId, scope, cause, pause_ms: pauseMs };
    if (state === 'open') log.warn(fields, 'breaker open: no task goes there until its pause is over');
    else log.info(fields, state === 'closed' ? 'breaker closed' : 'breaker half-open: one task goes there, to see');
  }

  onSessionEvicted({ replicaId }: Effect<'evictSession'>): void {
    this.#options.log.info(
      { event: 'session_evicted', replica_id: replicaId, eviction_events: 1 },
      'session forgotten; its engine cannot evict',
    );
  }

  #onFailed({ worker, taskKey, number }: Attempt, { error }: Extract<AttemptSettled, { kind: 'failed' }>): void {
    const { accounts, log } = this.#options;
    log.warn(
      {
        event: 'attempt_failed',
        task_key: taskKey,
        attempt: number,
        pool_id: worker.pool.id,
        replica_id: worker.replicaId,
        kind: error.kind,
        err: error,
      },
      'attempt failed',
    );
    if (error.kind === 'determinism-mismatch') accounts.onDeterminismViolation(worker);
  }
}
