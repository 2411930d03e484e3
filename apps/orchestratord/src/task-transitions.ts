/**
 * What the core's decisions make of a task's own fields: it runs, it waits again, it has ended. The scheduler loop alone calls them; they
 * touch no attempt, no worker and no journal.
 */
import type { TaskEnd } from '@llama-orch/orchestrator-core';
import type { Attempt, WorkerEnd } from './attempt.ts';
import { canceledEnd, failedEnd, succeededEnd, type TaskConclusion } from './task-events.ts';
import type { Task } from './task.ts';

/** @param options - `kvWarmth`: whether its session's cache is expected on the worker. */
export const toRunning = (
  task: Task,
  attempt: Attempt,
  { kvWarmth, nowMs }: { readonly kvWarmth: boolean; readonly nowMs: number },
): void => {
  const { worker } = attempt;
  task.state = 'running';
  task.startedAtMs ??= nowMs;
  task.placement = { report: worker.report, pool: worker.pool, kvWarmth };
  task.attempt = attempt;
};

export const toQueued = (task: Task, nowMs: number): void => {
  task.state = 'queued';
  task.attempt = null;
  task.failovers += 1;
  task.failedAtMs ??= nowMs;
};

/**
 * @param whole - The answer of the attempt that succeeded; only a task that did needs it.
 * @returns What its readers and the journal get; no text comes into its log after a cancel.
 */
export const toEnded = (task: Task, end: TaskEnd, whole: WorkerEnd | undefined, nowMs: number): TaskConclusion => {
  task.endedAtMs = nowMs;
  task.attempt = null;
  task.input = null;
  if (task.failedAtMs !== null) task.failoverMs += nowMs - task.failedAtMs;
  const conclusion = conclude(task, end, whole);
  task.state = conclusion.state;
  task.result = conclusion.result;
  task.error = conclusion.error;
  if (end.kind === 'canceled') task.log.cut();
  return conclusion;
};

const conclude = (task: Task, end: TaskEnd, whole: WorkerEnd | undefined): TaskConclusion => {
  if (end.kind === 'canceled') return canceledEnd(task);
  if (end.kind === 'failed') return failedEnd(task, end);
  if (whole === undefined) throw new Error(`${task.identity.key} succeeded without an answer.`);
  return succeededEnd(task, whole);
};
