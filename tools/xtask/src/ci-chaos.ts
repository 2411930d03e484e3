/** `xtask ci:chaos` and `xtask ci:load`: start the runs as programs and hand their flags through. They know none of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from './command.ts';

const programOf = (file: string): string => fileURLToPath(new URL(`../../../test-harness/chaos/src/${file}`, import.meta.url));
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const ciChaos: Command = {
  summary: 'the whole stack under load and seeded faults: ten minutes by default (--help lists its flags)',
  answersHelp: true,
  run: (args) => runProgram(programOf('main.ts'), args),
};

export const ciLoad: Command = {
  summary: 'interactive tasks while batch floods at ten times the capacity: SLO and order of classes (--help lists its flags)',
  answersHelp: true,
  run: (args) => runProgram(programOf('load-main.ts'), args),
};

/** @returns The program's exit status; 1 when a signal ended it. */
async function runProgram(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  // It stops what it started; without it nobody would.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of endingSignals) process.on(signal, pass);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    for (const signal of endingSignals) process.off(signal, pass);
  }
}
