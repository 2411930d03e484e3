/**
 * The journal's port (DESIGN section 5): what must be stable before it is seen. Whoever writes a record waits for it
 * before letting anybody see what it says; a dispatch may precede its commit, no event may.
 */
import type { TerminalEvent } from '../task-log.ts';

export type JournalRecord =
  | {
      readonly kind: 'accepted';
      readonly taskKey: string;
      readonly atEpochMs: number;
      /** The 202's body, for byte-equal repeats (ORCH-2011). */
      readonly acceptedBody: string;
      /** The request as checked, defaults filled in. */
      readonly requestBody: string;
    }
  | { readonly kind: 'pinned'; readonly taskKey: string; readonly attempt: number; readonly replicaId: string }
  /** Every end, cancels included: stable before the 204 and before any reader sees it. */
  | { readonly kind: 'terminal'; readonly taskKey: string; readonly terminal: TerminalEvent; readonly text: string };

/**
 * @req ORCH-3302
 */
export interface Journal {
  /**
   * @returns resolved once the record is stable.
   * @errors rejects when it cannot be written; then nothing of it may be shown (`journal-unavailable`).
   */
  append(record: JournalRecord): Promise<void>;
  /** Retention ended: the task's records may go. */
  forget(taskKey: string): void;
  close(): Promise<void>;
}
