/**
 * One service as a child process: its start, the address it says it listens on, its last words, its end. It knows nothing of
 * what the service serves.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { signalIfAlive } from './marked-processes.ts';

/** Log lines kept of one service. */
const keptLines = 1_000;

/** A service that did not listen or end within this is stuck; loading code on a busy machine takes seconds. */
const patienceMs = 60_000;

export type ServiceSpec = {
  /** For messages. */
  readonly name: string;
  /** The program's `.ts` file and its flags. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
};

export type ServiceExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** Where it listens. */
  readonly url: string;
  readonly hasExited: boolean;
  /** Never rejects. */
  readonly exited: Promise<ServiceExit>;
  signal(signal: NodeJS.Signals): void;
  /** Its last lines, oldest first. */
  logLines(): readonly string[];
}

/**
 * Start a service and wait until its log says that it listens.
 *
 * @throws Error with its last lines where it ended before, or did not listen in time.
 */
export async function startService({ name, args, env, cwd }: ServiceSpec): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const listening = Promise.withResolvers<string>();
  const exited = exitOf(child);
  const onLine = (line: string): void => {
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
    const url = listeningUrl(line);
    if (url !== undefined) listening.resolve(url);
  };
  createInterface({ input: child.stdout }).on('line', onLine);
  createInterface({ input: child.stderr }).on('line', onLine);
  const timer = setTimeout(() => listening.reject(new Error(`${name} did not listen within ${patienceMs} ms`)), patienceMs);
  void exited.then(({ code, signal }) => listening.reject(new Error(`${name} ended before it listened (${signal ?? code})`)));
  try {
    const url = await listening.promise;
    const { pid } = child;
    if (pid === undefined) throw new Error(`${name} has no pid`);
    return {
      name,
      pid,
      url,
      exited,
      get hasExited() {
        return child.exitCode !== null || child.signalCode !== null;
      },
      signal: (signal) => signalIfAlive(pid, signal),
      logLines: () => lines,
    };
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}; its last lines:\n${lines.slice(-20).join('\n')}`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function exitOf(child: ChildProcess): Promise<ServiceExit> {
  // `close` and not `exit`: only then all it printed has been read.
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function listeningUrl(line: string): string | undefined {
  if (!line.includes('"listening"')) return undefined;
  try {
    const event: unknown = JSON.parse(line);
    const isListening = typeof event === 'object' && event !== null && 'event' in event && event.event === 'listening';
    return isListening && 'url' in event && typeof event.url === 'string' ? event.url : undefined;
  } catch {
    // A line for people that happens to hold the word.
    return undefined;
  }
}
