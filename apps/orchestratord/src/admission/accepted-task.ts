/**
 * A task at its admission: what the core is asked, what is promised in the 202, and what the journal keeps of both. Pure; the same
 * record gives the same task after a restart.
 */
import type { TaskAccepted } from '@llama-orch/api-types';
import type { Acceptance, TaskSpec } from '@llama-orch/orchestrator-core';
import type { AcceptedRecord } from '../journal/journal.ts';
import { type EffectiveValues, Task, type TaskIdentity, type TaskInput } from '../task.ts';
import { defaultSeed, type NormalRequest } from './task-request.ts';

/** Key of a task or a session, unique over all tenants: an id is unique only within its own. */
export const tenantKey = (tenantId: string, id: string): string => `${tenantId}/${id}`;

/** Key of the session that a task belongs to. */
export const sessionKeyOf = ({ tenantId, sessionId }: Pick<TaskIdentity, 'tenantId' | 'sessionId'>): string =>
  tenantKey(tenantId, sessionId);

export const toTaskSpec = (request: NormalRequest, identity: TaskIdentity, modelDigest: string, promptTokens: number): TaskSpec => ({
  taskKey: identity.key,
  tenantId: identity.tenantId,
  sessionKey: sessionKeyOf(identity),
  priority: request.priority,
  workload: request.workload,
  modelDigest,
  engine: request.engine,
  ctxTokens: request.ctx,
  promptTokens,
  maxTokens: request.maxTokens,
  deadlineMs: request.deadlineMs,
  determinism: request.determinism,
  samplerProfileVersion: request.samplerProfileVersion,
  pinPoolId: request.pinPoolId,
  expectedTokens: request.expectedTokens,
  kvHint: request.kvHint,
  label: request.label,
});

export type Admitted = {
  readonly identity: TaskIdentity;
  readonly requestDigest: string;
  readonly acceptance: Acceptance;
};

export const createTask = (request: NormalRequest, admitted: Admitted, epochMs: number, nowMs: number): Task => {
  const { identity, requestDigest, acceptance } = admitted;
  const effective: EffectiveValues = {
    engine: acceptance.engine,
    modelRef: request.modelRef,
    modelDigest: acceptance.modelDigest,
    workload: request.workload,
    ctxTokens: acceptance.ctxTokens,
    priority: request.priority,
    maxTokens: acceptance.maxTokens,
    deadlineMs: acceptance.deadlineMs,
    seed: request.seed ?? defaultSeed(identity.taskId),
    determinism: request.determinism,
    samplerProfileVersion: acceptance.samplerProfileVersion,
    kvHint: request.kvHint,
    stop: request.stop,
    pinPoolId: request.pinPoolId,
  };
  const accepted = toAccepted(identity, effective, acceptance);
  const task = new Task({
    identity,
    effective,
    admission: { acceptedBody: JSON.stringify(accepted), requestDigest, sessionTurns: acceptance.sessionTurns },
    input: toInput(request),
    enqueuedAtMs: nowMs,
    enqueuedAtEpochMs: epochMs,
  });
  task.canary = acceptance.canary;
  task.queuePositionAtAdmission = accepted.queue_position;
  task.predictedStartMs = accepted.predicted_start_ms;
  return task;
};

export const toInput = (request: NormalRequest): TaskInput =>
  request.workload === 'completion'
    ? { workload: 'completion', prompt: request.prompt ?? '', stop: request.stop }
    : { workload: request.workload, inputs: request.inputs ?? [] };

export const toAcceptedRecord = (
  { identity, admission, canary, enqueuedAtEpochMs }: Task,
  more: Pick<AcceptedRecord, 'request' | 'laneId' | 'atMs'> & { readonly spec: TaskSpec },
): AcceptedRecord => ({
  kind: 'accepted',
  taskKey: identity.key,
  tenantId: identity.tenantId,
  sessionId: identity.sessionId,
  atMs: more.atMs,
  atEpochMs: enqueuedAtEpochMs,
  correlationId: identity.correlationId,
  traceparent: identity.traceparent ?? null,
  laneId: more.laneId,
  modelDigest: more.spec.modelDigest,
  promptTokens: more.spec.promptTokens,
  canary,
  ...admission,
  request: more.request,
});

const toAccepted = (identity: TaskIdentity, effective: EffectiveValues, acceptance: Acceptance): TaskAccepted => ({
  task_id: identity.taskId,
  session_id: identity.sessionId,
  queue_position: acceptance.queuePosition,
  predicted_start_ms: acceptance.predictedStartMs === null ? null : Math.round(acceptance.predictedStartMs),
  backoff_ms: Math.ceil(acceptance.backoffMs),
  effective: {
    model_ref: effective.modelRef,
    engine: effective.engine,
    model_digest: effective.modelDigest,
    workload: effective.workload,
    ctx: effective.ctxTokens,
    priority: effective.priority,
    max_tokens: effective.maxTokens,
    deadline_ms: effective.deadlineMs,
    seed: effective.seed,
    determinism: effective.determinism,
    sampler_profile_version: effective.samplerProfileVersion,
    stop: [...effective.stop],
    pin_pool_id: effective.pinPoolId,
    kv_hint: effective.kvHint,
  },
});

/** The values in force, as the 202 told them. */
export const toEffective = ({ effective }: TaskAccepted): EffectiveValues => ({
  engine: effective.engine,
  modelRef: effective.model_ref,
  modelDigest: effective.model_digest,
  workload: effective.workload,
  ctxTokens: effective.ctx,
  priority: effective.priority,
  maxTokens: effective.max_tokens,
  deadlineMs: effective.deadline_ms,
  seed: effective.seed,
  determinism: effective.determinism,
  samplerProfileVersion: effective.sampler_profile_version,
  kvHint: effective.kv_hint,
  stop: effective.stop,
  pinPoolId: effective.pin_pool_id,
});
