/**
 * Keeps a second process out of a data directory. The lock is the kernel's (SQLite's on a file that holds nothing else), so
 * it ends with its holder however that dies, and no lock can be stale. It knows nothing else in the directory.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { identityOf, ownIdentity } from './process-identity.ts';
import { StartError } from './start-error.ts';

const sqliteBusy = 5;

/** A database that nobody refers to is closed by the garbage collector, and its lock with it; so the held ones stay here. */
const held = new Set<DatabaseSync>();

export interface DataDirLock {
  /** Let the next one in. Also happens when the process ends, in whatever way. */
  release(): void;
}

/**
 * Lock a data directory for this process; it is made when it is not there.
 *
 * Locks through the file system (`O_EXCL` and a pid) were not taken: two processes that find the same stale lock can both
 * replace it, and a pid says nothing in another container that mounts the directory.
 *
 * @errors {@link StartError} with exit code 2, naming the holder's pid, when another process has it; also when the directory
 * cannot be made or written.
 */
export const lockDataDir = (directory: string): DataDirLock => {
  const holderFile = join(directory, 'holder.json');
  const database = openDatabase(directory);
  try {
    // The file stays empty: an exclusive transaction that never commits is the whole lock.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cannotUse(directory, cause);
    const holder = readHolder(holderFile);
    throw new StartError(
      `data directory ${directory} is in use by ${holder === undefined ? 'another process' : `process ${holder}`}; stop it, or give this one its own \`--data-dir\``,
      { cause },
    );
  }
  try {
    // Only for the message above; whether the directory is locked does not depend on it.
    writeFileSync(holderFile, `${JSON.stringify(ownIdentity())}\n`, { mode: 0o600 });
  } catch (cause) {
    database.close();
    throw cannotUse(directory, cause);
  }
  held.add(database);
  return {
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
};

const openDatabase = (directory: string): DatabaseSync => {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return new DatabaseSync(join(directory, 'lock'), { timeout: 0 });
  } catch (cause) {
    throw cannotUse(directory, cause);
  }
};

const cannotUse = (directory: string, cause: unknown): StartError =>
  new StartError(`cannot use the data directory ${directory}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

const isBusy = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;

/** The pid in the holder file, if that process lives; the file may be an earlier holder's. */
const readHolder = (path: string): number | undefined => {
  try {
    const { pid, startTime }: { pid?: unknown; startTime?: unknown } = JSON.parse(readFileSync(path, 'utf8'));
    return typeof pid === 'number' && identityOf(pid)?.startTime === startTime ? pid : undefined;
  } catch {
    return undefined;
  }
};
