/**
 * All records of a journal, in the order in which they were written, become what was true when the last one was (ORCH-3302). Pure: any
 * prefix of a journal is a journal, and a crash leaves one.
 */
import type { SessionUsage } from '@llama-orch/orchestrator-core';
import { sessionKeyOf } from '../admission/accepted-task.ts';
import type {
  AcceptedRecord,
  BudgetRecord,
  JournalRecord,
  OperationRecord,
  PinnedRecord,
  RunRecord,
  SessionRecord,
  TerminalRecord,
} from './journal.ts';

export type LiveTask = {
  readonly accepted: AcceptedRecord;
  /** When it first left its queue; `null` = it never did. */
  readonly startedAtMs: number | null;
  /** Its newest attempt. */
  readonly pinned: PinnedRecord | null;
  readonly firstTokenShown: boolean;
};

export type FoldedSession = {
  readonly tenantId: string;
  readonly turns: number;
  readonly used: SessionUsage | null;
  readonly lastUsedAtMs: number;
};

export type JournalContents = {
  /** Not ended, in the order of their acceptance. */
  readonly live: readonly LiveTask[];
  /** In the order of their ends. */
  readonly ended: readonly TerminalRecord[];
  readonly sessions: ReadonlyMap<string, FoldedSession>;
  /** Sessions that have a record of their own. */
  readonly sessionRecords: ReadonlySet<string>;
  readonly budget: BudgetRecord | null;
  readonly operations: ReadonlyMap<string, OperationRecord>;
  readonly run: RunRecord | null;
  /** Time of the newest record; 0 = there is none. */
  readonly lastAtMs: number;
};

type MutableTask = { accepted: AcceptedRecord; startedAtMs: number | null; pinned: PinnedRecord | null; firstTokenShown: boolean };
type MutableSession = { tenantId: string; turns: number; used: SessionUsage | null; lastUsedAtMs: number; turnAtMs: number };

/** Records of tasks without an `accepted` are left over from one that was refused; they mean nothing. */
export const foldRecords = (records: Iterable<JournalRecord>): JournalContents => {
  const live = new Map<string, MutableTask>();
  const ended = new Map<string, TerminalRecord>();
  const sessions = new Map<string, MutableSession>();
  const sessionRecords = new Set<string>();
  const operations = new Map<string, OperationRecord>();
  let budget: BudgetRecord | null = null;
  let run: RunRecord | null = null;
  let lastAtMs = 0;
  for (const record of records) {
    if ('atMs' in record) lastAtMs = Math.max(lastAtMs, record.atMs);
    switch (record.kind) {
      case 'accepted':
        live.set(record.taskKey, { accepted: record, startedAtMs: null, pinned: null, firstTokenShown: false });
        onTurn(sessions, record, { used: null, turnAtMs: record.atMs });
        break;
      case 'pinned': {
        const task = live.get(record.taskKey);
        if (task !== undefined) Object.assign(task, { pinned: record, startedAtMs: task.startedAtMs ?? record.atMs });
        break;
      }
      case 'firstToken': {
        const task = live.get(record.taskKey);
        if (task !== undefined) task.firstTokenShown = true;
        break;
      }
      case 'terminal':
        live.delete(record.taskKey);
        ended.delete(record.taskKey);
        ended.set(record.taskKey, record);
        onTurn(sessions, record, { used: record.sessionUsed, turnAtMs: record.acceptedAtMs });
        break;
      case 'session':
        sessionRecords.add(record.sessionKey);
        onSession(sessions, record);
        break;
      case 'budget':
        budget = record;
        break;
      case 'operation':
        operations.set(record.operationId, record);
        break;
      case 'run':
        run = record;
        break;
    }
  }
  for (const [key, { turns }] of sessions) if (turns === 0) sessions.delete(key);
  return { live: [...live.values()], ended: [...ended.values()], sessions, sessionRecords, budget, operations, run, lastAtMs };
};

/**
 * A turn counts unless the session was deleted after it began; the newest one says how many there were, the newest end what they used.
 */
const onTurn = (
  sessions: Map<string, MutableSession>,
  { tenantId, sessionId, sessionTurns: turns, atMs }: AcceptedRecord | TerminalRecord,
  { used, turnAtMs }: { readonly used: SessionUsage | null; readonly turnAtMs: number },
): void => {
  const key = sessionKeyOf({ tenantId, sessionId });
  const known = sessions.get(key);
  if (known === undefined) {
    sessions.set(key, { tenantId, turns, used, lastUsedAtMs: atMs, turnAtMs });
    return;
  }
  const isNewer = turnAtMs > known.turnAtMs || (turnAtMs === known.turnAtMs && known.turns > 0);
  // Of a session that was deleted since, neither the turn nor its end means anything.
  if (!isNewer && known.turns === 0) return;
  // A session deleted before starts anew.
  known.used = used ?? (known.turns === 0 ? null : known.used);
  if (isNewer) Object.assign(known, { turns, turnAtMs });
  known.lastUsedAtMs = Math.max(known.lastUsedAtMs, atMs);
};

const onSession = (
  sessions: Map<string, MutableSession>,
  { sessionKey, tenantId, turns, used, lastUsedAtMs, atMs }: SessionRecord,
): void => {
  sessions.set(sessionKey, { tenantId, turns, used, lastUsedAtMs, turnAtMs: atMs });
};
