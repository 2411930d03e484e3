/** `xtask simulate`: starts the simulator as a program and hands its flags through. It knows none of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../test-harness/simulator/src/main.ts', import.meta.url));

export const simulate = {
  summary: 'Play a fleet from one seed against the scheduler core (--help lists its flags).',
  answersHelp: true as const,

  /** @returns The simulator's exit status; 1 when a signal ended it. */
  async run(args: readonly string[]): Promise<number> {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  },
};
