/** `xtask engine-sim`: starts the scripted engine as a program, speaking one engine's protocol. It knows none of its flags. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Command, UsageError } from './command.ts';

const program = fileURLToPath(new URL('../../../packages/worker-adapters/mock/src/main.ts', import.meta.url));

const signals = ['SIGINT', 'SIGTERM'] as const;

export const engineSim: Command = {
  summary: 'Run a simulated engine: vllm, tgi, triton or llamacpp.',
  usage: `ENGINE [FLAGS]

  ENGINE   whose protocol it speaks: llamacpp, vllm, tgi, triton, or the mock's own, plain
  --help   after ENGINE: its flags (port, model, version, slots, KV cache, cost of a pass, faults)

It prints \`listening on URL\` once it serves, then its other ports, then \`control URL\`: the other side of it, where
\`PUT /script\` changes what it does while it runs. With port 0, the default, it picks free ones.

  pnpm xtask engine-sim llamacpp --port 8081 --slots 4 --cost '{}'
  pnpm xtask engine-sim vllm --fault lying-health`,
  answersHelp: true,

  /** @returns The simulator's exit status; 1 when a signal ended it. */
  async run(args) {
    const [engine, ...flags] = args;
    if (engine === '--help' || engine === '-h') {
      console.log(`xtask engine-sim: ${engineSim.summary}\n\nusage: pnpm xtask engine-sim ${engineSim.usage}`);
      return 0;
    }
    if (engine === undefined || engine.startsWith('-')) throw new UsageError('name the engine first: vllm, tgi, triton or llamacpp');
    const child = spawn(process.execPath, [program, '--wire', engine, '--cost', '{}', ...flags], { stdio: 'inherit' });
    // A terminal signals both; who signals only this process means the engine.
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of signals) process.on(signal, pass);
    const [code] = (await once(child, 'exit')) as [number | null];
    for (const signal of signals) process.off(signal, pass);
    return code ?? 1;
  },
};
