/** One llama.cpp process with so many slots, and an adapter for it. It owns the process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { WorkerAdapter } from '@llama-orch/adapter-api';
import { modelPath, workspaceRoot } from '@llama-orch/e2e-haiku';
import { createLlamaCppAdapter } from '@llama-orch/llamacpp-http';

export type EngineProgram = { readonly name: string; readonly argv: readonly string[] };

export type RunningEngine = {
  readonly adapter: WorkerAdapter;
  /** Context of one slot. */
  readonly ctxTokens: number;
  /** As a crash would. */
  readonly kill: () => void;
  readonly stop: () => Promise<void>;
};

export const embeddedProgram: EngineProgram = {
  name: 'llamacpp-embedded',
  argv: [process.execPath, join(workspaceRoot, 'apps/llamacpp-worker/src/main.ts')],
};

/** As the agent's template starts it, on the CPU. */
export const llamaServerProgram = (path: string): EngineProgram => ({
  name: 'llama-server',
  argv: [path, '-fit', 'off', '--cache-ram', '0', '--offline', '-ngl', '0', '-dev', 'none'],
});

const ctxTokens = 1_024;

/** @throws Error with what it printed, where it ends before it listens. */
export async function startEngine({ name, argv }: EngineProgram, slots: number): Promise<RunningEngine> {
  const model = join(workspaceRoot, modelPath);
  const shape = [
    '-m',
    model,
    '-a',
    'haiku-tiny',
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '-c',
    String(ctxTokens * slots),
    '-np',
    String(slots),
  ];
  const child = spawn(argv[0] ?? '', [...argv.slice(1), ...shape, '--metrics'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error(`${name} ended before it listened:\n${printed.slice(-2_000)}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // All of it is read, or the engine would wait; what comes after the start is of no use.
      if (printed.length < 100_000) printed += text;
      const found = /listening on (http:\S+)/.exec(printed)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const adapter = createLlamaCppAdapter({
    baseUrl: url,
    maxConnections: 2 * slots + 2,
    callTimeoutMs: 30_000,
    nowMs: () => performance.now(),
  });
  return {
    adapter,
    ctxTokens,
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      await adapter.close();
      child.kill('SIGKILL');
      await ended;
    },
  };
}
