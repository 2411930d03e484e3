/**
 * What must be known of a worker so that another agent can adopt or end it: one file for each of its workers. It owns the file and its
 * form; identity is checked by whoever reads it.
 *
 * The file is written twice: before the spawn with the nonce alone, so that a worker whose agent died in between is still
 * found by it; and before the worker is used, with its pid and start time.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessIdentity } from '@llama-orch/service-kit';
import { readJsonFile, writeJsonFile } from './atomic-file.ts';
import type { AuxPorts } from './launch-template.ts';
import type { ContainerRef } from './launchers/launch.ts';
import type { ReplicaFacts } from './replica-facts.ts';

export type WorkerRecord = {
  readonly version: 1;
  readonly poolId: string;
  /** Which of the pool's workers; absent = 0. While a worker is replaced a pool has two. */
  readonly seat?: number;
  readonly startCount: number;
  readonly nonce: string;
  /** See `workerDigest`. */
  readonly digest: string;
  /** `null` = the spawn was about to happen, or (external) there is no process of ours. */
  readonly process: ProcessIdentity | null;
  readonly external: boolean;
  /** Where the agent reaches it. */
  readonly url: string;
  /** Where the controller reaches it. */
  readonly advertisedUrl: string;
  readonly port: number | null;
  /** Absent in the records of agents that knew none. */
  readonly ports?: AuxPorts;
  /** Slots it was started with; absent = the pool's. */
  readonly slots?: number;
  /** The container it runs in; absent = none. */
  readonly container?: ContainerRef;
  readonly logPath: string | null;
  readonly startedAtMs: number;
  readonly facts: ReplicaFacts;
  /** What the passed self-test found; `null` = not passed yet. */
  readonly tested: {
    readonly engineVersion: string;
    /** Absent where the engine says none. */
    readonly trtllmVersion?: string;
    readonly slotsTotal: number;
    readonly ctxTokens: number;
    readonly loadMs: number;
  } | null;
};

export type WorkerStateFiles = {
  /** Records of all pools; a file that cannot be read as one is reported and skipped, never guessed at. */
  readAll(): Promise<{ readonly records: readonly WorkerRecord[]; readonly unreadable: readonly string[] }>;
  write(record: WorkerRecord): Promise<void>;
  remove(record: Pick<WorkerRecord, 'poolId' | 'seat'>): Promise<void>;
  /** The highest start count ever given to a pool; 0 for a new one. */
  readStartCount(poolId: string): Promise<number>;
  /** The next start count of a pool, on disk when this resolves: no two of its workers ever have one. */
  takeStartCount(poolId: string, atLeast: number): Promise<number>;
  /** Private directory of a worker: state, logs, its own files. */
  directory(poolId: string, seat: number): string;
};

export const createWorkerStateFiles = (dataDir: string): WorkerStateFiles => {
  const root = join(dataDir, 'pools');
  const directory = (poolId: string, seat: number) => (seat === 0 ? join(root, poolId) : join(root, poolId, `${seatPrefix}${seat}`));
  const recordPath = (poolId: string, seat: number) => join(directory(poolId, seat), 'worker.json');
  const countPath = (poolId: string) => join(root, poolId, 'start-count.json');
  /** Two workers of one pool may start at a time. */
  let taking: Promise<unknown> = Promise.resolve();

  const readStartCount = async (poolId: string): Promise<number> => {
    const value = await readJsonFile(countPath(poolId)).catch(() => null);
    return isObject(value) && typeof value['startCount'] === 'number' ? value['startCount'] : 0;
  };
  const take = async (poolId: string, atLeast: number): Promise<number> => {
    const startCount = Math.max((await readStartCount(poolId)) + 1, atLeast);
    await writeJsonFile(countPath(poolId), { startCount });
    return startCount;
  };

  return {
    directory,
    async readAll() {
      const records: WorkerRecord[] = [];
      const unreadable: string[] = [];
      const readSeat = async (poolId: string, seat: number): Promise<void> => {
        const value = await readJsonFile(recordPath(poolId, seat)).catch(() => 'unreadable' as const);
        if (value === null) return;
        if (isWorkerRecord(value) && value.poolId === poolId && (value.seat ?? 0) === seat) records.push(value);
        else unreadable.push(recordPath(poolId, seat));
      };
      for (const poolId of await readdir(root).catch(() => [] as string[])) {
        await readSeat(poolId, 0);
        for (const name of await readdir(join(root, poolId)).catch(() => [] as string[])) {
          if (name.startsWith(seatPrefix)) await readSeat(poolId, Number(name.slice(seatPrefix.length)));
        }
      }
      return { records, unreadable };
    },
    write: (record) => writeJsonFile(recordPath(record.poolId, record.seat ?? 0), record),
    remove: ({ poolId, seat = 0 }) => rm(recordPath(poolId, seat), { force: true }),
    readStartCount,
    takeStartCount(poolId, atLeast) {
      const taken = taking.then(() => take(poolId, atLeast));
      taking = taken.catch(() => undefined);
      return taken;
    },
  };
};

const seatPrefix = 'seat-';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Only the fields that decide about a process are checked; the file is ours and was written whole. */
const isWorkerRecord = (value: unknown): value is WorkerRecord =>
  isObject(value) &&
  value['version'] === 1 &&
  typeof value['poolId'] === 'string' &&
  typeof value['startCount'] === 'number' &&
  typeof value['nonce'] === 'string' &&
  typeof value['digest'] === 'string' &&
  typeof value['url'] === 'string' &&
  typeof value['external'] === 'boolean' &&
  isObject(value['facts']) &&
  (value['process'] === null ||
    (isObject(value['process']) && Number.isInteger(value['process']['pid']) && typeof value['process']['startTime'] === 'string'));
