/**
 * The stack under chaos as real processes: the controller with its durable journal, two agents, the workers they start, one that
 * somebody else runs, and the wires of ours between them. It starts and stops; what happens to it in between is the injector's.
 */
import { createHash, randomUUID } from 'node:crypto';
import { appendFile, copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlClient, type MockControl, type MockEngine, startMockEngine } from '@llama-orch/adapter-mock';
import {
  eventually,
  findMarked,
  keySecret,
  killMarked,
  type MarkedProcess,
  markVariable,
  modelPath,
  programs,
  readWorker,
  type ServiceProcess,
  startService,
  type WorkerHandle,
  workspaceRoot,
} from '@llama-orch/e2e-haiku';
import { createClient, type OrchClient } from '@llama-orch/openapi-client';
import { stringify } from 'yaml';
import {
  type AgentName,
  agentNames,
  createKeys,
  externalPool,
  ctxTokens,
  fleetConfig,
  type FleetKeys,
  type PoolId,
  poolIds,
  poolTable,
  simScript,
  simScriptFile,
} from './fleet-config.ts';
import { type HostState, hostFileVariable, quietHost } from './host-state.ts';
import { startWireProxy, type WireProxy } from './wire-proxy.ts';

const readyWithinMs = 90_000;

export interface Fleet {
  /** Of the controller itself; stays the same over its restarts. */
  readonly url: string;
  readonly keys: FleetKeys;
  readonly mark: string;
  readonly configFile: string;
  readonly pools: readonly PoolId[];
  /** Between clients and the controller. */
  readonly clientWire: WireProxy;
  /** Between the controller and the external engine. */
  readonly workerWire: WireProxy;
  readonly controller: ServiceProcess;
  readonly journalFile: string;
  agent(name: AgentName): ServiceProcess;
  worker(id: PoolId): WorkerHandle;
  /** The other side of a simulator that runs now. */
  control(id: PoolId): MockControl;
  readonly operator: OrchClient;
  /** A call of the control plane; @throws Error where it is not answered 2xx. */
  operate(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown>;
  setHost(state: Partial<HostState>): Promise<void>;
  startController(): Promise<void>;
  startAgent(name: AgentName): Promise<void>;
  /** Another agent under a name that is taken, with a directory of its own. */
  startTwin(name: AgentName): Promise<ServiceProcess>;
  restartExternal(): Promise<void>;
  untilReady(ids?: readonly PoolId[]): Promise<void>;
  /** Processes of this stack that nobody on record owns. */
  orphans(): readonly MarkedProcess[];
  describe(): string;
  /** @throws Error that names what did not end as asked; it is killed all the same. */
  stop(): Promise<void>;
}

/** Start a stack with these pools, and wait until all are Ready. */
export async function startFleet({ pools = poolIds }: { readonly pools?: readonly PoolId[] } = {}): Promise<Fleet> {
  const mark = randomUUID();
  const dir = await mkdtemp(join(tmpdir(), 'llama-orch-chaos-'));
  const keys = createKeys();
  const hostFile = join(dir, 'host.json');
  const keyFile = join(dir, 'agent.key');
  const simPath = join(dir, 'sim.gguf');
  await copyFile(join(workspaceRoot, modelPath), simPath);
  // The same weights under another digest: bytes behind the last tensor.
  await appendFile(simPath, '\0'.repeat(32));
  const simDigest = `sha256:${createHash('sha256')
    .update(await readFile(simPath))
    .digest('hex')}`;
  await writeFile(simScriptFile(simPath), JSON.stringify(simScript));
  await writeFile(keyFile, keys.agent.key, { mode: 0o600 });
  await writeFile(hostFile, JSON.stringify(quietHost));

  let host: HostState = quietHost;
  let external: MockEngine | undefined;
  let controller: ServiceProcess | undefined;
  const agents = new Map<string, ServiceProcess>();
  const twins = new Set<ServiceProcess>();
  const agentDirOf = (name: string): string => join(dir, name);
  const clientWire = await startWireProxy(() => controller?.url);
  const workerWire = await startWireProxy(() => external?.url);

  const input = { pools, keys, simModel: { path: simPath, digest: simDigest }, modelsDir: workspaceRoot, externalUrl: workerWire.url };
  const configFileOf = (name: AgentName): string => join(dir, `${name}.yaml`);
  for (const name of agentNames) await writeFile(configFileOf(name), stringify(fleetConfig(input, name, keyFile)));
  const configFile = configFileOf('chaos-a');

  const preload = `--import=${new URL('./host-faults.ts', import.meta.url).href}`;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ORCH_LOG: 'json',
    ORCH_KEY_SECRET: keySecret,
    [markVariable]: mark,
    [hostFileVariable]: hostFile,
  };
  // The external engine is started without the mark: it is nobody's but ours.
  const onExit = (): void => {
    killMarked(mark);
    external?.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', onExit);

  const startControllerOn = (listen: string): Promise<ServiceProcess> =>
    startService({
      name: 'orchestratord',
      args: [programs.orchestratord, '--config', configFile, '--listen', listen, '--data-dir', join(dir, 'controller')],
      env: { ...env, NODE_OPTIONS: preload },
      cwd: dir,
    });
  const startAgentIn = (name: AgentName, dataDir: string): Promise<ServiceProcess> =>
    startService({
      name: `pool-managerd ${name}`,
      args: [
        programs['pool-managerd'],
        '--config',
        configFileOf(name),
        '--listen',
        '127.0.0.1:0',
        '--data-dir',
        dataDir,
        '--controller',
        fleet.url,
      ],
      env: { ...env, NODE_OPTIONS: preload, ORCH_ALLOW_CPU: '1' },
      cwd: dir,
    });
  const needed = <Part>(part: Part | undefined, name: string): Part => {
    if (part === undefined) throw new Error(`this stack has no ${name}`);
    return part;
  };
  const describe = (): string =>
    [controller, ...agents.values()]
      .flatMap((service) => (service === undefined ? [] : [`${service.name}:`, ...service.logLines().slice(-25)]))
      .join('\n');
  const used = agentNames.filter((name) => pools.some((id) => poolTable[id].host === name));

  const fleet: Fleet = {
    get url() {
      return needed(controller, 'controller').url;
    },
    keys,
    mark,
    configFile,
    pools,
    clientWire,
    workerWire,
    get controller() {
      return needed(controller, 'controller');
    },
    journalFile: join(dir, 'controller', 'journal.sqlite'),
    agent: (name) => needed(agents.get(name), name),
    worker: (id) =>
      id === externalPool
        ? { poolId: id, pid: needed(external, externalPool).pid, url: needed(external, externalPool).url, startCount: 1 }
        : readWorker(agentDirOf(poolTable[id].host), id),
    control(id) {
      if (id === externalPool) return needed(external, externalPool).control;
      const { startCount } = fleet.worker(id);
      const log = readFileSync(join(agentDirOf(poolTable[id].host), 'pools', id, `worker-${startCount}.log`), 'utf8');
      const url = /^control (http:\S+)$/m.exec(log)?.[1];
      if (url === undefined) throw new Error(`expected the control of ${id} in its log`);
      return createControlClient(url);
    },
    get operator() {
      return createClient({ baseUrl: fleet.url, apiKey: keys.operator.key });
    },
    async operate(method, path, body) {
      const response = await fetch(fleet.url + path, {
        method,
        headers: { authorization: `Bearer ${keys.operator.key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
      return text === '' ? null : (JSON.parse(text) as unknown);
    },
    async setHost(state) {
      host = { ...host, ...state };
      await writeFile(`${hostFile}.next`, JSON.stringify(host));
      await rename(`${hostFile}.next`, hostFile);
    },
    async startController() {
      controller = await startControllerOn(controller === undefined ? '127.0.0.1:0' : new URL(fleet.url).host);
    },
    async startAgent(name) {
      agents.set(name, await startAgentIn(name, agentDirOf(name)));
    },
    async startTwin(name) {
      const twin = await startAgentIn(name, join(dir, `twin-${randomUUID()}`));
      twins.add(twin);
      return twin;
    },
    async restartExternal() {
      await external?.stop();
      external = await startMockEngine({ ctxTokens, modelName: 'sim', script: simScript });
    },
    async untilReady(ids = pools) {
      const look = async (): Promise<boolean> => {
        const health = await Promise.all(ids.map((id) => fleet.operator.poolHealth(id)));
        return health.every(({ ready }) => ready);
      };
      await eventually(`pools ${ids.join(', ')} to be Ready`, look, { withinMs: readyWithinMs, describe });
    },
    orphans() {
      const owned = new Set<number | null>([controller?.pid ?? null, ...[...agents.values()].map(({ pid }) => pid)]);
      for (const id of pools) owned.add(fleet.worker(id).pid);
      return findMarked(mark).filter(({ pid }) => !owned.has(pid));
    },
    describe,
    async stop() {
      const faults: string[] = [];
      try {
        for (const service of [...twins, ...agents.values(), ...(controller === undefined ? [] : [controller])]) {
          if (service.hasExited) continue;
          service.signal('SIGCONT');
          service.signal('SIGTERM');
          const { code, signal } = await service.exited;
          if (code !== 0) faults.push(`${service.name} to exit with 0, got ${signal ?? code}`);
        }
        await external?.stop();
        const left = await eventually('no process left', () => findMarked(mark).length === 0 && [], { withinMs: 5_000 }).catch(() =>
          findMarked(mark),
        );
        if (left.length > 0) faults.push(`no process to be left, got ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
        if (faults.length > 0) throw new Error(`after the stop expected ${faults.join('; ')}\n${describe()}`);
      } finally {
        await cleanUp();
      }
    },
  };
  const cleanUp = async (): Promise<void> => {
    killMarked(mark);
    await external?.stop();
    await clientWire.close();
    await workerWire.close();
    process.off('exit', onExit);
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };

  try {
    if (pools.includes(externalPool)) await fleet.restartExternal();
    await fleet.startController();
    await Promise.all(used.map((name) => fleet.startAgent(name)));
    await fleet.untilReady();
    return fleet;
  } catch (error) {
    await cleanUp();
    throw error;
  }
}
