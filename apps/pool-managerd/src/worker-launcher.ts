/**
 * Makes workers: the plan, the port, the record before and after the spawn, the adapter. It owns the order of these steps,
 * which is what lets the next agent find every worker; when to launch is decided elsewhere.
 */
import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import type { CreateAdapter } from '@llama-orch/adapter-api';
import { PoolFailure } from './failure.ts';
import { readOomKills } from './host-memory.ts';
import type { CheckedPool } from './host-checks.ts';
import { planCommand } from './launchers/command.ts';
import { planEmbedded } from './launchers/embedded.ts';
import { planExternal } from './launchers/external.ts';
import type { Launch, LaunchInput } from './launchers/launch.ts';
import type { LiveWorker } from './live-worker.ts';
import { numericsDigest } from './numerics.ts';
import { type EngineName, type PoolSpec, workerDigest } from './pool-spec.ts';
import type { PortPicker } from './port-picker.ts';
import { attachWorker, spawnWorker } from './process.ts';
import { createWorkerLog, openWorkerLog, prepareLogDirectory } from './worker-log.ts';
import type { WorkerRecord, WorkerStateFiles } from './worker-state-file.ts';

export type WorkerLauncher = {
  /** Start a worker, or meet an external one. Its record is on disk when this resolves. @throws PoolFailure */
  launch(spec: PoolSpec, startCount: number, checked: CheckedPool): Promise<LiveWorker>;
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
  const createAdapter = (spec: PoolSpec, baseUrl: string) => {
    const create = deps.adapters[spec.engine];
    if (create === undefined)
      throw new PoolFailure('adapter-missing', `No adapter for engine \`${spec.engine}\` is installed in this agent.`);
    // The agent tests and probes; it never carries tasks.
    return create({ baseUrl, maxConnections: 4, callTimeoutMs: 5_000, nowMs: () => performance.now() });
  };

  const meetExternal = async (spec: PoolSpec, startCount: number, checked: CheckedPool, url: string): Promise<LiveWorker> => {
    const record = { ...newRecord(deps, spec, startCount, checked, url), external: true, url, advertisedUrl: url };
    await deps.stateFiles.write(record);
    return { record, process: null, adapter: createAdapter(spec, url), log: null, oomKillsBefore: null };
  };

  return {
    async launch(spec, startCount, checked) {
      if (spec.runtime.kind === 'external') {
        const launch = planExternal(spec);
        if (launch.kind === 'external') return meetExternal(spec, startCount, checked, launch.url);
      }
      const stateDir = deps.stateFiles.directory(spec.id);
      const port = await deps.ports.pick();
      let recorded = false;
      try {
        const launch = plan({
          spec,
          place: { host: deps.workerBind, port, stateDir, deviceUuids: checked.devices.map(({ uuid }) => uuid) },
          onCpu: checked.onCpu,
          agentEnv: deps.agentEnv,
        });
        await prepareLogDirectory(stateDir, startCount);
        const log = createWorkerLog(stateDir, startCount);
        const intent: WorkerRecord = {
          ...newRecord(deps, spec, startCount, checked, null, launch),
          url: `http://${reachable(deps.workerBind)}:${port}`,
          advertisedUrl: `http://${bracketed(deps.advertiseHost)}:${port}`,
          port,
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
          throw error;
        }
        return { record, process, adapter: createAdapter(spec, record.url), log, oomKillsBefore };
      } catch (error) {
        deps.ports.release(port);
        if (recorded) await deps.stateFiles.remove(spec.id);
        throw error;
      }
    },

    adopt(spec, record) {
      const adapter = createAdapter(spec, record.url);
      if (record.port !== null) deps.ports.claim(record.port);
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
      await deps.stateFiles.remove(worker.record.poolId);
      if (worker.record.port !== null) deps.ports.release(worker.record.port);
    },
  };
};

const plan = (input: LaunchInput): Extract<Launch, { kind: 'process' }> => {
  const launch = input.spec.runtime.kind === 'embedded' ? planEmbedded(input) : planCommand(input);
  if (launch.kind !== 'process') throw new TypeError('only external engines have no process');
  return launch;
};

const newRecord = (
  deps: WorkerLauncherDeps,
  spec: PoolSpec,
  startCount: number,
  checked: CheckedPool,
  externalUrl: string | null,
  launch: Extract<Launch, { kind: 'process' }> | null = null,
): WorkerRecord => ({
  version: 1,
  poolId: spec.id,
  startCount,
  nonce: randomUUID(),
  digest: workerDigest(spec),
  process: null,
  external: externalUrl !== null,
  url: externalUrl ?? '',
  advertisedUrl: externalUrl ?? '',
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
      unlikeAll: externalUrl,
    }),
    cpuCarveOut: checked.onCpu,
    deviceUuids: checked.devices.map(({ uuid }) => uuid),
    kvBytesPerToken: checked.plan.kvBytesPerToken,
  },
  tested: null,
});

/** A wildcard is an address to bind, not one to connect to. */
const reachable = (bind: string): string =>
  bind === '0.0.0.0' ? '127.0.0.1' : bind === '::' || bind === '[::]' ? '[::1]' : bracketed(bind);

const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
