/** `xtask bench`: starts the bench as a program and hands its flags through. It knows none of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from './command.ts';

const program = fileURLToPath(new URL('../../../test-harness/bench/src/main.ts', import.meta.url));
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const bench: Command = {
  summary: 'measure the controller beside the bare engine, nginx and a bare relay (--help lists its flags)',
  answersHelp: true,

  /** @returns The bench's exit status; 1 when a signal ended it. */
  async run(args) {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
    // The bench stops what it started; without it nobody would.
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
