/**
 * The workers of an agent, as its own records in the data directory name them. The public API shows no pids and no worker
 * addresses, on purpose; a test that kills a worker or reads its counters needs both. It reads and signals, it starts nothing.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { signalIfAlive } from './marked-processes.ts';

export type WorkerHandle = {
  readonly poolId: string;
  /** `null` for an external worker. */
  readonly pid: number | null;
  /** Where the worker itself listens. */
  readonly url: string;
  readonly startCount: number;
};

/**
 * The live worker of a pool, the newest where one is being replaced.
 *
 * @throws Error where the agent has none on record.
 */
export function readWorker(agentDataDir: string, poolId: string): WorkerHandle {
  const directory = join(agentDataDir, 'pools', poolId);
  // While a worker is replaced there are two, each with a directory of its own; the newest is meant.
  const records = globSync(['worker.json', '*/worker.json'], { cwd: directory }).map((file) => readRecord(join(directory, file)));
  const newest = records.toSorted((a, b) => b.startCount - a.startCount)[0];
  if (newest === undefined) throw new Error(`expected a worker's record in ${directory}`);
  return { poolId, pid: newest.process?.pid ?? null, url: newest.url, startCount: newest.startCount };
}

function readRecord(file: string): Record {
  const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!isRecord(record)) throw new Error(`expected \`url\`, \`startCount\` and \`process\` in ${file}, got ${JSON.stringify(record)}`);
  return record;
}

/** Signal a worker that is a process of ours. */
export function signalWorker({ poolId, pid }: WorkerHandle, signal: NodeJS.Signals): void {
  if (pid === null) throw new Error(`the worker of ${poolId} is no process of this machine`);
  signalIfAlive(pid, signal);
}

type Record = { readonly url: string; readonly startCount: number; readonly process: { readonly pid: number } | null };

function isRecord(value: unknown): value is Record {
  if (typeof value !== 'object' || value === null) return false;
  const { url, startCount, process } = value as Partial<Record>;
  return typeof url === 'string' && typeof startCount === 'number' && (process === null || typeof process?.pid === 'number');
}
