/**
 * The fields of a task's log lines (ORCH-3027), in one place so that every line has the same. Never a prompt, never a
 * key (ORCH-3043).
 */
import { roundMs } from './task-events.ts';
import type { Task } from './task.ts';

/** @req ORCH-3024, ORCH-3027 */
export const taskFields = (task: Task): Record<string, unknown> => {
  const { identity, effective, placement } = task;
  return {
    task_id: identity.taskId,
    session_id: identity.sessionId,
    tenant_id: identity.tenantId,
    correlation_id: identity.correlationId,
    engine: effective.engine,
    pool_id: placement?.pool.id ?? null,
    replica_id: placement?.report.replica_id ?? null,
    model_id: effective.modelDigest,
    quant: placement?.report.quant ?? null,
    ctx: effective.ctxTokens,
    tensor_split: placement?.pool.tensor_split ?? null,
    engine_version: placement?.report.engine_version ?? null,
    sampler_profile_version: effective.samplerProfileVersion,
    seed: effective.seed,
    priority: effective.priority,
    kv_warmth: placement?.kvWarmth ?? false,
    queue_time_ms: roundMs(task.queueMs),
    decode_time_ms: roundMs(task.decodeMs),
    tokens_in: task.result?.tokensIn ?? null,
    tokens_out: task.result?.tokensOut ?? (task.tokensOut > 0 ? task.tokensOut : null),
    ...(placement?.report.cpu_carve_out === true && { cpu_carve_out: true }),
  };
};
