/** `xtask ci:determinism`: starts the determinism suite as a program and hands its flags through. It knows none of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from './command.ts';

const program = fileURLToPath(new URL('../../../test-harness/determinism-suite/src/main.ts', import.meta.url));
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const ciDeterminism: Command = {
  summary: 'compare two replicas of each engine token by token, and print a table (--help lists its flags)',
  answersHelp: true,

  /** @returns The suite's exit status: 1 where a stream was not equal, and when a signal ended it. */
  async run(args) {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
    // The suite stops what it started; without it nobody would.
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of endingSignals) process.on(signal, pass);
    try {
      const [code] = (await once(child, 'exit')) as [number | null];
      return code ?? 1;
    } finally {
      for (const signal of endingSignals) process.off(signal, pass);
    }
  },
};
