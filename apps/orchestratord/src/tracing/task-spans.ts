/**
 * The spans of a task: one for the whole, and below it admission, each wait in a queue and each attempt. It is told what happens, as the
 * metrics are, and keeps nothing of a task that has ended. No prompt and no text ever comes here.
 */
import { randomBytes } from 'node:crypto';
import type { ErrorKind } from '@llama-orch/api-types';
import { errorKinds } from '@llama-orch/api-types';
import type { TaskEnd } from '@llama-orch/orchestrator-core';
import type { Attempt, AttemptSettled } from '../attempt.ts';
import type { Clock } from '../clock.ts';
import type { Task, TaskIdentity } from '../task.ts';
import type { AttributeValue, Span } from './otlp.ts';
import type { SpanSink } from './span-exporter.ts';
import { toTraceparent, type TraceContext, traceOfTask } from './trace-context.ts';

type OpenTask = { readonly trace: TraceContext; readonly startMs: number; queuedMs: number; firstTokenMs: number | null };
type OpenAttempt = {
  readonly trace: TraceContext;
  readonly spanId: string;
  readonly startMs: number;
  readonly attributes: Span['attributes'];
  firstTokenMs: number | null;
};

export type TaskSpansOptions = { readonly sink: SpanSink; readonly clock: Clock; readonly sampleRatio: number };

/** @req ORCH-3101 */
export class TaskSpans {
  readonly #options: TaskSpansOptions;
  /** `null` = not recorded. */
  readonly #tasks = new WeakMap<Task, OpenTask | null>();
  readonly #attempts = new WeakMap<Attempt, OpenAttempt>();

  constructor(options: TaskSpansOptions) {
    this.#options = options;
  }

  /** Now, for whoever reports a span's beginning later. */
  nowMs(): number {
    return this.#options.clock.epochMs();
  }

  /** @param arrivedMs - When its request came. */
  onAccepted(task: Task, arrivedMs: number): void {
    const { identity, enqueuedAtEpochMs: queuedMs } = task;
    const trace = this.#trace(identity);
    this.#tasks.set(task, trace && { trace, startMs: arrivedMs, queuedMs, firstTokenMs: null });
  }

  /** Its acceptance is stable and may be shown. */
  onAdmitted(task: Task, arrivedMs: number): void {
    const trace = this.#trace(task.identity);
    if (trace !== null) this.#child(trace, { name: 'admission', startMs: arrivedMs, attributes: {}, error: null });
  }

  onRefused(identity: TaskIdentity, arrivedMs: number, error: ErrorKind): void {
    const trace = this.#trace(identity);
    if (trace === null) return;
    const { code } = errorKinds[error];
    const attributes = { 'orch.task_id': identity.taskId, 'orch.correlation_id': identity.correlationId };
    this.#child(trace, { name: 'admission', startMs: arrivedMs, attributes: {}, error: code });
    this.#root(trace, { startMs: arrivedMs, attributes, events: [], error: code });
  }

