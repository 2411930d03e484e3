/**
 * Looks at a journal that nobody uses: whether every record is what was written, and what is in it. It changes nothing, so that an
 * older version stays readable for the program that wrote it.
 */
import { statSync } from 'node:fs';
import { JournalFileError, openJournalFileAsIs, pragma, readRows, toRecord } from './journal-file.ts';
import { foldRecords } from './fold.ts';
import { type JournalRecord, subjectOf } from './journal.ts';

export type JournalReport = {
  readonly file: string;
  /** `damaged`: what is named in `problems`; it may be all there is. */
  readonly state: 'ok' | 'damaged' | 'none';
  /** Of the file's form. */
  readonly version: number;
  readonly file_bytes: number;
  /** Bytes that hold nothing and are used before the file grows. */
  readonly free_bytes: number;
  /** By kind. */
  readonly records: Readonly<Record<string, number>>;
  readonly tasks: { readonly queued: number; readonly running: number; readonly ended: number };
  readonly sessions: number;
  readonly operations: number;
  /** At most a hundred. */
  readonly problems: readonly string[];
};

const maxProblems = 100;

/** @errors {@link JournalFileError} where it is in use, of a newer version, or not to be read at all. */
export const checkJournal = (file: string): JournalReport => {
  const empty = { file, version: 0, file_bytes: 0, free_bytes: 0, records: {}, sessions: 0, operations: 0, problems: [] };
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return { ...empty, state: 'none', tasks: { queued: 0, running: 0, ended: 0 } };
  const problems: string[] = [];
  const note = (problem: string): void => {
    if (problems.length < maxProblems) problems.push(problem);
  };
  const database = openJournalFileAsIs(file);
  try {
    for (const row of database.prepare(`PRAGMA integrity_check(${maxProblems})`).all()) {
      const [text] = Object.values(row);
      if (text !== 'ok') note(String(text));
    }
    const version = pragma(database, 'user_version');
    const records = version === 0 ? [] : goodRecords(readRows(database, file), file, note);
    const { live, ended, sessions, operations } = foldRecords(records);
    const counts: Record<string, number> = {};
    for (const { kind } of records) counts[kind] = (counts[kind] ?? 0) + 1;
    return {
      file,
      state: problems.length === 0 ? 'ok' : 'damaged',
      version,
      file_bytes: size,
      free_bytes: pragma(database, 'freelist_count') * pragma(database, 'page_size'),
      records: counts,
      tasks: {
        queued: live.filter(({ pinned }) => pinned === null).length,
        running: live.filter(({ pinned }) => pinned !== null).length,
        ended: ended.length,
      },
      sessions: sessions.size,
      operations: operations.size,
      problems,
    };
  } finally {
    database.close();
  }
};

/**
 * 1. A row must be what was written.
 * 2. Its kind and its subject must be those of its record, and of one subject all rows must speak of the same.
 * 3. Of a task there is an acceptance before anything else, and nothing beside its end.
 */
const goodRecords = (rows: Iterable<Parameters<typeof toRecord>[0]>, file: string, note: (problem: string) => void): JournalRecord[] => {
  const good: JournalRecord[] = [];
  const names = new Map<number, string>();
  const kinds = new Map<number, string[]>();
  try {
    for (const row of rows) {
      const record = toRecordOrNote(row, file, note); // 1
      if (record === undefined) continue;
      const { kind, key } = subjectOf(record);
      const name = names.get(row.subject) ?? `${kind} ${key}`;
      names.set(row.subject, name);
      if (record.kind !== row.kind || name !== `${kind} ${key}`)
        note(`record ${row.seq} (${row.kind}) is of ${kind} ${key}, not of ${name}`); // 2
      const earlier = kinds.get(row.subject) ?? [];
      kinds.set(row.subject, [...earlier, record.kind]);
      good.push(record);
    }
  } catch (cause) {
    // The table itself cannot be read on; what came before may still be of use.
    note(cause instanceof Error ? cause.message : String(cause));
  }
  for (const [subject, [first, ...others]] of kinds) {
    const isTask = names.get(subject)?.startsWith('task ') === true;
    if (isTask && first !== 'accepted' && first !== 'terminal') note(`${names.get(subject)} has ${first} before it was accepted`); // 3
    if (isTask && first === 'terminal' && others.length > 0) note(`${names.get(subject)} has ${others.join(', ')} beside its end`);
  }
  return good;
};

const toRecordOrNote = (row: Parameters<typeof toRecord>[0], file: string, note: (problem: string) => void): JournalRecord | undefined => {
  try {
    return toRecord(row, file);
  } catch (cause) {
    if (!(cause instanceof JournalFileError)) throw cause;
    note(cause.reason);
    return undefined;
  }
};

/** For people. */
export const formatReport = (report: JournalReport): string => {
  const { file, state, version, file_bytes: bytes, free_bytes: free, records, tasks, sessions, operations, problems } = report;
  if (state === 'none') return `${file}: no journal yet\n`;
  const kinds = Object.entries(records)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  const lines = [
    `${file}: ${state === 'ok' ? 'ok' : `damaged, ${problems.length} problems`}`,
    `  version ${version}, ${bytes} bytes, ${free} of them free`,
    `  records: ${kinds === '' ? 'none' : kinds}`,
    `  tasks: ${tasks.queued} queued, ${tasks.running} interrupted, ${tasks.ended} ended; ${sessions} sessions, ${operations} operations`,
    ...problems.map((problem) => `  problem: ${problem}`),
  ];
  return `${lines.join('\n')}\n`;
};
