/**
 * One worker process and everything it forked, from spawn or adoption to the last of them. It owns signals and exits; why a
 * worker runs or stops is not its concern.
 */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isAlive, type ProcessIdentity } from '@llama-orch/service-kit';
import { PoolFailure } from './failure.ts';
import type { ExitStatus } from './failure-cause.ts';
import { carriesNonce, findByNonce, nonceVariable } from './worker-nonce.ts';

export type WorkerProcess = {
  readonly identity: ProcessIdentity;
  /** Resolves once the process has ended; what it forked may still live (see {@link WorkerProcess.terminate}). */
  readonly exited: Promise<ExitStatus>;
  /**
   * End the process and all it forked: SIGTERM, after `graceMs` SIGKILL. Resolves when none of them lives; rejects when
   * `signal` fires first (a process inside a hanging driver cannot be killed).
   */
  terminate(graceMs: number, signal?: AbortSignal): Promise<void>;
};

export type SpawnOptions = {
  /** Program and arguments. */
  readonly argv: readonly string[];
  /** The whole environment, the nonce excepted. */
  readonly env: Readonly<Record<string, string>>;
  readonly nonce: string;
  /** File descriptor that takes stdout and stderr; not closed here. */
  readonly logFd: number;
};

/**
 * Start a worker in a process group of its own, without any pipe to the agent: so it neither gets the terminal's Ctrl-C
 * nor dies of the agent's death.
 *
 * @throws PoolFailure `spawn-failed` when the program cannot be run.
 * @req ORCH-3001
 */
export const spawnWorker = async (options: SpawnOptions): Promise<WorkerProcess> => {
  const [program = '', ...args] = options.argv;
  const child = spawn(program, args, {
    env: { ...options.env, [nonceVariable]: options.nonce },
    detached: true,
    stdio: ['ignore', options.logFd, options.logFd],
    windowsHide: true,
  });
  child.unref();
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      reject(
        new PoolFailure(
          'spawn-failed',
          `The worker’s program could not be run: ${error.message}; correct \`runtime.command\` or install it.`,
        ),
      );
    });
  });
  const pid = child.pid;
  if (pid === undefined) throw new PoolFailure('spawn-failed', 'The worker’s program was started but has no process id.');
  // A program that ended at once has no start time any more; the empty one matches no living process.
  const identity = identityOf(pid) ?? { pid, startTime: '' };
  return { identity, exited, terminate: createTerminate(identity, options.nonce, exited) };
};

/**
 * Take over a worker that another agent started. Its exit status goes to another parent, so its end is seen by looking.
 *
 * @param pollMs - How often to look.
 */
export const attachWorker = (identity: ProcessIdentity, nonce: string, pollMs: number): WorkerProcess => {
  const exited = (async (): Promise<ExitStatus> => {
    while (isAlive(identity)) await delay(pollMs, undefined, { ref: false });
    return { code: null, signal: null };
  })();
  return { identity, exited, terminate: createTerminate(identity, nonce, exited) };
};

/**
 * Whether a recorded worker may be adopted: its pid and start time say it is the recorded process, its nonce (where the
 * platform shows it) that it is the worker the record is about.
 */
export const mayAdopt = (identity: ProcessIdentity, nonce: string): boolean =>
  isAlive(identity) && carriesNonce(identity.pid, nonce) !== false;

/**
 * End everything that carries a nonce although no process was recorded for it: the agent died between spawn and record.
 * Without `/proc` there is no such look-up, and nothing is done.
 */
export const terminateByNonce = (nonce: string, graceMs: number, signal?: AbortSignal): Promise<void> =>
  createTerminate(null, nonce, Promise.resolve({ code: null, signal: null }))(graceMs, signal);

/**
 * 1. SIGTERM to the group through its leader; to those the leader left behind each by its own identity.
 * 2. Within the grace all may end by themselves.
 * 3. SIGKILL to the group and to whatever carries the nonce outside it, until none is left.
 *
 * A pid is signalled only while pid and start time are the recorded ones, or while it carries the nonce.
 */
const createTerminate =
  (identity: ProcessIdentity | null, nonce: string, exited: Promise<ExitStatus>): WorkerProcess['terminate'] =>
  async (graceMs, signal) => {
    const leaderLives = (): boolean => identity !== null && isAlive(identity);
    // 1
    if (leaderLives()) signalGroup(identity, 'SIGTERM');
    else signalCarriers(nonce, 'SIGTERM');
    // 2
    if (await allGone(identity, nonce, exited, graceMs, signal)) return;
    // 3
    do {
      if (leaderLives()) signalGroup(identity, 'SIGKILL');
      signalCarriers(nonce, 'SIGKILL');
    } while (!(await allGone(identity, nonce, exited, 1_000, signal)));
  };

const signalGroup = (leader: ProcessIdentity | null, name: NodeJS.Signals): void => {
  if (leader !== null) ignoreGone(() => process.kill(-leader.pid, name));
};

const signalCarriers = (nonce: string, name: NodeJS.Signals): void => {
  for (const pid of findByNonce(nonce)) ignoreGone(() => process.kill(pid, name));
};

/** Signalling a process that ended a moment ago is no error. */
const ignoreGone = (kill: () => void): void => {
  try {
    kill();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

/** Wait until the leader has ended and nothing carries the nonce. False when `withinMs` passed first. */
const allGone = async (
  identity: ProcessIdentity | null,
  nonce: string,
  exited: Promise<ExitStatus>,
  withinMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> => {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  const limit = delay(withinMs, false, { signal: either });
  const gone = (async () => {
    if (identity !== null) await exited;
    while (findByNonce(nonce).length > 0) await delay(100, undefined, { signal: either });
    return true;
  })();
  try {
    return await Promise.race([gone, limit]);
  } finally {
    stop.abort();
    await Promise.allSettled([limit, ...(identity === null ? [gone] : [])]);
    gone.catch(() => undefined);
  }
};