  /** @returns What the worker gets as its caller's trace context; `undefined` where nothing is recorded. */
  onDispatched(task: Task, attempt: Attempt, queuePosition: number): string | undefined {
    const open = this.#open(task);
    if (open === null) return undefined;
    const { trace } = open;
    this.#child(trace, {
      name: 'queue',
      startMs: open.queuedMs,
      attributes: { 'orch.attempt': attempt.number, 'orch.queue_position': queuePosition },
      error: null,
    });
    const { worker } = attempt;
    const spanId = randomBytes(8).toString('hex');
    this.#attempts.set(attempt, {
      trace,
      spanId,
      startMs: this.nowMs(),
      firstTokenMs: null,
      attributes: {
        'orch.task_id': task.identity.taskId,
        'orch.attempt': attempt.number,
        'orch.pool_id': worker.pool.id,
        'orch.replica_id': worker.replicaId,
        'orch.engine': worker.report.engine,
        'orch.engine_version': worker.report.engine_version,
        'orch.kv_warmth': task.placement?.kvWarmth ?? null,
      },
    });
    return toTraceparent(trace.traceId, spanId);
  }

  /** The attempt's first; what a re-run repeats counts too. */
  onFirstToken(task: Task, attempt: Attempt): void {
    const nowMs = this.nowMs();
    const open = this.#open(task);
    if (open !== null) open.firstTokenMs ??= nowMs;
    const openAttempt = this.#attempts.get(attempt);
    if (openAttempt !== undefined) openAttempt.firstTokenMs = nowMs;
  }

  onSettled(attempt: Attempt, settled: AttemptSettled): void {
    const open = this.#attempts.get(attempt);
    if (open === undefined) return;
    this.#attempts.delete(attempt);
    const { trace, spanId, startMs, firstTokenMs, attributes } = open;
    this.#options.sink.add({
      traceId: trace.traceId,
      spanId,
      parentSpanId: trace.spanId,
      name: 'attempt',
      kind: 'client',
      startEpochMs: startMs,
      endEpochMs: this.nowMs(),
      attributes: { ...attributes, 'orch.outcome': settled.kind, 'orch.tokens_out': attempt.generated },
      events: firstTokenEvents(firstTokenMs),
      error: settled.kind === 'failed' ? settled.error.kind : null,
    });
  }

  onRequeued(task: Task): void {
    const open = this.#open(task);
    if (open !== null) open.queuedMs = this.nowMs();
  }

  onEnded(task: Task, end: TaskEnd): void {
    const open = this.#open(task);
    this.#tasks.delete(task);
    if (open === null) return;
    const { trace, startMs, queuedMs, firstTokenMs } = open;
    const error = end.kind === 'failed' ? errorKinds[end.error].code : null;
    if (task.attempts === 0) this.#child(trace, { name: 'queue', startMs: queuedMs, attributes: {}, error });
    this.#root(trace, { startMs, attributes: taskAttributes(task, end), events: firstTokenEvents(firstTokenMs), error });
  }

  /** Of one that an earlier run admitted, only what this one sees of it. */
  #open(task: Task): OpenTask | null {
    const known = this.#tasks.get(task);
    if (known !== undefined) return known;
    const trace = this.#trace(task.identity);
    const open = trace && { trace, startMs: task.enqueuedAtEpochMs, queuedMs: this.nowMs(), firstTokenMs: null };
    if (!task.isEnded) this.#tasks.set(task, open);
    return open;
  }

  #trace({ key, traceparent }: TaskIdentity): TraceContext | null {
    return traceOfTask(key, traceparent, this.#options.sampleRatio);
  }

  #child(trace: TraceContext, span: Pick<Span, 'name' | 'attributes' | 'error'> & { readonly startMs: number }): void {
    const { name, attributes, error, startMs } = span;
    this.#options.sink.add({
      traceId: trace.traceId,
      spanId: randomBytes(8).toString('hex'),
      parentSpanId: trace.spanId,
      name,
      kind: 'internal',
      startEpochMs: startMs,
      endEpochMs: this.nowMs(),
      attributes,
      events: [],
      error,
    });
  }

  #root(
    trace: TraceContext,
    { startMs, attributes, events, error }: Pick<Span, 'attributes' | 'events' | 'error'> & { startMs: number },
  ): void {
    this.#options.sink.add({
      ...trace,
      name: 'task',
      kind: 'server',
      startEpochMs: startMs,
      endEpochMs: this.nowMs(),
      attributes,
      events,
      error,
    });
  }
}

const firstTokenEvents = (epochMs: number | null): Span['events'] => (epochMs === null ? [] : [{ name: 'first_token', epochMs }]);

const taskAttributes = (
  { identity, effective, failovers, attempts, result }: Task,
  end: TaskEnd,
): Record<string, AttributeValue | null> => ({
  'orch.task_id': identity.taskId,
  'orch.session_id': identity.sessionId,
  'orch.tenant_id': identity.tenantId,
  'orch.correlation_id': identity.correlationId,
  'orch.engine': effective.engine,
  'orch.model_digest': effective.modelDigest,
  'orch.workload': effective.workload,
  'orch.priority': effective.priority,
  'orch.determinism': effective.determinism,
  'orch.outcome': end.kind,
  'orch.attempts': attempts,
  'orch.failovers': failovers,
  'orch.tokens_in': result?.tokensIn ?? null,
  'orch.tokens_out': result?.tokensOut ?? null,
});
