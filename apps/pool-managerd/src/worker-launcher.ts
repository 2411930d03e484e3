/**
 * Makes workers: the plan, the port, the record before and after the spawn, the adapter. It owns the order of these steps,
 * which is what lets the next agent find every worker; when to launch is decided elsewhere.
 */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { CreateAdapter } from '@llama-orch/adapter-api';
import { removeContainer } from './container-removal.ts';
import { readEngineKey } from './engine-key.ts';
import { PoolFailure } from './failure.ts';
import { readOomKills } from './host-memory.ts';
import type { CheckedPool } from './host-checks.ts';
import { type AuxPorts, noAuxPorts } from './launch-template.ts';
import { auxPortNames } from './launchers/command.ts';
import { planExternal } from './launchers/external.ts';
import type { ProcessLaunch } from './launchers/launch.ts';
import { containerName, planProcess, portsOf } from './launchers/plan.ts';
import type { LiveWorker } from './live-worker.ts';
import { maskTopology } from './mask-topology.ts';
import { numericsDigest } from './numerics.ts';
import { type EngineName, type PoolSpec, workerDigest } from './pool-spec.ts';
import type { PortPicker } from './port-picker.ts';
import { attachWorker, spawnWorker } from './process.ts';
import { createWorkerLog, openWorkerLog, prepareLogDirectory } from './worker-log.ts';
import type { WorkerRecord, WorkerStateFiles } from './worker-state-file.ts';

/** Which worker of its pool one is. */
export type WorkerStart = {
  readonly startCount: number;
  readonly seat: number;
  /** At most the pool's own. */
  readonly slots: number;
};

export type WorkerLauncher = {
  /** Start a worker, or meet an external one. Its record is on disk when this resolves. @throws PoolFailure */
  launch(spec: PoolSpec, start: WorkerStart, checked: CheckedPool): Promise<LiveWorker>;
  /** Take over a worker whose identity was verified. @throws PoolFailure */
  adopt(spec: PoolSpec, record: WorkerRecord): LiveWorker;
  /** After the worker has ended: forget its record and give back its port and connections. */
  release(worker: LiveWorker): Promise<void>;
};

export type WorkerLauncherDeps = {
  readonly stateFiles: WorkerStateFiles;
  readonly ports: PortPicker;
  readonly adapters: Partial<Record<EngineName, CreateAdapter>>;
  /** Address workers bind, and the name the controller reaches them at. */
  readonly workerBind: string;
  readonly advertiseHost: string;
  readonly agentEnv: Readonly<Record<string, string | undefined>>;
  readonly nowMs: () => number;
};

/** How often an adopted worker, whose exit nobody reports, is looked at. */
const adoptedPollMs = 500;

