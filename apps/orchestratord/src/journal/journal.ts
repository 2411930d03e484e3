/**
 * The journal's port (DESIGN section 5): what must be stable before it is seen. Whoever writes a record waits for it
 * before letting anybody see what it says; a dispatch may precede its commit, no event may.
 */
import type { Acceptance, BudgetLevel, FailedOn, SessionUsage, SetName } from '@llama-orch/orchestrator-core';
import type { NormalRequest } from '../admission/task-request.ts';
import type { TaskResult, TaskState } from '../task.ts';
import type { TerminalEvent } from '../task-log.ts';

/** Times are of the journal's own scale ({@link JournalTime}), milliseconds, so that they mean the same after a restart. */
export type AcceptedRecord = {
  readonly kind: 'accepted';
  /** `tenantId/taskId`. */
  readonly taskKey: string;
  readonly tenantId: string;
  readonly sessionId: string;
  readonly atMs: number;
  /** For people: what the wall clock said. */
  readonly atEpochMs: number;
  readonly correlationId: string;
  readonly traceparent: string | null;
  readonly laneId: string;
  /** As asked for; the values in force name the lane's, another one where a canary took the task. */
  readonly modelDigest: string;
  readonly promptTokens: number;
  /** The side of its model's canary that it is on. */
  readonly canary: Acceptance['canary'];
  readonly sessionTurns: number;
  readonly requestDigest: string;
  /** The request as checked, defaults filled in. */
  readonly request: NormalRequest;
  /** The 202's body, for byte-equal repeats (ORCH-2011); it holds the values in force. */
  readonly acceptedBody: string;
};

/** An attempt was sent to a replica; written again, with that replica among `failedOn`, when it failed and the task may run again. */
export type PinnedRecord = {
  readonly kind: 'pinned';
  readonly taskKey: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly atMs: number;
  readonly replicaId: string;
  /** The set that the task may run on from now on; `null` unless it is `strict`. */
  readonly set: SetName | null;
  /** Where earlier attempts failed. */
  readonly failedOn: readonly FailedOn[];
};

/** A `best_effort` task is about to show its first token: it may not run again. */
export type FirstTokenRecord = { readonly kind: 'firstToken'; readonly taskKey: string };

/** Every end, cancels included: stable before the 204 and before any reader sees it. It replaces all records of its task, the prompt too. */
export type TerminalRecord = {
  readonly kind: 'terminal';
  readonly taskKey: string;
  readonly tenantId: string;
  readonly sessionId: string;
  readonly atMs: number;
  readonly acceptedAtMs: number;
  readonly acceptedAtEpochMs: number;
  readonly correlationId: string;
  readonly sessionTurns: number;
  /** What its session used of its budgets, this task included; `null` where nothing is counted. */
  readonly sessionUsed: SessionUsage | null;
  readonly requestDigest: string;
  readonly acceptedBody: string;
  readonly state: TaskState;
  readonly attempts: number;
  readonly failovers: number;
  readonly failoverMs: number;
  /** From the acceptance; `null` where it did not happen. */
  readonly startedMs: number | null;
  readonly firstTokenMs: number | null;
  readonly endedMs: number;
  /** Data of the `started` event. */
  readonly started: string | null;
  readonly result: Omit<TaskResult, 'embeddings' | 'scores'> | null;
  readonly terminal: TerminalEvent;
  readonly text: string;
};

/** A session whose turns no task record may show any more, or that was deleted (`turns: 0`). */
export type SessionRecord = {
  readonly kind: 'session';
  readonly sessionKey: string;
  readonly tenantId: string;
  readonly turns: number;
  readonly used: SessionUsage | null;
  readonly lastUsedAtMs: number;
  readonly atMs: number;
};

/** Levels of all buckets that are not full. */
export type BudgetRecord = { readonly kind: 'budget'; readonly atMs: number; readonly levels: readonly BudgetLevel[] };

/** An operation of the control plane as it stands; `body` is its owner's. */
export type OperationRecord = { readonly kind: 'operation'; readonly operationId: string; readonly body: unknown };

/** A controller began to use the journal; what later ones measure time from. */
export type RunRecord = {
  readonly kind: 'run';
  readonly atMs: number;
  /** `null` where the system names no boot. */
  readonly bootId: string | null;
  readonly uptimeMs: number;
};

export type JournalRecord =
  | AcceptedRecord
  | PinnedRecord
  | FirstTokenRecord
  | TerminalRecord
  | SessionRecord
  | BudgetRecord
  | OperationRecord
  | RunRecord;

/** What records are about, and what is forgotten as a whole. */
export type JournalSubject =
  | { readonly kind: 'task' | 'session' | 'operation'; readonly key: string }
  | { readonly kind: 'budget' | 'run'; readonly key: '' };

/**
 * Records of one subject are stable in the order in which they were appended, and so are those of different ones.
 *
 * @req ORCH-3302
 */
export interface Journal {
  /** Whether what is stable outlives the process. */
  readonly isDurable: boolean;
  /** Why new tasks cannot be promised anything now; `null` = they can. */
  readonly fault: string | null;
  /** Nothing can be made stable now, whoever waits for it. */
  readonly isStuck: boolean;
  /** Records that are not stable yet. */
  readonly pending: number;
  /**
   * `accepted` is refused while the journal cannot be written or lags too far; every other record waits until it can be, for what it
   * tells has happened. Records of a task whose `accepted` was refused are dropped.
   *
   * @returns resolved once the record is stable.
   * @errors rejects an `accepted` that will never be stable (`journal-unavailable`).
   */
  append(record: JournalRecord): Promise<void>;
  /** The subject's records may go. */
  forget(subject: JournalSubject): void;
  /** Make stable what can be, and let go. */
  close(): Promise<void>;
}

export const subjectOf = (record: JournalRecord): JournalSubject => {
  switch (record.kind) {
    case 'accepted':
    case 'pinned':
    case 'firstToken':
    case 'terminal':
      return { kind: 'task', key: record.taskKey };
    case 'session':
      return { kind: 'session', key: record.sessionKey };
    case 'operation':
      return { kind: 'operation', key: record.operationId };
    case 'budget':
    case 'run':
      return { kind: record.kind, key: '' };
  }
};

/** Whether a record takes the place of all that its subject had. */
export const replacesEarlier = ({ kind }: JournalRecord): boolean => kind !== 'accepted' && kind !== 'pinned' && kind !== 'firstToken';
