/** Starts a scripted engine as a process of its own and hands out its control. It owns that child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createControlClient } from './control.ts';
import type { MockControl, MockServerOptions } from './server.ts';

export type MockEngineOptions = Omit<MockServerOptions, 'onExit'>;

export type MockEngine = {
  readonly url: string;
  readonly control: MockControl;
  readonly pid: number;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** What it printed so far on standard error. */
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Ends it and waits until it is gone. */
  readonly stop: () => Promise<void>;
};

/** The program's path, in the workspace and when published. */
export const mockEngineMain = (): string => {
  const source = fileURLToPath(new URL('./main.ts', import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL('./main.js', import.meta.url));
};

/** @throws Error with what it printed, when it ends before it listens. */
export const startMockEngine = async (options: MockEngineOptions = {}): Promise<MockEngine> => {
  const child = spawn(process.execPath, [mockEngineMain(), ...flagsOf(options)], { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(options.script ?? {}));
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 0));
  });
  let stderr = '';
  const printed = await new Promise<{ url: string; controlUrl: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`The mock engine ended before it listened:\n${stderr}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      const lines = /listening on (\S+)\ncontrol (\S+)\n/.exec(stderr);
      if (lines !== null) resolve({ url: lines[1] ?? '', controlUrl: lines[2] ?? '' });
    });
  });
  return {
    url: printed.url,
    control: createControlClient(printed.controlUrl),
    pid: child.pid ?? 0,
    exited,
    stderr: () => stderr,
    kill: (signal) => {
      child.kill(signal);
    },
    stop: async () => {
      if (isRunning(child)) child.kill('SIGKILL');
      await exited;
    },
  };
};

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

const flagsOf = ({ wire, slots, ctxTokens, modelName, host, port }: MockEngineOptions): readonly string[] => [
  '--script',
  '-',
  ...(wire === undefined ? [] : ['--wire', wire]),
  ...(slots === undefined ? [] : ['--slots', String(slots)]),
  ...(ctxTokens === undefined ? [] : ['--ctx', String(ctxTokens)]),
  ...(modelName === undefined ? [] : ['--model', modelName]),
  ...(host === undefined ? [] : ['--host', host]),
  ...(port === undefined ? [] : ['--port', String(port)]),
];
