/**
 * A task's way in (DESIGN 4.1 and 4.2): idempotency, model, tokens, the core's decision, the journal, and only then the
 * 202. It decides nothing that the core decides.
 */
import { randomUUID } from 'node:crypto';
import { errorKinds, OrchError } from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';
import type { Clock } from '../clock.ts';
import type { JournalTime } from '../journal/journal-time.ts';
import type { Journal } from '../journal/journal.ts';
import type { SchedulerLoop } from '../scheduler-loop.ts';
import type { AdmissionAnswer } from './pending-admission.ts';
import type { TaskAccounts } from '../task-accounts.ts';
import type { TaskStore } from '../task-store.ts';
import type { Task, TaskIdentity } from '../task.ts';
import type { TaskSpans } from '../tracing/task-spans.ts';
import { createTask, sessionKeyOf, tenantKey, toAcceptedRecord, toTaskSpec } from './accepted-task.ts';
import type { Catalog, CatalogModel } from './catalog.ts';
import type { PromptTokens } from './prompt-tokens.ts';
import { refusalDetails } from './refusal-details.ts';
import { type NormalRequest, requestDigest } from './task-request.ts';

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
  readonly journalTime: JournalTime;
  readonly accounts: TaskAccounts;
  readonly spans: TaskSpans | null;
  readonly clock: Clock;
};

/** Default of `max_tokens` where `ctx` leaves that many. */
const defaultMaxTokens = 256;

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
      if (known.admission.requestDigest !== digest) throw conflict(taskId);
      return toAnswer(known);
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
    const { catalog, loop, store, config, clock, journal, journalTime, accounts, spans } = this.#options;
    const arrivedMs = clock.epochMs();
    if (journal.fault !== null) throw new OrchError('journal-unavailable', { message: journal.fault });
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
    const spec = toTaskSpec(request, identity, model.digest, promptTokens);
    let stable: Promise<void> | undefined;
    const answer = loop.admit(spec, (acceptance, nowMs) => {
      const task = createTask(request, { identity, requestDigest: ids.digest, acceptance }, clock.epochMs(), nowMs);
      spans?.onAccepted(task, arrivedMs);
      // Here and not later: what follows from the acceptance, a dispatch above all, is recorded after it.
      stable = journal.append(toAcceptedRecord(task, { request, spec, laneId: acceptance.laneId, atMs: journalTime.at(nowMs) }));
      return task;
    });
    if (answer.kind === 'refused') spans?.onRefused(identity, arrivedMs, answer.refusal.error);
    if (answer.kind === 'refused') throw this.#refuse(request, answer, context.tenantId);
    const { task } = answer;
    try {
      await stable;
    } catch (cause) {
      await loop.cancel(task);
      throw new OrchError('journal-unavailable', { cause });
    }
    spans?.onAdmitted(task, arrivedMs);
    store.publish(task);
    // A fast task may have ended, to the last, while its acceptance was being written.
    if (task.log.terminal !== null) store.retire(task);
    return toAnswer(task);
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

const toAnswer = (task: Task): SubmitAnswer => ({
  body: task.admission.acceptedBody,
  taskId: task.identity.taskId,
  sessionKey: sessionKeyOf(task.identity),
  queuePosition: task.queuePositionAtAdmission,
  predictedStartMs: task.predictedStartMs,
});
