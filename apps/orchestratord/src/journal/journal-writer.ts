/**
 * Writes batches into the journal's file, each in one transaction that is on stable storage when `commit` returns. It runs where
 * an fsync hurts nobody, and knows neither tasks nor threads.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { pragma } from './journal-file.ts';

/** One change of the file. Each may be done again without harm: after an error nobody knows whether it was done. */
export type JournalOp =
  | { readonly op: 'append' | 'replace'; readonly seq: number; readonly subject: number; readonly kind: string; readonly body: string }
  | { readonly op: 'forget'; readonly subject: number };

export type JournalUsage = {
  /** Bytes of the file that hold something. */
  readonly usedBytes: number;
};

/** Room that must be there before a journal that could not be written counts as writable again. */
const probeBytes = 65_536;
const probeSeq = -1;
/** Free pages worth giving back to the file system, and how many at a time: it happens between two batches. */
const vacuumAbove = 4_096;
const vacuumStep = 512;

export class JournalWriter {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #deleteSubject: StatementSync;
  readonly #deleteSeq: StatementSync;
  readonly #pageBytes: number;

  /** @param maxBytes - The file does not grow beyond it: then SQLite says that it is full. */
  constructor(database: DatabaseSync, maxBytes: number) {
    this.#database = database;
    this.#pageBytes = pragma(database, 'page_size');
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / this.#pageBytes))}`);
    this.#insert = database.prepare('INSERT OR REPLACE INTO record (seq, subject, kind, body, crc) VALUES (?, ?, ?, ?, ?)');
    this.#deleteSubject = database.prepare('DELETE FROM record WHERE subject = ?');
    this.#deleteSeq = database.prepare('DELETE FROM record WHERE seq = ?');
  }

  /**
   * @throws what SQLite throws; then nothing of the batch is in the file, unless the commit itself failed.
   */
  commit(ops: readonly JournalOp[]): JournalUsage {
    this.#transact(() => {
      for (const op of ops) this.#apply(op);
    });
    const freePages = pragma(this.#database, 'freelist_count');
    const pages = pragma(this.#database, 'page_count');
    if (freePages > vacuumAbove && freePages * 2 > pages) this.#database.exec(`PRAGMA incremental_vacuum(${vacuumStep})`);
    return { usedBytes: (pages - freePages) * this.#pageBytes };
  }

  /** As {@link commit}, where an earlier batch failed: succeeds only when there is room for more than this one. */
  commitProbing(ops: readonly JournalOp[]): JournalUsage {
    this.#transact(() => {
      for (const op of ops) this.#apply(op);
      this.#insert.run(probeSeq, probeSeq, 'probe', 'x'.repeat(probeBytes), null);
    });
    return this.#removeProbe();
  }

  close(): void {
    this.#database.close();
  }

  #removeProbe(): JournalUsage {
    this.#transact(() => this.#deleteSeq.run(probeSeq));
    return this.commit([]);
  }

  #apply(op: JournalOp): void {
    // The old rows go first: a full file then has room for the new one.
    if (op.op !== 'append') this.#deleteSubject.run(op.subject);
    if (op.op !== 'forget') this.#insert.run(op.seq, op.subject, op.kind, op.body, crc32(op.body));
  }

  #transact(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (cause) {
      // SQLite rolls back by itself after some errors.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw cause;
    }
  }
}
