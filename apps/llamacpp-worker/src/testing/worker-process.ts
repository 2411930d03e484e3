/** Starts the worker as a process on the real model, for tests only. Every process is ended by `stopWorkers`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const modelPath = fileURLToPath(new URL('../../../../models/haiku-tiny/haiku-tiny.gguf', import.meta.url));
const mainPath = fileURLToPath(new URL('../main.ts', import.meta.url));

export type SpawnedWorker = {
  readonly child: ChildProcess;
  /** Everything that it wrote to stderr so far. */
  readonly log: () => string;
  /** Its exit code, once it has ended; the signal's name if one ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** Its URL, once it serves. */
  readonly ready: Promise<string>;
};

export type RunningWorker = SpawnedWorker & { readonly url: string };

const running = new Set<ChildProcess>();

export function spawnWorker(args: readonly string[], env: NodeJS.ProcessEnv = {}): SpawnedWorker {
  const child = spawn(process.execPath, [mainPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  running.add(child);
  let log = '';
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  const ready = new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      const url = /listening on (http:\S+)/.exec(log)?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then((code) => reject(new Error(`the worker ended with ${code}:\n${log}`)));
  });
  ready.catch(() => {});
  return { child, log: () => log, ended, ready };
}

/** A worker that serves haiku-tiny. */
export async function startWorker(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningWorker> {
  const worker = spawnWorker(['-m', modelPath, '-a', 'haiku-tiny', '--port', '0', ...args], env);
  return { ...worker, url: await worker.ready };
}

export async function stopWorkers(): Promise<void> {
  const ends = Array.from(running, (child) => once(child, 'close'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ends);
}
