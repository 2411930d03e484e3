/**
 * A program that the bench starts: pinned, found listening, stopped. It owns every child process of a run, and knows
 * nothing of what they serve.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export type ProgramSpec = {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Core to pin it to; `null` = anywhere. */
  readonly core: number | null;
  /** Gets all that it prints. */
  readonly outputFile: string;
  /** Its first group is the port, once it listens; `null` = the caller knows better when it does. */
  readonly listening: RegExp | null;
  readonly env?: Readonly<Record<string, string>>;
};

export type Program = {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** From its start until it listened; 0 where nobody waited for that. */
  readonly listeningMs: number;
  readonly stop: () => Promise<void>;
  /** Without a chance to do anything. */
  readonly kill: () => Promise<void>;
};

const startPatienceMs = 20_000;
const stopPatienceMs = 3_000;
const lookMs = 10;
const quotedChars = 2_000;

/** Every program that runs now, so that none outlives the bench. */
const running = new Set<ChildProcess>();

/** End them all at once, for a bench that is told to stop. */
export function killPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** @errors when it ends before it listens, with the end of its output. */
export async function startProgram(spec: ProgramSpec): Promise<Program> {
  mkdirSync(dirname(spec.outputFile), { recursive: true });
  const output = openSync(spec.outputFile, 'w');
  const startedMs = performance.now();
  // `taskset` becomes the program it starts, so the pid is the program's.
  const pinned = spec.core === null ? [spec.command, ...spec.args] : ['taskset', '-c', String(spec.core), spec.command, ...spec.args];
  const child = spawn(pinned[0] as string, pinned.slice(1), { stdio: ['ignore', output, output], env: { ...process.env, ...spec.env } });
  closeSync(output);
  const { pid } = child;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
    child.once('error', () => resolve());
  });
  if (pid === undefined) throw new Error(`${spec.name} could not be started: is ${pinned[0]} there?`);
  running.add(child);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const stopped = await Promise.race([ended.then(() => true), pause(stopPatienceMs, false, { ref: false })]);
    if (!stopped) child.kill('SIGKILL');
    await ended;
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const known = { name: spec.name, pid, stop, kill };
  if (spec.listening === null) return { ...known, port: 0, listeningMs: 0 };
  try {
    const port = await listeningPort(spec, spec.listening, child);
    return { ...known, port, listeningMs: performance.now() - startedMs };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listeningPort({ name, outputFile }: ProgramSpec, listening: RegExp, child: ChildProcess): Promise<number> {
  for (let waitedMs = 0; waitedMs < startPatienceMs; waitedMs += lookMs) {
    const output = readFileSync(outputFile, 'utf8');
    const port = listening.exec(output)?.[1];
    if (port !== undefined) return Number(port);
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${name} ended before it listened:\n${output.slice(-quotedChars)}`);
    await pause(lookMs);
  }
  throw new Error(`${name} did not listen within ${startPatienceMs} ms; see ${outputFile}`);
}
