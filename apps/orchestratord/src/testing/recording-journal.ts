/**
 * A journal for tests that keeps its records in memory and says that it is durable: a test decides when each becomes stable, and gives
 * what is stable to the next controller as a crash would leave it.
 */
import { OrchError } from '@llama-orch/api-types';
import { foldRecords, type JournalContents } from '../journal/fold.ts';
import { type Journal, type JournalRecord, type JournalSubject, replacesEarlier, subjectOf } from '../journal/journal.ts';

type Written = { readonly record: JournalRecord; readonly resolve: () => void };

export class RecordingJournal implements Journal {
  readonly isDurable = true;
  fault: string | null = null;
  isStuck = false;
  /** Everything that is stable, each record as it was written: the history, not what is left of it. */
  readonly history: (JournalRecord | { readonly forgotten: JournalSubject })[] = [];
  /** Records that wait, while the test holds them. */
  readonly waiting: Written[] = [];
  #holds: (record: JournalRecord) => boolean = () => false;

  get pending(): number {
    return this.waiting.length;
  }

  append(record: JournalRecord): Promise<void> {
    if (this.fault !== null && record.kind === 'accepted') return Promise.reject(new OrchError('journal-unavailable'));
    const { promise, resolve } = Promise.withResolvers<void>();
    // Behind one that waits all others wait, too.
    if (this.waiting.length > 0 || this.#holds(record)) this.waiting.push({ record, resolve });
    else {
      this.history.push(record);
      resolve();
    }
    return promise;
  }

  forget(subject: JournalSubject): void {
    this.history.push({ forgotten: subject });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** From now on records like these wait, and all behind them. */
  hold(which: (record: JournalRecord) => boolean): void {
    this.#holds = which;
  }

  /** What waits becomes stable, and nothing waits any more. */
  release(): void {
    this.#holds = () => false;
    for (const { record, resolve } of this.waiting.splice(0)) {
      this.history.push(record);
      resolve();
    }
  }

  /** What a controller finds that starts after a crash right behind the first `count` entries of the history; default all. */
  contents(count = this.history.length): JournalContents {
    const left: JournalRecord[] = [];
    const drop = (subject: JournalSubject): void => {
      for (let index = left.length - 1; index >= 0; index -= 1) {
        const { kind, key } = subjectOf(left[index] as JournalRecord);
        if (kind === subject.kind && key === subject.key) left.splice(index, 1);
      }
    };
    for (const entry of this.history.slice(0, count)) {
      if ('forgotten' in entry) drop(entry.forgotten);
      else {
        if (replacesEarlier(entry)) drop(subjectOf(entry));
        left.push(entry);
      }
    }
    return foldRecords(left);
  }
}
