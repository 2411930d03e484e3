/**
 * Which counter each event of a task moves. One method for one event, called by the loop where the event happens; no
 * other place counts tasks.
 */
import type { ErrorKind, ReplicaReport } from '@llama-orch/api-types';
import { errorKinds } from '@llama-orch/api-types';
import type { Priority, TaskEnd } from '@llama-orch/orchestrator-core';
import type { WorkerEnd } from './attempt.ts';
import type { Worker } from './fleet/worker.ts';
import type { BoundCounter, Metrics } from './metrics.ts';
import type { CanaryFigures } from './operations/canary-figures.ts';
import type { Task, TaskState } from './task.ts';

type DeadlineScore = { met: number; total: number };

/** @req ORCH-3028, ORCH-3081 */
export class TaskAccounts {
  readonly #metrics: Metrics;
  readonly #tenantLabel: (tenantId: string) => string;
  readonly #canaries: CanaryFigures;
  readonly #tokensOut = new WeakMap<Worker, BoundCounter>();
  readonly #deadlines = new Map<string, DeadlineScore & { readonly engine: string; readonly priority: Priority }>();

  /** @param tenantLabel - Keeps the label inside its budget: tenants beyond it are `other`. */
  constructor(metrics: Metrics, tenantLabel: (tenantId: string) => string, canaries: CanaryFigures) {
    this.#metrics = metrics;
    this.#tenantLabel = tenantLabel;
    this.#canaries = canaries;
  }

  onAdmitted(task: Task): void {
    const { effective, identity } = task;
    this.#canaries.onAdmitted(task);
    const { engine, priority, workload } = effective;
    this.#metrics.count('tasks_enqueued_total', { engine, priority, workload, tenant: this.#tenantLabel(identity.tenantId) });
  }

  /** `engine`: what the request named; `any` where it left the choice open. */
  onRefused(error: ErrorKind, engine: string, priority: string, policyLabel: string | null): void {
    const { code, status } = errorKinds[error];
    this.#metrics.count('tasks_rejected_total', { engine, priority, code });
    if (status === 429) this.#metrics.count('admission_backpressure_events_total', { engine, policy_label: policyLabel ?? 'none' });
  }

  onDispatched(task: Task, worker: Worker): void {
    const { engine, priority } = task.effective;
    this.#metrics.count('tasks_started_total', { ...versionLabels(worker.report), priority });
    this.#metrics.observe('queue_time_ms', { engine, priority }, task.queueMs ?? 0);
  }

  onFirstToken(task: Task, worker: Worker): void {
    this.#metrics.observe(
      'latency_first_token_ms',
      { ...versionLabels(worker.report), priority: task.effective.priority },
      task.ttftMs ?? 0,
    );
  }

  onToken64(task: Task, worker: Worker): void {
    this.#metrics.observe(
      'latency_64_tokens_ms',
      { ...versionLabels(worker.report), priority: task.effective.priority },
      task.tokens64Ms ?? 0,
    );
  }

  onTokens(worker: Worker, count: number): void {
    let counter = this.#tokensOut.get(worker);
    if (counter === undefined) {
      counter = this.#metrics.bind('tokens_out_total', versionLabels(worker.report));
      this.#tokensOut.set(worker, counter);
    }
    counter.inc(count);
  }

  onAttemptEnded(worker: Worker, end: WorkerEnd): void {
    this.#metrics.count('tokens_in_total', versionLabels(worker.report), end.tokensIn);
  }

  onFailover(task: Task): void {
    if (task.placement !== null) this.#metrics.count('task_failovers_total', versionLabels(task.placement.report));
  }

  onDeterminismViolation(worker: Worker): void {
    this.#metrics.count('determinism_violations_total', versionLabels(worker.report));
  }

  onBreaker(engine: string, scope: string, state: string): void {
    this.#metrics.count('breaker_transitions_total', { engine, scope, state });
  }

  onCanceled(task: Task, phase: TaskState): void {
    const { engine, priority } = task.effective;
    this.#metrics.count('tasks_canceled_total', { engine, priority, phase });
  }

  onEnded(task: Task, end: TaskEnd): void {
    const { engine, priority, deadlineMs } = task.effective;
    this.#canaries.onEnded(task);
    this.#metrics.count('tasks_ended_total', { engine, priority, outcome: end.kind });
    if (end.kind === 'failed' && end.error === 'dropped') {
      this.#metrics.count('tasks_dropped_total', { engine, priority, policy_label: end.policyLabel ?? 'none' });
    }
    if (task.placement !== null && task.decodeMs !== null && end.kind === 'succeeded') {
      this.#metrics.observe('latency_decode_ms', { ...versionLabels(task.placement.report), priority }, task.decodeMs);
    }
    if (task.placement !== null && task.decode !== null && end.kind === 'succeeded') {
      const labels = { ...versionLabels(task.placement.report), priority };
      this.#metrics.count('decode_ms_total', labels, task.decode.observedMs);
      this.#metrics.count('decode_engine_ms_total', labels, task.decode.engineMs);
    }
    if (deadlineMs !== null && end.kind !== 'canceled') this.#scoreDeadline(engine, priority, end.kind === 'succeeded');
  }

  /** Deadlines met so far, per engine and class. */
  deadlines(): Iterable<DeadlineScore & { readonly engine: string; readonly priority: Priority }> {
    return this.#deadlines.values();
  }

  #scoreDeadline(engine: string, priority: Priority, met: boolean): void {
    const key = `${engine}/${priority}`;
    const score = this.#deadlines.get(key) ?? { engine, priority, met: 0, total: 0 };
    score.total += 1;
    if (met) score.met += 1;
    this.#deadlines.set(key, score);
  }
}

export const versionLabels = (report: ReplicaReport) => ({
  engine: report.engine,
  engine_version: report.engine_version,
  // An empty label is an absent one to Prometheus; only Triton has this version.
  trtllm_version: report.trtllm_version ?? '',
});