export const createWorkerLauncher = (deps: WorkerLauncherDeps): WorkerLauncher => {
  const createAdapter = (spec: PoolSpec, { url: baseUrl, ports }: WorkerRecord, apiKey: string | null) => {
    const create = deps.adapters[spec.engine];
    if (create === undefined)
      throw new PoolFailure('adapter-missing', `No adapter for engine \`${spec.engine}\` is installed in this agent.`);
    // The agent tests and probes; it never carries tasks.
    return create({
      baseUrl,
      ...(apiKey === null ? {} : { apiKey }),
      declared: { modelName: spec.triton?.modelName ?? spec.model.name, ctxTokens: spec.ctx },
      ...(spec.triton === null
        ? {}
        : { access: { protocol: spec.triton.protocol, grpcPort: ports?.grpc ?? null, metricsPort: ports?.metrics ?? null } }),
      maxConnections: 4,
      callTimeoutMs: 5_000,
      nowMs: () => performance.now(),
    });
  };

  /** The further ports that the pool's template names; what was picked is noted at once, so that it can be given back. */
  const pickAux = async (spec: PoolSpec, checked: CheckedPool, picked: number[]): Promise<AuxPorts> => {
    const ports: { -readonly [Name in keyof AuxPorts]: AuxPorts[Name] } = { ...noAuxPorts };
    for (const name of auxPortNames(spec, checked.plan, checked.onCpu)) {
      const port = await deps.ports.pick();
      picked.push(port);
      ports[name] = port;
    }
    return ports;
  };

  const meetExternal = async (spec: PoolSpec, start: WorkerStart, checked: CheckedPool, url: string): Promise<LiveWorker> => {
    const record: WorkerRecord = {
      ...newRecord(deps, spec, start, checked, randomUUID(), null),
      external: true,
      url,
      advertisedUrl: url,
      ...(spec.triton === null ? {} : { ports: { ...noAuxPorts, grpc: spec.triton.grpcPort, metrics: spec.triton.metricsPort } }),
    };
    await deps.stateFiles.write(record);
    return { record, process: null, adapter: createAdapter(spec, record, readEngineKey(spec)), log: null, oomKillsBefore: null };
  };

  return {
    async launch(wanted, start, checked) {
      const { startCount, seat, slots } = start;
      const spec = { ...wanted, slots };
      if (spec.runtime.kind === 'external') {
        const launch = planExternal(spec);
        if (launch.kind === 'external') return meetExternal(spec, start, checked, launch.url);
      }
      const stateDir = deps.stateFiles.directory(spec.id, seat);
      const apiKey = readEngineKey(spec);
      const nonce = randomUUID();
      const picked: number[] = [];
      let recorded = false;
      try {
        const port = await deps.ports.pick();
        picked.push(port);
        const ports = await pickAux(spec, checked, picked);
        const launch = planProcess({
          spec,
          place: {
            host: deps.workerBind,
            port,
            ports,
            stateDir,
            deviceUuids: checked.devices.map(({ uuid }) => uuid),
            containerName: containerName(spec.id, startCount, nonce),
          },
          plan: checked.plan,
          onCpu: checked.onCpu,
          apiKey,
          agentEnv: deps.agentEnv,
        });
        await prepareLogDirectory(stateDir, startCount);
        for (const { path, text } of launch.files) await writeFile(path, text, { mode: 0o600 });
        const log = createWorkerLog(stateDir, startCount);
        const intent: WorkerRecord = {
          ...newRecord(deps, spec, start, checked, nonce, launch),
          url: `http://${reachable(deps.workerBind)}:${port}`,
          advertisedUrl: `http://${bracketed(deps.advertiseHost)}:${port}`,
          // What was asked for, not what could be carried: so the next agent knows it for the same pool.
          digest: workerDigest(wanted),
          slots,
          port,
          ports,
          ...(launch.container === null ? {} : { container: launch.container }),
          logPath: log.path,
        };
        await deps.stateFiles.write(intent);
        recorded = true;

        const oomKillsBefore = readOomKills();
        const file = log.openForChild();
        const process = await spawnWorker({ argv: launch.argv, env: launch.env, nonce: intent.nonce, logFd: file.fd }).finally(() =>
          file.close(),
        );
        const record = { ...intent, process: process.identity };
        try {
          await deps.stateFiles.write(record);
        } catch (error) {
          // Without its record nobody could adopt it: better no worker than an orphan.
          await process.terminate(0);
          if (launch.container !== null) await removeContainer(launch.container);
          throw error;
        }
        return { record, process, adapter: createAdapter(spec, record, apiKey), log, oomKillsBefore };
      } catch (error) {
        for (const port of picked) deps.ports.release(port);
        if (recorded) await deps.stateFiles.remove({ poolId: spec.id, seat });
        throw error;
      }
    },

    adopt(spec, record) {
      const adapter = createAdapter(spec, record, keyOrNone(spec));
      if (!record.external) for (const port of portsOf(record.port, record.ports ?? null)) deps.ports.claim(port);
      return {
        record,
        process: record.process === null ? null : attachWorker(record.process, record.nonce, adoptedPollMs),
        adapter,
        log: record.logPath === null ? null : openWorkerLog(record.logPath),
        oomKillsBefore: readOomKills(),
      };
    },

    async release(worker) {
      await worker.adapter.close();
      // Its client is gone; whether the container went with it, nobody has said.
      if (worker.record.container !== undefined) await removeContainer(worker.record.container);
      await deps.stateFiles.remove(worker.record);
      if (!worker.record.external) for (const port of portsOf(worker.record.port, worker.record.ports ?? null)) deps.ports.release(port);
    },
  };
};

/** A worker that serves is not ended for its key's sake; without the key its probes will tell. */
const keyOrNone = (spec: PoolSpec): string | null => {
  try {
    return readEngineKey(spec);
  } catch {
    return null;
  }
};

const newRecord = (
  deps: WorkerLauncherDeps,
  spec: PoolSpec,
  { startCount, seat }: WorkerStart,
  checked: CheckedPool,
  nonce: string,
  launch: ProcessLaunch | null,
): WorkerRecord => ({
  version: 1,
  poolId: spec.id,
  ...(seat === 0 ? {} : { seat }),
  startCount,
  nonce,
  digest: workerDigest(spec),
  process: null,
  external: false,
  url: '',
  advertisedUrl: '',
  port: null,
  logPath: null,
  startedAtMs: deps.nowMs(),
  facts: {
    numerics: numericsDigest({
      devices: checked.onCpu
        ? [cpus()[0]?.model ?? 'unknown processor']
        : checked.devices.map(({ name, computeCapability }) => `${name}/${computeCapability ?? '?'}`),
      tensorSplit: spec.tensorSplit,
      slots: spec.slots,
      kvType: spec.kvType,
      launchFlags: launch?.launchFlags ?? [],
      env: spec.runtime.kind === 'command' ? spec.runtime.env : {},
      unlikeAll: spec.runtime.kind === 'external' ? spec.runtime.url : null,
    }),
    cpuCarveOut: checked.onCpu,
    deviceUuids: checked.devices.map(({ uuid }) => uuid),
    kvBytesPerToken: checked.plan.kvBytesPerToken,
    topology: maskTopology(checked.devices),
  },
  tested: null,
});

/** A wildcard is an address to bind, not one to connect to. */
const reachable = (bind: string): string =>
  bind === '0.0.0.0' ? '127.0.0.1' : bind === '::' || bind === '[::]' ? '[::1]' : bracketed(bind);

const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
