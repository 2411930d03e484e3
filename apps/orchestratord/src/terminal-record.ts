/** The end of a task as the journal keeps it: all that can be asked for until its retention ends, and no prompt. Pure. */
import type { SessionUsage } from '@llama-orch/orchestrator-core';
import type { JournalTime } from './journal/journal-time.ts';
import type { TerminalRecord } from './journal/journal.ts';
import type { TaskConclusion } from './task-events.ts';
import type { Task } from './task.ts';

/**
 * @param task - It has ended; its log holds all its text.
 * @param sessionUsed - By its session, itself included.
 */
export const terminalRecord = (
  task: Task,
  { state, result, terminal }: TaskConclusion,
  { time, sessionUsed }: { readonly time: JournalTime; readonly sessionUsed: SessionUsage | null },
): TerminalRecord => {
  const { identity, admission, enqueuedAtMs, startedAtMs, firstTokenAtMs } = task;
  return {
    kind: 'terminal',
    taskKey: identity.key,
    tenantId: identity.tenantId,
    sessionId: identity.sessionId,
    atMs: time.at(task.endedAtMs ?? enqueuedAtMs),
    acceptedAtMs: time.at(enqueuedAtMs),
    acceptedAtEpochMs: task.enqueuedAtEpochMs,
    correlationId: identity.correlationId,
    ...admission,
    sessionUsed,
    state,
    attempts: task.attempts,
    failovers: task.failovers,
    failoverMs: task.failoverMs,
    startedMs: startedAtMs === null ? null : startedAtMs - enqueuedAtMs,
    firstTokenMs: firstTokenAtMs === null ? null : firstTokenAtMs - enqueuedAtMs,
    endedMs: (task.endedAtMs ?? enqueuedAtMs) - enqueuedAtMs,
    started: task.started === null ? null : JSON.stringify(task.started),
    result: result === null ? null : withoutVectors(result),
    terminal,
    text: task.log.text(),
  };
};

const withoutVectors = ({ finishReason, tokensIn, tokensOut, streamDigest }: NonNullable<Task['result']>): TerminalRecord['result'] => ({
  finishReason,
  tokensIn,
  tokensOut,
  streamDigest,
});
