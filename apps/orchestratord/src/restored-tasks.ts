/**
 * What a journal holds becomes tasks again, and what the scheduler must be told of them (ORCH-3302). Pure: the tasks it makes are
 * nobody's yet.
 */
import type { ErrorEnvelope, StreamEnd, StreamStarted, TaskAccepted } from '@llama-orch/api-types';
import type { RestoredState, RestoredTask } from '@llama-orch/orchestrator-core';
import { tenantKey, toEffective, toInput, toTaskSpec } from './admission/accepted-task.ts';
import type { JournalContents, LiveTask } from './journal/fold.ts';
import type { JournalTime } from './journal/journal-time.ts';
import type { AcceptedRecord, TerminalRecord } from './journal/journal.ts';
import { Task, type TaskAdmission, type TaskIdentity, type TaskResult } from './task.ts';

export type RestoredTasks = {
  readonly live: readonly Task[];
  /** In the order of their ends. */
  readonly ended: readonly Task[];
  /** For the core. */
  readonly state: RestoredState;
};

/** Text of an ended task is cut into events of so many characters: how it was cut at first is not kept. */
const pieceChars = 1_024;

/** @req ORCH-3302 */
export const restoreTasks = (contents: JournalContents, time: JournalTime, nowMs: number): RestoredTasks => {
  const live = contents.live.map((kept) => restoreLive(kept, time, nowMs));
  const ended = contents.ended.map((record) => ({ record, task: restoreEnded(record, time) }));
  const { budget } = contents;
  // Since the levels were written down: a crash must not fill the buckets again.
  const spends = [
    ...live.map(({ restored: { spec, acceptance, acceptedAtMs } }) => ({
      tenantId: spec.tenantId,
      priority: spec.priority,
      tokens: spec.promptTokens + (acceptance.maxTokens ?? 0),
      atMs: acceptedAtMs,
    })),
    ...ended.map(({ record, task: { effective, result } }) => ({
      tenantId: record.tenantId,
      priority: effective.priority,
      tokens: (result?.tokensIn ?? 0) + (result?.tokensOut ?? 0),
      atMs: time.toNowMs(record.acceptedAtMs),
    })),
  ].filter(({ atMs }) => budget === null || atMs > time.toNowMs(budget.atMs));
  return {
    live: live.map(({ task }) => task),
    ended: ended.map(({ task }) => task),
    state: {
      tasks: live.map(({ restored }) => restored),
      sessions: [...contents.sessions].map(([sessionKey, { tenantId, turns, used, lastUsedAtMs }]) => ({
        sessionKey,
        turns,
        lastUsedMs: time.toNowMs(lastUsedAtMs),
        ...(used !== null && { account: { tenantId, used } }),
      })),
      budgets: budget === null ? [] : budget.levels.map((level) => ({ ...level, atMs: time.toNowMs(budget.atMs) })),
      spends: spends.toSorted((a, b) => a.atMs - b.atMs),
    },
  };
};

/** A task that had been dispatched was interrupted by the restart: one more failover, which lasts until its text goes on. */
const restoreLive = (
  { accepted, pinned, startedAtMs, firstTokenShown }: LiveTask,
  time: JournalTime,
  nowMs: number,
): { task: Task; restored: RestoredTask } => {
  const { request, modelDigest, promptTokens, laneId } = accepted;
  const identity = toIdentity(accepted, accepted.traceparent ?? undefined);
  const body = JSON.parse(accepted.acceptedBody) as TaskAccepted;
  const effective = toEffective(body);
  const enqueuedAtMs = time.toNowMs(accepted.atMs);
  const task = new Task({
    identity,
    effective,
    admission: toAdmission(accepted),
    input: toInput(request),
    enqueuedAtMs,
    enqueuedAtEpochMs: accepted.atEpochMs,
  });
  task.queuePositionAtAdmission = body.queue_position;
  task.predictedStartMs = body.predicted_start_ms;
  task.canary = accepted.canary;
  task.pinned = pinned;
  task.startedAtMs = startedAtMs === null ? null : time.toNowMs(startedAtMs);
  if (pinned !== null) {
    task.attempts = pinned.attempt;
    task.failovers = pinned.attempt;
    task.failedAtMs = nowMs;
  }
  const restored: RestoredTask = {
    spec: toTaskSpec(request, identity, modelDigest, promptTokens),
    acceptance: {
      laneId,
      engine: effective.engine,
      ctxTokens: effective.ctxTokens,
      maxTokens: effective.maxTokens,
      deadlineMs: effective.deadlineMs,
      samplerProfileVersion: effective.samplerProfileVersion,
    },
    acceptedAtMs: enqueuedAtMs,
    attempts: pinned?.attempt ?? 0,
    set: pinned?.set ?? null,
    failedOn: pinned?.failedOn ?? [],
    firstTokenShown,
  };
  return { task, restored };
};

const restoreEnded = (record: TerminalRecord, time: JournalTime): Task => {
  const { terminal, text, result, started, startedMs, firstTokenMs, endedMs } = record;
  const body = JSON.parse(record.acceptedBody) as TaskAccepted;
  // Whole, so that the fractions of what is counted from it stay as they were told.
  const enqueuedAtMs = Math.round(time.toNowMs(record.acceptedAtMs));
  const task = new Task({
    identity: toIdentity(record, undefined),
    effective: toEffective(body),
    admission: toAdmission(record),
    input: null,
    enqueuedAtMs,
    enqueuedAtEpochMs: record.acceptedAtEpochMs,
  });
  task.queuePositionAtAdmission = body.queue_position;
  task.predictedStartMs = body.predicted_start_ms;
  task.state = record.state;
  task.attempts = record.attempts;
  task.failovers = record.failovers;
  task.failoverMs = record.failoverMs;
  task.startedAtMs = startedMs === null ? null : enqueuedAtMs + startedMs;
  task.firstTokenAtMs = firstTokenMs === null ? null : enqueuedAtMs + firstTokenMs;
  task.endedAtMs = enqueuedAtMs + endedMs;
  task.started = started === null ? null : (JSON.parse(started) as StreamStarted);
  task.result = result === null ? null : { ...result, ...vectorsOf(terminal.data, body) };
  task.error = terminal.event === 'error' ? (JSON.parse(terminal.data) as ErrorEnvelope) : null;
  if (started !== null) task.log.start(started);
  if (text !== '') task.log.append(toPieces(text));
  if (record.state === 'canceled') task.log.cut();
  task.log.finish(terminal);
  task.markEnded();
  return task;
};

const toIdentity = (
  { taskKey, tenantId, sessionId, correlationId }: AcceptedRecord | TerminalRecord,
  traceparent: string | undefined,
): TaskIdentity => ({
  key: taskKey,
  tenantId,
  taskId: taskKey.slice(tenantKey(tenantId, '').length),
  sessionId,
  correlationId,
  traceparent,
});

/** Not the record itself: it would keep the prompt. */
const toAdmission = ({ acceptedBody, requestDigest, sessionTurns }: AcceptedRecord | TerminalRecord): TaskAdmission => ({
  acceptedBody,
  requestDigest,
  sessionTurns,
});

/** Vectors are in the terminal event only: they may be large. */
const vectorsOf = (data: string, { effective }: TaskAccepted): Pick<TaskResult, 'embeddings' | 'scores'> => {
  if (effective.workload === 'completion') return {};
  const { embeddings, scores } = JSON.parse(data) as StreamEnd;
  return { ...(embeddings !== undefined && { embeddings }), ...(scores !== undefined && { scores }) };
};

const toPieces = (text: string): string[] => {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + pieceChars);
    // A character of two units stays whole.
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to += 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
};

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
