/**
 * A task as `GET /v1/tasks/{id}` and `metrics` events show it. Pure reads; nothing here changes a task.
 */
import type { StreamMetrics, TaskResult, TaskStatus } from '@llama-orch/api-types';
import type { Scheduler } from '@llama-orch/orchestrator-core';
import { sessionKeyOf } from '../admission/accepted-task.ts';
import type { Clock } from '../clock.ts';
import { roundMs } from '../task-events.ts';
import type { Task } from '../task.ts';
import { budgetsOf } from './session-budgets.ts';

/** @req ORCH-2009 */
export const taskStatus = (task: Task, scheduler: Scheduler, nowMs: number): TaskStatus => {
  const figures = task.isEnded ? undefined : scheduler.task(task.identity.key, nowMs);
  const shown = task.isEnded && task.log.terminal === null ? 'running' : task.state;
  return {
    task_id: task.identity.taskId,
    session_id: task.identity.sessionId,
    state: shown,
    queue_position: figures?.queuePosition ?? null,
    predicted_start_ms: figures?.predictedStartMs == null ? null : Math.max(0, Math.round(figures.predictedStartMs)),
    attempts: task.attempts,
    timings: {
      enqueued_at: new Date(task.enqueuedAtEpochMs).toISOString(),
      queue_ms: roundMs(task.queueMs),
      ttft_ms: roundMs(task.ttftMs),
      decode_ms: roundMs(task.decodeMs),
    },
    started: task.started,
    result: task.log.terminal === null ? null : toResult(task),
    error: task.log.terminal === null ? null : task.error,
  };
};

const toResult = (task: Task): TaskResult | null => {
  const { result } = task;
  if (result === null) return null;
  const hasText = task.effective.workload === 'completion' && result.finishReason !== 'canceled';
  return {
    finish_reason: result.finishReason,
    text: hasText ? task.log.text() : null,
    stream_digest: result.streamDigest,
    usage: { tokens_in: result.tokensIn, tokens_out: result.tokensOut },
    failovers: task.failovers,
    failover_ms: task.failovers === 0 ? null : roundMs(task.failoverMs),
    kv_migrated: false,
    ...(result.embeddings !== undefined && { embeddings: result.embeddings.map((vector) => [...vector]) }),
    ...(result.scores !== undefined && { scores: [...result.scores] }),
  };
};

/** @req ORCH-3099, ORCH-3100 */
export const taskMetrics = (task: Task, scheduler: Scheduler, clock: Clock): string => {
  const nowMs = clock.nowMs();
  const figures = scheduler.task(task.identity.key, nowMs);
  const decodingMs = task.firstTokenAtMs === null ? 0 : nowMs - task.firstTokenAtMs;
  const data: StreamMetrics = {
    queue_depth: figures?.laneDepth ?? 0,
    on_time_probability: figures?.onTimeProbability == null ? null : Math.round(figures.onTimeProbability * 1_000) / 1_000,
    kv_warmth: task.placement?.kvWarmth ?? null,
    tokens_out: task.tokensOut,
    tokens_per_s: decodingMs > 0 ? Math.round((task.tokensOut / decodingMs) * 100_000) / 100 : null,
    budget: budgetsOf(scheduler.session(sessionKeyOf(task.identity), nowMs)),
  };
  return JSON.stringify(data);
};
