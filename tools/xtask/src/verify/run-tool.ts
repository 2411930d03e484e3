/**
 * Runs one tool to its end in a process group of its own and keeps what it printed. It judges nothing.
 */
import { spawn } from 'node:child_process';
import { toolEnv, workspaceRoot } from '../workspace-root.ts';

/** More than this of one tool's output is cut in front: its end tells most. */
const keptChars = 200_000;

export type ToolOptions = {
  readonly env?: Readonly<Record<string, string>>;
  /** Aborting it asks the tool and all it started to end. */
  readonly signal: AbortSignal;
  /** Aborting it kills them. */
  readonly killSignal: AbortSignal;
  /** Gets the output as it comes. */
  readonly onOutput?: (text: string) => void;
};

export type ToolResult = {
  /** 0 when it ended well; 1 also where a signal ended it or it could not be started. */
  readonly exitCode: number;
  readonly output: string;
};

export async function runTool(
  command: string,
  args: readonly string[],
  { env = {}, signal, killSignal, onOutput }: ToolOptions,
): Promise<ToolResult> {
  if (signal.aborted) return { exitCode: 1, output: 'not run: interrupted' };
  const child = spawn(command, [...args], {
    cwd: workspaceRoot,
    env: toolEnv({ NO_COLOR: '1', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-keptChars);
      onOutput?.(text);
    });
  }
  const signalGroup = (name: NodeJS.Signals) => (): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, name);
  };
  const onAbort = signalGroup('SIGTERM');
  const onKill = signalGroup('SIGKILL');
  signal.addEventListener('abort', onAbort);
  killSignal.addEventListener('abort', onKill);
  const exitCode = await new Promise<number>((done) => {
    child.once('error', (error) => {
      output += `${command} could not be started: ${error.message}\n`;
      done(1);
    });
    child.once('close', (code) => done(code ?? 1));
  });
  signal.removeEventListener('abort', onAbort);
  killSignal.removeEventListener('abort', onKill);
  return { exitCode, output };
}
