/**
 * Whether a run kept every promise: the transcript of its clients, what is left at its end, and that it put something to the test at
 * all. It knows nothing of how the orchestrator works.
 */
import { checkLimits } from './check-limits.ts';
import { checkStreams } from './check-streams.ts';
import { checkEndState, type EndState } from './end-state.ts';
import { acceptedOf, eventsOf, isTerminalEvent, type Transcript } from './transcript.ts';
import type { Violation } from './violation.ts';

export type RunEvidence = {
  readonly transcript: Transcript;
  readonly endState: EndState;
};

export type RunFigures = {
  /** Answered 202. */
  readonly tasks: number;
  /** By tenant. */
  readonly refused: Readonly<Record<string, number>>;
  readonly succeeded: number;
  readonly canceled: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly failovers: number;
  readonly reconnects: number;
  readonly tokens: number;
  /** Longest silence inside a running stream. */
  readonly longestGapMs: number;
};

/** @req ORCH-3051 */
export function check({ transcript, endState }: RunEvidence): readonly Violation[] {
  return [...checkStreams(transcript), ...checkLimits(transcript), ...checkEndState(endState), ...checkWorth(transcript)];
}

/** A run in which nothing succeeded keeps every promise, and shows nothing. */
function checkWorth(transcript: Transcript): readonly Violation[] {
  const { tasks, succeeded, canceled } = toFigures(transcript);
  const strict = transcript.tasks.filter(({ determinism, promptKey }) => determinism === 'strict' && !transcript.unfaulted.has(promptKey));
  const found: Violation[] = [];
  if (succeeded < (tasks - canceled) * 0.8)
    found.push({ rule: 'proved-nothing', taskId: null, what: `expected most of ${tasks - canceled} tasks to succeed, got ${succeeded}` });
  if (strict.length > 0)
    found.push({
      rule: 'proved-nothing',
      taskId: null,
      what: `expected an unfaulted text for each strict task, got ${strict.length} without`,
    });
  return found;
}

export function toFigures({ tasks }: Transcript): RunFigures {
  const failed: Record<string, number> = {};
  const refused: Record<string, number> = {};
  const figures = { tasks: 0, succeeded: 0, canceled: 0, failovers: 0, reconnects: 0, tokens: 0, longestGapMs: 0 };
  for (const task of tasks) {
    if (acceptedOf(task) === undefined) {
      refused[task.tenant] = (refused[task.tenant] ?? 0) + 1;
      continue;
    }
    figures.tasks += 1;
    const { last } = task;
    const status = typeof last === 'object' ? last : null;
    if (status?.state === 'succeeded') figures.succeeded += 1;
    if (status?.state === 'canceled') figures.canceled += 1;
    if (status?.error != null) failed[status.error.code] = (failed[status.error.code] ?? 0) + 1;
    figures.failovers += status?.result?.failovers ?? 0;
    for (const reader of task.readers) {
      figures.reconnects += Math.max(0, reader.connections.length - 1);
      const events = eventsOf(reader);
      figures.tokens += events.filter(({ event }) => event.event === 'token').length;
      for (const [index, { atMs }] of events.entries()) {
        const before = events[index - 1];
        if (before !== undefined && !isTerminalEvent(before))
          figures.longestGapMs = Math.max(figures.longestGapMs, Math.round(atMs - before.atMs));
      }
    }
  }
  return { ...figures, refused, failed };
}
