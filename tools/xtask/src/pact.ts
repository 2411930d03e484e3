/** The commands about pacts: write them, verify the controller against them, serve them as a stub. Each starts a program. */
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from './command.ts';
import { listenForStopWish } from './stop-wish.ts';
import { runTool } from './verify/run-tool.ts';
import { toolPath, workspaceRoot } from './workspace-root.ts';

export const pactWrite: Command = {
  summary: 'Write contracts/pacts/*.json anew from what the consumers rely on.',
  usage: `

Plays every consumer against Pact’s stand-in (test-harness/consumer-tests) and writes what they relied on.`,
  run: (args) => vitest(args, ['--project=@llama-orch/consumer-tests'], { ORCH_PACT_WRITE: '1' }),
};

export const pactVerify: Command = {
  summary: 'Verify the controller against contracts/pacts, and that the verification notices faults.',
  usage: `

Starts the controller’s own program, a scripted engine and a played agent; states are brought about by config, scripts and traffic.`,
  run: (args) => vitest(args, ['--project=@llama-orch/orchestratord:process', 'pact.process'], {}),
};

export const pactStub: Command = {
  summary: 'Serve what the pacts say, for consumers in any language, until Ctrl-C.',
  usage: `[--port N] [--host ADDRESS] [PACT.json]…

  --port N        0 picks one (default 8090); the line \`ready URL\` says which
  --host ADDRESS  default 127.0.0.1
  PACT.json       default every file of contracts/pacts`,
  async run(args) {
    const program = join(workspaceRoot, 'test-harness', 'consumer-tests', 'src', 'stub', 'main.ts');
    const child = spawn(process.execPath, [program, ...args.filter((each) => each !== '--')], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  },
};

async function vitest(args: readonly string[], flags: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const wish = listenForStopWish();
  try {
    const { exitCode } = await runTool(toolPath('vitest'), ['run', ...flags, ...args.filter((each) => each !== '--')], {
      env,
      signal: wish.asked,
      killSignal: wish.forced,
      onOutput: (text) => void process.stdout.write(text),
    });
    return wish.asked.aborted ? wish.exitCode : exitCode;
  } finally {
    wish.close();
  }
}
