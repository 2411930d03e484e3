/** Starts a scripted engine as a process of its own and hands out its control. It owns that child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createControlClient } from './control.ts';
import type { MockControl, MockServerOptions } from './server.ts';

export type MockEngineOptions = Omit<MockServerOptions, 'onExit'>;

export type MockEngine = {
  readonly url: string;
  /** The wire's other ports, by name. */
  readonly ports: Readonly<Record<string, number>>;
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
  const child = spawn(process.execPath, [mockEngineMain(), ...flagsOf(options)], {
    stdio: ['pipe', 'ignore', 'pipe'],
    // Never on the command line, where everybody can read it.
    env: { ...process.env, ...(options.apiKey === undefined ? {} : { MOCK_ENGINE_API_KEY: options.apiKey }) },
  });
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(options.script ?? {}));
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 0));
  });
  let stderr = '';
  const printed = await new Promise<{ url: string; controlUrl: string; ports: Readonly<Record<string, number>> }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`The mock engine ended before it listened:\n${stderr}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      const lines = /listening on (\S+)\n((?:port \S+ \d+\n)*)control (\S+)\n/.exec(stderr);
      if (lines !== null) resolve({ url: lines[1] ?? '', controlUrl: lines[3] ?? '', ports: portsOf(lines[2] ?? '') });
    });
  });
  return {
    url: printed.url,
    ports: printed.ports,
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

const portsOf = (lines: string): Readonly<Record<string, number>> =>
  Object.fromEntries([...lines.matchAll(/port (\S+) (\d+)\n/g)].map(([, name = '', port]) => [name, Number(port)]));

const flagsOf = (options: MockEngineOptions): readonly string[] => {
  const { wire, wireOptions, slots, ctxTokens, modelName, host, port, ports, kv, maxWaiting, cost, weights } = options;
  return [
    '--script',
    '-',
    ...flag('wire', wire),
    ...pairs('wire-option', wireOptions),
    ...flag('slots', slots),
    ...flag('ctx', ctxTokens),
    ...flag('model', modelName),
    ...flag('host', host),
    ...flag('port', port),
    ...pairs('also', ports),
    ...flag('kv-tokens', kv?.tokens),
    ...flag('kv-policy', kv?.policy),
    ...flag('max-waiting', maxWaiting),
    ...flag('cost', cost === undefined ? undefined : JSON.stringify(cost)),
    ...flag('seed', weights),
  ];
};

const flag = (name: string, value: string | number | undefined): readonly string[] =>
  value === undefined ? [] : [`--${name}`, String(value)];

const pairs = (name: string, values: Readonly<Record<string, string | number>> = {}): readonly string[] =>
  Object.entries(values).flatMap(([key, value]) => [`--${name}`, `${key}=${value}`]);
