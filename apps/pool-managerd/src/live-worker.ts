/**
 * A worker in the agent's hands: its record, its process and the adapter that speaks to it. It holds them together and does
 * nothing with them.
 */
import type { WorkerAdapter } from '@llama-orch/adapter-api';
import type { WorkerProcess } from './process.ts';
import type { WorkerLog } from './worker-log.ts';
import type { WorkerRecord } from './worker-state-file.ts';

export type LiveWorker = {
  readonly record: WorkerRecord;
  /** `null` for an external engine. */
  readonly process: WorkerProcess | null;
  readonly adapter: WorkerAdapter;
  /** `null` for an external engine. */
  readonly log: WorkerLog | null;
  /** Count of the OOM killer when it started or was adopted; `null` = the platform does not tell. */
  readonly oomKillsBefore: number | null;
};
