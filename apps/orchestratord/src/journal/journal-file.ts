/**
 * The file of the durable journal: one SQLite table of records, its versions, and reading it from the start. It knows rows; what
 * records mean is in `fold.ts`.
 */
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { JournalRecord } from './journal.ts';

export const journalFileName = 'journal.sqlite';

/** One stored record. Rows of one task, session and so on share their `subject`. */
export type JournalRow = {
  readonly seq: number;
  readonly subject: number;
  readonly kind: string;
  readonly body: string;
  /** Of the body; `null` in rows of version 1. */
  readonly crc: number | null;
};

/** Marks the file as ours: "orch". */
const applicationId = 0x6f726368;

/** A file that cannot be used, and what to do about it. The thread that writes needs no more than this of the services' errors. */
export class JournalFileError extends Error {
  override readonly name = 'JournalFileError';
  /** What is wrong, without the file and the advice. */
  readonly reason: string;

  constructor(message: string, options: { readonly reason?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.reason = options.reason ?? message;
  }
}

/**
 * What makes each version of the file from the one before; a file's `user_version` is the number of those it has had. Never
 * changed once released.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE record (seq INTEGER PRIMARY KEY, subject INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL) STRICT;
   CREATE INDEX record_subject ON record (subject);`,
  // A disk that changes bits is noticed; records of before have no checksum.
  `ALTER TABLE record ADD COLUMN crc INTEGER;`,
];

const errorCodes = { busy: 5, corrupt: 11, notADatabase: 26 } as const;

/**
 * Open the journal, made or brought to this version where needed. Whoever has it open has it alone.
 *
 * @errors {@link JournalFileError} when another process has it, it is damaged, or a newer version wrote it.
 */
export const openJournalFile = (file: string): DatabaseSync => open(file, (database) => migrate(database, file));

/**
 * As {@link openJournalFile}, for a look: an older version stays as it is.
 *
 * @errors {@link JournalFileError}
 */
export const openJournalFileAsIs = (file: string): DatabaseSync => open(file, (database) => assertOurs(database, file));

const open = (file: string, prepare: (database: DatabaseSync) => void): DatabaseSync => {
  try {
    // Prompts are in it: nobody but the service's own user may read it. SQLite gives its other files the same mode.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    const database = new DatabaseSync(file, { timeout: 0 });
    try {
      database.exec(
        'PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST; PRAGMA journal_size_limit = 16777216',
      );
      prepare(database);
      // Takes the lock even of a file that is as it should be: it is held until the file is closed.
      database.exec('BEGIN IMMEDIATE; COMMIT');
      return database;
    } catch (cause) {
      database.close();
      throw cause;
    }
  } catch (cause) {
    throw toJournalFileError(file, cause);
  }
};

/** Every row in the order in which it was written. */
export function* readRows(database: DatabaseSync, file: string): Generator<JournalRow, void, undefined> {
  try {
    const crc = pragma(database, 'user_version') < 2 ? 'NULL AS crc' : 'crc';
    const select = `SELECT seq, subject, kind, body, ${crc} FROM record WHERE seq > 0 ORDER BY seq`;
    yield* database.prepare(select).iterate() as Iterable<JournalRow>;
  } catch (cause) {
    throw toJournalFileError(file, cause);
  }
}

/** @errors {@link JournalFileError} where the row is not the record that was written. */
export const toRecord = ({ seq, kind, body, crc }: JournalRow, file: string): JournalRecord => {
  if (crc !== null && crc !== crc32(body)) throw damaged(file, `record ${seq} (${kind}) does not match its checksum`);
  try {
    return JSON.parse(body) as JournalRecord;
  } catch (cause) {
    throw damaged(file, `record ${seq} (${kind}) is no JSON`, cause);
  }
};

/** @returns The version of the file; 0 = nothing is in it yet. */
const assertOurs = (database: DatabaseSync, file: string): number => {
  const version = pragma(database, 'user_version');
  const id = pragma(database, 'application_id');
  if (version <= migrations.length && (version === 0 || id === applicationId)) return version;
  const what = id === applicationId ? `version ${version}` : 'a database of something else';
  throw new JournalFileError(
    `the journal ${file} is ${what}, and this program reads up to version ${migrations.length}; start the program that wrote it, or give this one its own \`--data-dir\``,
  );
};

const migrate = (database: DatabaseSync, file: string): void => {
  const version = assertOurs(database, file);
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
};

export const pragma = (database: DatabaseSync, name: string): number =>
  Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);

const toJournalFileError = (file: string, cause: unknown): JournalFileError => {
  if (cause instanceof JournalFileError) return cause;
  const code = cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number' ? cause.errcode & 0xff : undefined;
  if (code === errorCodes.busy) {
    return new JournalFileError(`the journal ${file} is in use by another process; stop it, or give this one its own \`--data-dir\``, {
      cause,
    });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  if (code === errorCodes.corrupt || code === errorCodes.notADatabase) return damaged(file, text, cause);
  return new JournalFileError(`cannot use the journal ${file}: ${text}`, { cause });
};

const damaged = (file: string, reason: string, cause?: unknown): JournalFileError =>
  new JournalFileError(
    `the journal ${file} is damaged: ${reason}; look at it with \`--check-journal\`, and move it away to start without the tasks in it`,
    { reason, cause },
  );
