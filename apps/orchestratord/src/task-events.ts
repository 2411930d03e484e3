/**
 * What the stream and the status tell of a task, as wire shapes: `started`, and the three ways to end. Pure.
 */
import { type ErrorEnvelope, type StreamEnd, type StreamStarted, toErrorEnvelope } from '@llama-orch/api-types';
import type { TaskEnd } from '@llama-orch/orchestrator-core';
import type { WorkerEnd } from './attempt.ts';
import type { Worker } from './fleet/worker.ts';
import type { TerminalEvent } from './task-log.ts';
import type { Task, TaskResult, TaskState } from './task.ts';

/** Everything that ends a task at once: its state, what it keeps, and the event its readers get. */
export type TaskConclusion = {
  readonly state: TaskState;
  readonly result: TaskResult | null;
  readonly error: ErrorEnvelope | null;
  readonly terminal: TerminalEvent;
};

/** @req ORCH-2002, ORCH-3029 */
export const startedData = (task: Task, worker: Worker): StreamStarted => ({
  task_id: task.identity.taskId,
  queue_position: task.queuePositionAtAdmission,
  predicted_start_ms: task.predictedStartMs,
  engine: worker.report.engine,
  engine_version: worker.report.engine_version,
  pool_id: worker.pool.id,
  replica_id: worker.replicaId,
  model_digest: worker.report.model_digest,
  sampler_profile_version: task.effective.samplerProfileVersion,
  seed: task.effective.seed,
  kv_warmth: task.placement?.kvWarmth ?? false,
  cpu_carve_out: worker.report.cpu_carve_out,
});

export const succeededEnd = (task: Task, whole: WorkerEnd): TaskConclusion => {
  const result: TaskResult = {
    finishReason: whole.finishReason,
    tokensIn: whole.tokensIn,
    tokensOut: whole.tokensOut,
    streamDigest: task.log.digest(),
    ...(whole.embeddings !== undefined && { embeddings: whole.embeddings }),
    ...(whole.scores !== undefined && { scores: whole.scores }),
  };
  return { state: 'succeeded', result, error: null, terminal: endEvent(task, result) };
};

/** @req ORCH-2003 */
export const canceledEnd = (task: Task): TaskConclusion => {
  const result: TaskResult = {
    finishReason: 'canceled',
    tokensIn: null,
    tokensOut: task.startedAtMs === null ? null : task.tokensOut,
    streamDigest: null,
  };
  return { state: 'canceled', result, error: null, terminal: endEvent(task, result) };
};

/** @req ORCH-2006 */
export const failedEnd = (task: Task, end: Extract<TaskEnd, { kind: 'failed' }>): TaskConclusion => {
  const error = toErrorEnvelope(end.error, {
    correlationId: task.identity.correlationId,
    message: end.message,
    engine: task.effective.engine,
    poolId: task.placement?.pool.id,
    retryAfterMs: end.retryAfterMs ?? undefined,
    policyLabel: end.policyLabel ?? undefined,
  });
  return { state: 'failed', result: null, error, terminal: { event: 'error', data: JSON.stringify(error) } };
};

/** Milliseconds on the wire: whole microseconds are precision enough. */
export const roundMs = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 1_000) / 1_000);

/** @req ORCH-3023 */
const endEvent = (task: Task, result: TaskResult): TerminalEvent => {
  const data: StreamEnd = {
    finish_reason: result.finishReason,
    tokens_in: result.tokensIn,
    tokens_out: result.tokensOut,
    queue_ms: roundMs(task.queueMs),
    ttft_ms: roundMs(task.ttftMs),
    decode_ms: roundMs(task.decodeMs),
    stream_digest: result.streamDigest,
    failovers: task.failovers,
    failover_ms: task.failovers === 0 ? null : roundMs(task.failoverMs),
    kv_migrated: false,
    ...(result.embeddings !== undefined && { embeddings: result.embeddings.map((vector) => [...vector]) }),
    ...(result.scores !== undefined && { scores: [...result.scores] }),
  };
  return { event: 'end', data: JSON.stringify(data) };
};
