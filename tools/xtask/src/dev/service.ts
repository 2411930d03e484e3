/**
 * One service of the development stack as a child process: its start, its log file, the address it listens on, its end.
 * It knows nothing of what the service serves.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type LogLine, parseLogLine } from './log-line.ts';

/** How many lines of a service are quoted when it dies. */
const quotedLines = 20;

export type ServiceSpec = {
  /** For people and for the log file's name. */
  readonly name: string;
  /** The program's `.ts` file and its flags. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Gets all that the service prints, from this start on. */
  readonly logFile: string;
  readonly onLogLine: (line: LogLine) => void;
};

/** How a service ended. */
export type Ending = {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its last lines on stderr, or its last log lines where it printed none. */
  readonly lastLines: readonly string[];
};

export interface Service {
  readonly name: string;
  /** `http://HOST:PORT` once it listens; `undefined` when it ended before. */
  readonly listening: Promise<string | undefined>;
  /** Never rejects. */
  readonly ended: Promise<Ending>;
  readonly hasEnded: boolean;
  /** Ask it to end: it drains at the first time and stops at once at the second. */
  ask(): void;
  /** End it and what it started in its process group, now. */
  kill(): void;
}

/**
 * Start a service in a process group of its own, so that a Ctrl-C on the terminal reaches it only through {@link Service.ask},
 * in its turn.
 */
export function startService(spec: ServiceSpec): Service {
  const child = spawn(process.execPath, [...spec.args], {
    cwd: spec.cwd,
    env: spec.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const log = createWriteStream(spec.logFile);
  const stderrTail: string[] = [];
  const stdoutTail: string[] = [];
  const url = Promise.withResolvers<string | undefined>();
  const ending = Promise.withResolvers<Ending>();
  const onLine = (text: string, tail: string[]): LogLine => {
    log.write(`${text}\n`);
    const line = parseLogLine(text);
    tail.push(line.text);
    if (tail.length > quotedLines) tail.shift();
    spec.onLogLine(line);
    return line;
  };
  createInterface({ input: child.stdout }).on('line', (text) => {
    const { listeningAt } = onLine(text, stdoutTail);
    if (listeningAt !== undefined) url.resolve(listeningAt);
  });
  createInterface({ input: child.stderr }).on('line', (text) => onLine(text, stderrTail));
  let hasEnded = false;
  const end = (code: number | null, signal: NodeJS.Signals | null): void => {
    hasEnded = true;
    log.end();
    url.resolve(undefined);
    ending.resolve({ name: spec.name, code, signal, lastLines: stderrTail.length > 0 ? stderrTail : stdoutTail });
  };
  child.once('error', (error) => {
    stderrTail.push(`could not start: ${error.message}`);
    end(null, null);
  });
  child.once('close', end);
  return {
    name: spec.name,
    listening: url.promise,
    ended: ending.promise,
    get hasEnded() {
      return hasEnded;
    },
    ask: () => signalGroup(child, 'SIGTERM'),
    kill: () => signalGroup(child, 'SIGKILL'),
  };
}

/**
 * End the services one after the other; the next one is asked only when the one before has ended.
 *
 * @param forced - Aborts when nobody wants to wait any more: all are asked again, which means "at once", and killed after
 *   `graceMs` if even that did not help.
 */
export async function stopInOrder(
  services: readonly Service[],
  { forced, graceMs }: { forced: AbortSignal; graceMs: number },
): Promise<void> {
  const force = async (): Promise<void> => {
    for (const service of services) service.ask();
    await delay(graceMs, undefined, { ref: false });
    for (const service of services) service.kill();
  };
  const onForced = (): void => void force();
  if (forced.aborted) onForced();
  else forced.addEventListener('abort', onForced, { once: true });
  for (const service of services) {
    service.ask();
    await service.ended;
  }
  forced.removeEventListener('abort', onForced);
}

/** The group's id is its leader's pid; a group that is gone needs no signal. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
