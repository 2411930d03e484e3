/**
 * A whole stack as real processes: the controller, the agent, and the workers that the agent starts, in a directory of their
 * own, on ports of their own. It is seen through the public API only, but for the pids of what tests kill.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type OrchClient } from '@llama-orch/openapi-client';
import { stringify } from 'yaml';
import { eventually } from './eventually.ts';
import { findMarked, killMarked, markVariable } from './marked-processes.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { poolIds, type StackOptions, stackConfig } from './stack-config.ts';
import { readWorker, signalWorker, type WorkerHandle } from './worker-record.ts';
import { programs, workspaceRoot } from './workspace.ts';

/** Loading the engine on a busy machine with two slow cores. */
const readyWithinMs = 60_000;

export interface Stack {
  /** Of the controller; stays the same when it is restarted. */
  readonly url: string;
  readonly client: OrchClient;
  /** In the environment of every process of this stack. */
  readonly mark: string;
  /** What both services read. */
  readonly configFile: string;
  readonly controller: ServiceProcess;
  /** @throws Error where the stack has none. */
  readonly agent: ServiceProcess;
  worker(poolId: string): WorkerHandle;
  signalWorker(poolId: string, signal: NodeJS.Signals): void;
  /** Wait until these pools, by default all, are Ready by the public API. */
  untilReady(ids?: readonly string[]): Promise<void>;
  killAgent(): Promise<void>;
  startAgent(): Promise<void>;
  killController(): Promise<void>;
  /** On the same address. */
  startController(): Promise<void>;
  /** The services' last log lines, for the message of a failure. */
  describe(): string;
  /**
   * Ask the services to end, the agent first, and check the end: exit code 0, no process left, no port held.
   *
   * @throws Error that names what is left; it is killed all the same.
   */
  stop(): Promise<void>;
}

/** Start a stack and wait until all its pools are Ready. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const mark = randomUUID();
  const dir = await mkdtemp(join(tmpdir(), 'llama-orch-e2e-'));
  const configFile = join(dir, 'orchestrator.yaml');
  await writeFile(configFile, stringify(stackConfig(options, workspaceRoot)));
  const agentDir = join(dir, 'agent');
  const env = { ...process.env, TZ: 'Europe/Amsterdam', ORCH_LOG: 'json', ...options.env, [markVariable]: mark };
  const onExit = (): void => killMarked(mark);
  process.once('exit', onExit);
  const urls = new Set<string>();

  const startControllerOn = (listen: string): Promise<ServiceProcess> =>
    startService({
      name: 'orchestratord',
      args: [programs.orchestratord, '--config', configFile, '--listen', listen, '--data-dir', join(dir, 'controller')],
      env,
      cwd: dir,
    });
  const startAgentFor = (controllerUrl: string): Promise<ServiceProcess> =>
    startService({
      name: 'pool-managerd',
      args: [
        programs['pool-managerd'],
        '--config',
        configFile,
        '--listen',
        '127.0.0.1:0',
        '--data-dir',
        agentDir,
        '--controller',
        controllerUrl,
      ],
      // The one place where the development switch is set: the workers run on this machine's CPU (ORCH-1102).
      env: { ...env, ORCH_ALLOW_CPU: '1' },
      cwd: dir,
    });

  let controller: ServiceProcess | undefined;
  let agent: ServiceProcess | undefined;
  const describe = (): string =>
    [controller, agent]
      .flatMap((service) => (service === undefined ? [] : [`${service.name}:`, ...service.logLines().slice(-25)]))
      .join('\n');
  const running = (service: ServiceProcess | undefined, name: string): ServiceProcess => {
    if (service === undefined) throw new Error(`this stack has no ${name}`);
    return service;
  };
  const worker = (poolId: string): WorkerHandle => {
    const found = readWorker(agentDir, poolId);
    if (found.pid !== null) urls.add(found.url);
    return found;
  };
  const cleanUp = async (): Promise<void> => {
    killMarked(mark);
    process.off('exit', onExit);
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };

  const stack: Stack = {
    get url() {
      return running(controller, 'controller').url;
    },
    get client() {
      return createClient({ baseUrl: stack.url, ...(options.apiKey !== undefined && { apiKey: options.apiKey }) });
    },
    mark,
    configFile,
    get controller() {
      return running(controller, 'controller');
    },
    get agent() {
      return running(agent, 'agent');
    },
    worker,
    signalWorker: (poolId, signal) => signalWorker(worker(poolId), signal),
    async untilReady(ids = poolIds(options)) {
      const look = async (): Promise<boolean> => {
        const pools = await Promise.all(ids.map((id) => stack.client.poolHealth(id)));
        return pools.every(({ ready }) => ready) && (await fetch(`${stack.url}/readyz`)).ok;
      };
      await eventually(`pools ${ids.join(', ')} to be Ready`, look, { withinMs: readyWithinMs, describe });
      for (const id of ids) worker(id);
    },
    async killAgent() {
      stack.agent.signal('SIGKILL');
      await stack.agent.exited;
    },
    async startAgent() {
      agent = await startAgentFor(stack.url);
      urls.add(agent.url);
    },
    async killController() {
      stack.controller.signal('SIGKILL');
      await stack.controller.exited;
    },
    async startController() {
      controller = await startControllerOn(new URL(stack.url).host);
    },
    describe,
    async stop() {
      const faults: string[] = [];
      try {
        for (const service of [agent, controller]) {
          if (service === undefined || service.hasExited) continue;
          service.signal('SIGTERM');
          const { code, signal } = await service.exited;
          if (code !== 0) faults.push(`${service.name} to exit with 0, got ${signal ?? code}`);
        }
        // A worker's socket may outlive the agent's exit by a moment of the system's own.
        const left = await eventually('no process left', () => (findMarked(mark).length === 0 ? 'none' : false), { withinMs: 3_000 }).catch(
          () => findMarked(mark),
        );
        if (left !== 'none') faults.push(`no process to be left, got ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
        for (const url of urls) if (await isHeld(url)) faults.push(`nobody to listen on ${url} any more`);
        if (faults.length > 0) throw new Error(`after the stop expected ${faults.join('; ')}\n${describe()}`);
      } finally {
        await cleanUp();
      }
    },
  };

  try {
    controller = await startControllerOn('127.0.0.1:0');
    urls.add(controller.url);
    if (options.hasAgent === false) return stack;
    await stack.startAgent();
    await stack.untilReady(options.awaitPools);
    return stack;
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

/** Whether somebody still listens at the address: then we cannot. */
async function isHeld(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const probe = createServer();
  const free = await new Promise<boolean>((done) => {
    probe.once('error', () => done(false));
    probe.listen(Number(port), hostname, () => done(true));
  });
  await new Promise((done) => probe.close(done));
  return !free;
}
