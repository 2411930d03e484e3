/**
 * A task's way in (DESIGN 4.1 and 4.2): idempotency, model, tokens, the core's decision, the journal, and only then the
 * 202. It decides nothing that the core decides.
 */
import { randomUUID } from 'node:crypto';
import { errorKinds, OrchError, type TaskAccepted } from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';
import type { Acceptance, TaskSpec } from '@llama-orch/orchestrator-core';
import type { Clock } from '../clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { AdmissionAnswer, SchedulerLoop } from '../scheduler-loop.ts';
import type { TaskAccounts } from '../task-accounts.ts';
import type { TaskStore } from '../task-store.ts';
import { type EffectiveValues, Task, type TaskIdentity, type TaskInput } from '../task.ts';
import type { Catalog, CatalogModel } from './catalog.ts';
import type { PromptTokens } from './prompt-tokens.ts';
import { refusalDetails } from './refusal-details.ts';
import { defaultSeed, type NormalRequest, requestDigest } from './task-request.ts';

export type SubmitContext = { readonly tenantId: string; readonly correlationId: string; readonly traceparent: string | undefined };

/** The 202: its body as it was first sent, byte for byte. */
export type SubmitAnswer = {
  readonly body: string;
  readonly taskId: string;
  readonly sessionKey: string;
  readonly queuePosition: number;
  readonly predictedStartMs: number | null;
};

export type SubmitTaskOptions = {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly promptTokens: PromptTokens;
  readonly store: TaskStore;
  readonly loop: SchedulerLoop;
  readonly journal: Journal;
  readonly accounts: TaskAccounts;
  readonly clock: Clock;
};

/** Default of `max_tokens` where `ctx` leaves that many. */
const defaultMaxTokens = 256;

/** Key of a task or a session, unique over all tenants: an id is unique only within its own. */
export const tenantKey = (tenantId: string, id: string): string => `${tenantId}/${id}`;

/** Key of the session that a task belongs to. */
export const sessionKeyOf = ({ tenantId, sessionId }: Pick<TaskIdentity, 'tenantId' | 'sessionId'>): string =>
  tenantKey(tenantId, sessionId);

export class SubmitTask {
  readonly #options: SubmitTaskOptions;
  /** Enqueues under way, so that a repeat that overtakes the first one's answer gets the same. */
  readonly #underway = new Map<string, { readonly digest: string; readonly answer: Promise<SubmitAnswer> }>();
  #closed = false;

  constructor(options: SubmitTaskOptions) {
    this.#options = options;
  }

  /** Refuse every new task from now on (ORCH-3054). */
  close(): void {
    this.#closed = true;
  }

  /**
   * @throws OrchError for every refusal.
   * @req ORCH-2001, ORCH-2011
   */
  async submit(request: NormalRequest, context: SubmitContext): Promise<SubmitAnswer> {
    const taskId = request.taskId ?? randomUUID();
    const key = tenantKey(context.tenantId, taskId);
    const digest = requestDigest(request);
    const known = this.#options.store.find(key);
    if (known !== undefined) {
      if (known.requestDigest !== digest) throw conflict(taskId);
      return {
        body: known.acceptedBody,
        taskId,
        sessionKey: sessionKeyOf(known.task.identity),
        queuePosition: known.task.queuePositionAtAdmission,
        predictedStartMs: known.task.predictedStartMs,
      };
    }
    const underway = this.#underway.get(key);
    if (underway !== undefined) {
      if (underway.digest !== digest) throw conflict(taskId);
      return underway.answer;
    }
    if (this.#closed) throw new OrchError('controller-draining');
    const answer = this.#admit(request, context, { key, taskId, digest });
    this.#underway.set(key, { digest, answer });
    try {
      return await answer;
    } finally {
      this.#underway.delete(key);
    }
  }

  async #admit(
    request: NormalRequest,
    context: SubmitContext,
    ids: { key: string; taskId: string; digest: string },
  ): Promise<SubmitAnswer> {
    const { catalog, loop, store, config, clock, journal, accounts } = this.#options;
    const model = catalog.resolve(request.modelRef);
    if (model === undefined) {
      accounts.onRefused('unknown-model', request.engine ?? 'any', request.priority, null);
      throw unknownModel(request.modelRef, catalog);
    }
    const limit = config.controller.limits.max_open_tasks;
    if (loop.liveTasks.size >= limit) {
      accounts.onRefused('quota-exceeded', request.engine ?? 'any', request.priority, 'reject');
      throw new OrchError('quota-exceeded', {
        message: `The controller holds its limit of ${limit} open tasks.`,
        retryAfterMs: loop.gapMs(),
        policyLabel: 'reject',
        details: { limit: { name: 'max_open_tasks', value: limit } },
      });
    }
    const sessionId = request.sessionId ?? randomUUID();
    const identity: TaskIdentity = { key: ids.key, taskId: ids.taskId, sessionId, ...context };
    const promptTokens = await this.#countTokens(request, model);
    const spec = toTaskSpec(request, identity, model, promptTokens);
    const answer = loop.admit(spec, (acceptance, nowMs) => createTask(request, identity, acceptance, nowMs, clock.epochMs()));
    if (answer.kind === 'refused') throw this.#refuse(request, answer, context.tenantId);
    const { task, acceptance } = answer;
    const acceptedBody = JSON.stringify(toAccepted(task, acceptance));
    try {
      await journal.append({
        kind: 'accepted',
        taskKey: ids.key,
        atEpochMs: task.enqueuedAtEpochMs,
        acceptedBody,
        requestBody: JSON.stringify(request),
      });
    } catch (cause) {
      await loop.cancel(task).catch(() => undefined);
      throw new OrchError('journal-unavailable', { cause });
    }
    store.publish({ task, requestDigest: ids.digest, acceptedBody });
    // A fast task may have ended, to the last, while its acceptance was being written.
    if (task.log.terminal !== null) store.retire(task);
    return {
      body: acceptedBody,
      taskId: ids.taskId,
      sessionKey: sessionKeyOf(identity),
      queuePosition: acceptance.queuePosition,
      predictedStartMs: acceptance.predictedStartMs,
    };
  }

