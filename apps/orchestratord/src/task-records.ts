/**
 * What the journal keeps of tasks that run or ended, and when readers see what it keeps: a log is held, released and finished here. It
 * writes no other part of a task, and knows neither scheduler nor workers.
 */
import type { CoreEffect, SessionUsage } from '@llama-orch/orchestrator-core';
import type { JournalTime } from './journal/journal-time.ts';
import type { Journal, JournalRecord, PinnedRecord } from './journal/journal.ts';
import type { TaskConclusion } from './task-events.ts';
import type { Task } from './task.ts';
import { terminalRecord } from './terminal-record.ts';

export type TaskRecordsOptions = {
  readonly journal: Journal;
  readonly journalTime: JournalTime;
  /** The task's terminal event is stable and readable. */
  readonly onTaskEnded: (task: Task) => void;
};

export class TaskRecords {
  readonly #options: TaskRecordsOptions;
  /** Tasks that ended, until their terminal event is stable and readable. */
  readonly #unrevealed = new Set<Task>();

  constructor(options: TaskRecordsOptions) {
    this.#options = options;
  }

  /** Its end cannot be made stable now, and nobody knows when. */
  isStuck(task: Task): boolean {
    return this.#options.journal.isStuck && this.#unrevealed.has(task);
  }

  /** @returns once every end so far is readable. */
  async whenRevealed(): Promise<void> {
    await Promise.all([...this.#unrevealed].map(({ whenEnded }) => whenEnded));
  }

  /** @returns What the journal has of the attempt from now on. */
  onDispatched(task: Task, effect: Extract<CoreEffect, { kind: 'dispatch' }>, nowMs: number): PinnedRecord {
    const record: PinnedRecord = {
      kind: 'pinned',
      taskKey: effect.taskKey,
      attempt: effect.attempt,
      atMs: this.#options.journalTime.at(nowMs),
      replicaId: effect.replicaId,
      set: effect.set === null ? null : { id: effect.set.id, engineVersion: effect.set.engineVersion },
      failedOn: effect.failedOn,
    };
    // A reader that saw text of one set must never be served by another: so nothing is seen before the set is stable.
    if (task.pinned === null) this.#showOnceStable(task, record);
    else void this.#options.journal.append(record);
    return record;
  }

  /** Once a reader saw it the task may not run again, so that must be stable first. A strict task repeats itself. */
  onFirstToken(task: Task): void {
    if (task.effective.determinism === 'best_effort') this.#showOnceStable(task, { kind: 'firstToken', taskKey: task.identity.key });
  }

  /** Where it failed is avoided after a restart, too. */
  onFailed({ pinned, placement }: Task): void {
    if (pinned === null || placement === null) return;
    const { replicaId } = pinned;
    const failed = { replicaId, poolId: placement.pool.id, host: placement.pool.host };
    void this.#options.journal.append({ ...pinned, failedOn: [...pinned.failedOn, failed] });
  }

  /** The end is stable first, then its readers have it. */
  async reveal(task: Task, conclusion: TaskConclusion, sessionUsed: SessionUsage | null): Promise<void> {
    const { journal, journalTime: time, onTaskEnded } = this.#options;
    this.#unrevealed.add(task);
    await journal.append(terminalRecord(task, conclusion, { time, sessionUsed }));
    this.#unrevealed.delete(task);
    task.log.finish(conclusion.terminal);
    task.markEnded();
    onTaskEnded(task);
  }

  /** Readers see what the log now holds, and what follows, when the record is stable. */
  #showOnceStable(task: Task, record: JournalRecord): void {
    const stable = this.#options.journal.append(record);
    if (!this.#options.journal.isDurable) return;
    task.log.hold();
    void stable.then(() => task.log.release());
  }
}
