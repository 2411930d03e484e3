/**
 * The real agent as a process, for tests: its own directory, its own config, nothing of it left behind. It knows no pool.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf } from '@llama-orch/service-kit';

const mainPath = fileURLToPath(new URL('../main.ts', import.meta.url));

export type LogLine = { readonly event?: string; readonly msg?: string; readonly [field: string]: unknown };

export type AgentProcess = {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Of `/healthz` and its siblings. */
  readonly url: string;
  readonly lines: readonly LogLine[];
  /** The first line of this event, past or to come, for which it holds. */
  waitForLine(event: string, holds?: (line: LogLine) => boolean): Promise<LogLine>;
  signal(name: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
};

export type AgentHome = {
  readonly dir: string;
  /** Start the agent; a second one in the same home takes over its data. */
  start(options: { readonly controllerUrl: string; readonly env?: Readonly<Record<string, string | undefined>> }): Promise<AgentProcess>;
  /** SIGKILL whatever still runs of it, workers included, and remove the directory. */
  clean(): Promise<void>;
};

/** @param agent - Fields of `agent` in the config beside the defaults of a test. */
export const createAgentHome = async (agent: Readonly<Record<string, unknown>> = {}): Promise<AgentHome> => {
  const dir = await mkdtemp(join(tmpdir(), 'pool-managerd-'));
  const dataDir = join(dir, 'data');
  const config = {
    agent: {
      name: 'test-host',
      models_dir: dir,
      nvidia_smi: join(dir, 'nvidia-smi'),
      restart: { initial_ms: 50, max_ms: 400, jitter_ratio: 0.1, breaker_failures: 5, breaker_window_ms: 60_000 },
      headroom: { ram_bytes: 1_048_576 },
      ...agent,
    },
  };
  const configPath = join(dir, 'orchestrator.yaml');
  await writeFile(configPath, JSON.stringify(config));
  const agents: AgentProcess[] = [];

  return {
    dir,
    async start({ controllerUrl, env = {} }) {
      const args = ['--config', configPath, '--listen', '127.0.0.1:0', '--data-dir', dataDir, '--controller', controllerUrl];
      const child = spawn(process.execPath, [mainPath, ...args], {
        env: { ...process.env, ORCH_LOG: 'json', ORCH_ALLOW_CPU: '1', NODE_OPTIONS: '', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const agentProcess = await watch(child);
      agents.push(agentProcess);
      return agentProcess;
    },
    async clean() {
      for (const { child } of agents) child.kill('SIGKILL');
      await Promise.all(agents.map(({ exited }) => exited));
      for (const pid of await workerPidsOf(dataDir)) killGroup(pid);
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** A busy host starts an engine in some seconds. */
const lineWithinMs = 40_000;

const watch = async (child: ChildProcess): Promise<AgentProcess> => {
  const lines: LogLine[] = [];
  const listeners = new Set<() => void>();
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line.startsWith('{') ? (JSON.parse(line) as LogLine) : { msg: line });
      for (const listener of listeners) listener();
    });
  }
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });

  const waitForLine: AgentProcess['waitForLine'] = (event, holds = () => true) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const line = lines.find((candidate) => candidate.event === event && holds(candidate));
        if (line === undefined) return;
        listeners.delete(look);
        clearTimeout(timer);
        resolve(line);
      };
      const timer = setTimeout(() => {
        listeners.delete(look);
        reject(
          new Error(
            `no log line "${event}" within ${lineWithinMs} ms; stderr: ${stderr}; log: ${lines.map((line) => JSON.stringify(line)).join('\n')}`,
          ),
        );
      }, lineWithinMs);
      listeners.add(look);
      look();
    });

  const died = exited.then((how) => {
    throw new Error(`the agent ended with ${how} before it listened: ${stderr}`);
  });
  const listening = await Promise.race([waitForLine('listening'), died]);
  died.catch(() => undefined);
  return {
    child,
    pid: child.pid ?? 0,
    url: String(listening['url']),
    lines,
    waitForLine,
    signal: (name) => void child.kill(name),
    exited,
  };
};

/** Pids in the worker records of a data directory. */
export const workerPidsOf = async (dataDir: string): Promise<readonly number[]> => {
  const { createWorkerStateFiles } = await import('../worker-state-file.ts');
  const { records } = await createWorkerStateFiles(dataDir).readAll();
  return records.flatMap((record) =>
    record.process !== null && identityOf(record.process.pid)?.startTime === record.process.startTime ? [record.process.pid] : [],
  );
};

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
};

/** Resolves once no process has this pid any more; rejects after `withinMs`. */
export const waitForEnd = async (pid: number, withinMs = 10_000): Promise<void> => {
  const until = performance.now() + withinMs;
  while (identityOf(pid) !== undefined) {
    if (performance.now() > until) throw new Error(`process ${pid} still lives after ${withinMs} ms`);
    await delay(20);
  }
};
