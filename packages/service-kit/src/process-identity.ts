/**
 * Tells one process from a later one with the same pid. It only looks; it signals nothing.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A pid alone is reused by the system; with its start time it names one process for ever. */
export type ProcessIdentity = {
  readonly pid: number;
  /** When it started, in a form that is only compared: boot id and clock ticks on Linux, what `ps` says elsewhere. */
  readonly startTime: string;
};

/** The identity of a living process, or `undefined` where there is none (any more); a zombie is none. */
export const identityOf = (pid: number): ProcessIdentity | undefined => {
  const startTime = process.platform === 'linux' ? startTimeByProc(pid) : startTimeByPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
};

/** The identity of this process. */
export const ownIdentity = (): ProcessIdentity => {
  const own = identityOf(process.pid);
  if (!own) throw new Error(`this process, ${process.pid}, is not in the process table; expected /proc or ps to show it`);
  return own;
};

/** Whether exactly this process still lives. */
export const isAlive = ({ pid, startTime }: ProcessIdentity): boolean => identityOf(pid)?.startTime === startTime;

const startTimeByProc = (pid: number): string | undefined => {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command name may hold spaces and parentheses itself, so fields are counted from its last one; [0] is the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (startTicks === undefined || state === 'Z' || state === 'X') return undefined;
  // Ticks count from boot, so they mean nothing without it.
  return `${readText('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown-boot'}/${startTicks}`;
};

const startTimeByPs = (pid: number): string | undefined => {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    // A fixed locale: the text is compared with one that another run wrote.
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000, stdio, env }).trim();
    const [state = '', ...started] = text.split(/\s+/);
    return started.length === 0 || state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined; // `ps` exits 1 when there is no such process.
  }
};

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
};