  #refuse(request: NormalRequest, { refusal }: Extract<AdmissionAnswer, { kind: 'refused' }>, tenantId: string): OrchError {
    // A limit that no queue policy gave refuses like `reject`; a 429 always says which (ORCH-2007).
    const policyLabel = refusal.policyLabel ?? (errorKinds[refusal.error].status === 429 ? 'reject' : undefined);
    this.#options.accounts.onRefused(refusal.error, request.engine ?? 'any', request.priority, policyLabel ?? null);
    return new OrchError(refusal.error, {
      message: refusal.message,
      engine: request.engine ?? undefined,
      poolId: request.pinPoolId ?? undefined,
      // 0 would say "now", which the refusal just denied.
      retryAfterMs: refusal.retryAfterMs === null ? undefined : Math.max(1, refusal.retryAfterMs),
      policyLabel,
      details: {
        ...refusalDetails(refusal.details, { config: this.#options.config, tenantId, priority: request.priority }),
        ...(refusal.queuePosition !== null && { queue_position: refusal.queuePosition }),
      },
    });
  }

  /** All texts of a task together; only a completion shares its `ctx` with what it generates. */
  async #countTokens(request: NormalRequest, model: CatalogModel): Promise<number> {
    const ctx = Math.min(request.ctx ?? model.ctxLimit, model.leastPoolCtx);
    if (request.prompt !== null)
      return this.#options.promptTokens.count(model.digest, request.prompt, ctx - (request.maxTokens ?? defaultMaxTokens));
    const counts = await Promise.all((request.inputs ?? []).map((input) => this.#options.promptTokens.count(model.digest, input, ctx)));
    return request.workload === 'rerank' ? (counts[0] ?? 0) + Math.max(0, ...counts.slice(1)) : Math.max(0, ...counts);
  }
}

const conflict = (taskId: string): OrchError =>
  new OrchError('task-id-conflict', {
    message: `Task ${taskId} was already enqueued with another body.`,
    details: { faults: [{ path: '/task_id', message: 'already used with another body' }] },
  });

const unknownModel = (modelRef: string, catalog: Catalog): OrchError =>
  new OrchError('unknown-model', {
    message: `No pool serves the model ${JSON.stringify(modelRef)}.`,
    details: { faults: [{ path: '/model_ref', message: 'unknown model', expected: catalog.names().slice(0, 20).join(', ') }] },
  });

const toTaskSpec = (request: NormalRequest, identity: TaskIdentity, model: CatalogModel, promptTokens: number): TaskSpec => ({
  taskKey: identity.key,
  tenantId: identity.tenantId,
  sessionKey: sessionKeyOf(identity),
  priority: request.priority,
  workload: request.workload,
  modelDigest: model.digest,
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

const createTask = (request: NormalRequest, identity: TaskIdentity, acceptance: Acceptance, nowMs: number, epochMs: number): Task => {
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
  const input: TaskInput =
    request.workload === 'completion'
      ? { workload: 'completion', prompt: request.prompt ?? '', stop: request.stop }
      : { workload: request.workload, inputs: request.inputs ?? [] };
  const task = new Task(identity, effective, input, nowMs, epochMs);
  task.canary = acceptance.canary;
  task.queuePositionAtAdmission = acceptance.queuePosition;
  task.predictedStartMs = wholeMs(acceptance.predictedStartMs);
  return task;
};

const wholeMs = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));

const toAccepted = (task: Task, acceptance: Acceptance): TaskAccepted => {
  const { identity, effective } = task;
  return {
    task_id: identity.taskId,
    session_id: identity.sessionId,
    queue_position: acceptance.queuePosition,
    predicted_start_ms: wholeMs(acceptance.predictedStartMs),
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
  };
};
