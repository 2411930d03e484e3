/** The journal that the config names, opened, and what it holds from earlier runs. */
import { join } from 'node:path';
import type { Config } from '@llama-orch/config-schema';
import { type Logger, StartError } from '@llama-orch/service-kit';
import { checkJournal, type JournalReport } from './check-journal.ts';
import { foldRecords, type JournalContents } from './fold.ts';
import { JournalFileError, journalFileName, openJournalFile, readRows, toRecord } from './journal-file.ts';
import { type Journal, type JournalRecord, subjectOf } from './journal.ts';
import { createMemoryJournal } from './memory-journal.ts';
import { SqliteJournal, subjectName } from './sqlite-journal.ts';

export type OpenedJournal = { readonly journal: Journal; readonly contents: JournalContents };

/** Pause before a batch that failed is tried again. */
const retryMs = 500;

/**
 * @param directory - The data directory, which this process has locked.
 * @errors StartError where the file is another's, damaged, or of a newer version.
 */
export const openJournal = (settings: Config['controller']['journal'], directory: string, log: Logger): OpenedJournal =>
  settings.kind === 'memory'
    ? { journal: createMemoryJournal(), contents: foldRecords([]) }
    : openSqlite(settings, join(directory, journalFileName), log);

/**
 * @param directory - The data directory, which this process has locked.
 * @errors StartError where the file cannot even be looked at.
 */
export const checkDataDirJournal = (directory: string): JournalReport => asStartError(() => checkJournal(join(directory, journalFileName)));

const openSqlite = (settings: Config['controller']['journal'], file: string, log: Logger): OpenedJournal => {
  const { contents, subjects, lastSeq } = asStartError(() => readJournalFile(file));
  const known = { subjects, lastSeq };
  const limits = { maxBytes: settings.max_bytes, maxPending: settings.max_pending };
  return { journal: new SqliteJournal({ file, ...limits, retryMs, log, known }), contents };
};

const asStartError = <Result>(work: () => Result): Result => {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof JournalFileError ? new StartError(cause.message, { cause }) : cause;
  }
};

type JournalFileContents = {
  readonly contents: JournalContents;
  /** Numbers of all subjects by {@link subjectName}. */
  readonly subjects: ReadonlyMap<string, number>;
  readonly lastSeq: number;
};

/**
 * Read a journal from its start to its end, and let go of it.
 *
 * @errors {@link JournalFileError}
 */
export const readJournalFile = (file: string): JournalFileContents => {
  const database = openJournalFile(file);
  try {
    const subjects = new Map<string, number>();
    let lastSeq = 0;
    const records = function* (): Generator<JournalRecord, void, undefined> {
      for (const row of readRows(database, file)) {
        const record = toRecord(row, file);
        subjects.set(subjectName(subjectOf(record)), row.subject);
        lastSeq = row.seq;
        yield record;
      }
    };
    return { contents: foldRecords(records()), subjects, lastSeq };
  } finally {
    database.close();
  }
};
