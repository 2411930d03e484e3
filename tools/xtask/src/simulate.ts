/** `xtask simulate`: starts the simulator as a program and hands its flags through. It knows none of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Thousands of tasks are in flight at a time and die within simulated seconds: with V8's default young generation most of
 * them would be copied into the old one first (measured: a third of the run's CPU).
 */
const YOUNG_GENERATION = '--max-semi-space-size=64';

const program = fileURLToPath(new URL('../../../test-harness/simulator/src/main.ts', import.meta.url));

export const simulate = {
  summary: 'Play a fleet from one seed against the scheduler core (--help lists its flags).',
  answersHelp: true as const,

  /** @returns The simulator's exit status; 1 when a signal ended it. */
  async run(args: readonly string[]): Promise<number> {
    const child = spawn(process.execPath, [YOUNG_GENERATION, program, ...args], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  },
};
