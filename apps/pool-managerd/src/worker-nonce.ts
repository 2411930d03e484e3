/**
 * Which processes are ours: they carry a worker's nonce in the environment they were started with. It looks; it signals
 * nothing. Only Linux shows the environment; elsewhere pid and start time must do.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { identityOf } from '@llama-orch/service-kit';

/** Environment variable by which a worker, and whatever it forks, is known to be ours. */
export const nonceVariable = 'ORCH_NONCE';

const hasProc = process.platform === 'linux';

/** Whether a living process carries this nonce; `null` = the platform does not tell. */
export const carriesNonce = (pid: number, nonce: string): boolean | null => {
  if (!hasProc) return null;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${nonceVariable}=${nonce}`);
  } catch {
    return false; // Gone, or another user's: not ours in either case.
  }
};

/**
 * All living processes that carry the nonce: the worker, what it forked, and what its launcher script left behind. Empty
 * where the platform does not tell.
 */
export const findByNonce = (nonce: string): readonly number[] => {
  if (!hasProc) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => carriesNonce(pid, nonce) === true && identityOf(pid) !== undefined);
};
