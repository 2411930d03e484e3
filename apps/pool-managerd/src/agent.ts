/**
 * The agent put together: store, supervisor, link, metrics, and the order in which they start and stop. It opens no port of
 * its own and handles no signal.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DesiredState, parseAs } from '@llama-orch/api-types';
import type { AgentConfig } from '@llama-orch/config-schema';
import { createAgentClient } from '@llama-orch/openapi-client';
import type { Environment, Logger } from '@llama-orch/service-kit';
import type { Registry } from 'prom-client';
import type { Readiness } from './app.ts';
import { createControllerLink, type ControllerLink } from './controller-link.ts';
import { createDesiredStore } from './desired-store.ts';
import { engineAdapters } from './engine-adapters.ts';
import { createGpuProbe } from './gpu-probe.ts';
import { createHostChecks } from './host-checks.ts';
import { readHostMemory } from './host-memory.ts';
import { createAgentMetrics } from './metrics.ts';
import { createModelDigests } from './model-digest.ts';
import type { PoolSpec } from './pool-spec.ts';
import { createPortPicker } from './port-picker.ts';
import { runSelfTest } from './self-test.ts';
import { createSteadyClock } from './steady-clock.ts';
import { createSupervisor } from './supervisor.ts';
import { toAgentStatus, toDesiredSpec } from './wire.ts';
import { readWorkerGauges } from './worker-gauges.ts';
import { createWorkerLauncher } from './worker-launcher.ts';
import { createWorkerStateFiles } from './worker-state-file.ts';

export type AgentOptions = {
  readonly config: AgentConfig;
  /** Absolute, locked by the caller. */
  readonly dataDir: string;
  readonly controllerUrl: string;
  /** API key for the controller. */
  readonly controllerKey: string | undefined;
  readonly version: string;
  readonly env: Environment;
  readonly log: Logger;
};

export type Agent = {
  readonly registry: Registry;
  readiness(): Readiness;
  /** Find the workers of an earlier agent, apply what is on disk, dial the controller. Resolves when all three have begun. */
  start(): Promise<void>;
  /** Stop every worker, then tell the controller. Resolves when none is left; at `deadline` it stops waiting. */
  stop(deadline: AbortSignal): Promise<void>;
};

/** A hanging driver must not hold up a status for long. */
const smiTimeoutMs = 5_000;
/** Older than this the inventory is read again for a status. */
const inventoryAgeMs = 5_000;
const lastStatusMs = 1_000;

export const createAgent = (options: AgentOptions): Agent => {
  const { config, log } = options;
  const nowMs = createSteadyClock(
    () => Date.now(),
    () => Math.round(performance.now()),
  );
  const random = () => Math.random();
  const sleep = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal });
  const stateFiles = createWorkerStateFiles(options.dataDir);
  const store = createDesiredStore(options.dataDir);
  const gpuProbe = createGpuProbe({ program: config.nvidia_smi, timeoutMs: smiTimeoutMs, nowMs: () => performance.now() });
  const allowCpu = options.env['ORCH_ALLOW_CPU'] === '1';
  const identity = { instanceId: randomUUID(), version: options.version, startedAtMs: nowMs(), hostname: hostname(), allowCpu };
  const hasAdapter = (spec: PoolSpec) => engineAdapters[spec.engine] !== undefined;

  let generation = 0;
  let isInformed = false;
  let isStopping = false;
  let link: ControllerLink | null = null;
  let starting: Promise<void> = Promise.resolve();

  const metrics = createAgentMetrics(
    () => supervisor.views().map(({ pool }) => pool),
    () => link?.isConnected() ?? false,
  );
  const supervisor = createSupervisor({
    check: createHostChecks({
      gpuProbe,
      modelDigests: createModelDigests(),
      cpuAllowedHere: allowCpu,
      reserve: { vramRatio: config.headroom.vram_ratio, ramBytes: config.headroom.ram_bytes },
      pools: () => supervisor.specs().filter(({ preload }) => preload),
      hasAdapter,
    }),
    launcher: createWorkerLauncher({
      stateFiles,
      ports: createPortPicker(config.worker_bind, config.port_range ?? null),
      adapters: engineAdapters,
      workerBind: config.worker_bind,
      advertiseHost: config.advertise_host,
      agentEnv: options.env,
      nowMs,
    }),
    stateFiles,
    selfTest: ({ adapter }, spec, signal) => runSelfTest(adapter, spec, signal),
    readGauges: (worker, spec, signal) => readWorkerGauges(gpuProbe, worker, spec, signal),
    policy: {
      initialMs: config.restart.initial_ms,
      maxMs: config.restart.max_ms,
      factor: config.restart.factor,
      jitterRatio: config.restart.jitter_ratio,
      breakerFailures: config.restart.breaker_failures,
      breakerWindowMs: config.restart.breaker_window_ms,
    },
    logBytes: config.stderr_bytes,
    nowMs,
    random,
    sleep,
    log,
    hasAdapter,
    onChange: () => link?.changed(),
    onRestart: (...facts) => metrics.onRestart(...facts),
    onPreload: (...facts) => metrics.onPreload(...facts),
  });

  const apply = async (desired: DesiredState): Promise<void> => {
    const modelsDir = resolve(config.models_dir);
    isInformed = true;
    log.info({ event: 'desired_applied', generation: desired.generation, pools: desired.pools.length }, 'applying the desired pools');
    await supervisor.apply(desired.pools.map((pool) => toDesiredSpec(pool, modelsDir)));
    generation = desired.generation;
    link?.changed();
  };

  const onDesired = async (answer: unknown): Promise<void> => {
    const desired = parseAs('DesiredState', answer);
    try {
      await store.save(desired);
    } catch (error) {
      // Serving goes before remembering; the operator must hear of it.
      log.error(
        { event: 'desired_not_stored', err: error },
        'the desired pools could not be stored; a restart without the controller would use the ones before',
      );
    }
    await apply(desired);
  };

  const start = async (): Promise<void> => {
    await supervisor.init();
    const stored = await store.load();
    if (isStopping) return;
    if (stored.kind === 'unreadable')
      log.error(
        { event: 'desired_unreadable', reason: stored.reason },
        'the stored desired pools cannot be read; waiting for the controller',
      );
    // Not awaited: what must end first may take its whole grace, and the controller should hear of this agent at once.
    if (stored.kind === 'loaded')
      apply(stored.desired).catch((error: unknown) =>
        log.error({ event: 'desired_failed', err: error }, 'the stored desired pools could not be applied'),
      );
    link = createControllerLink({
      client: createAgentClient({ baseUrl: options.controllerUrl, apiKey: options.controllerKey }),
      agentName: config.name,
      status: async () =>
        toAgentStatus(identity, {
          generation,
          intervalMs: link?.intervalMs() ?? 1_000,
          inventory: await gpuProbe.inventory(inventoryAgeMs),
          hostMemory: readHostMemory(),
          pools: supervisor.views(),
          nowMs: nowMs(),
        }),
      generation: () => generation,
      onDesired,
      random,
      sleep,
      log,
    });
  };

  return {
    registry: metrics.registry,
    readiness() {
      if (isStopping) return { ready: false, reasons: ['The agent is shutting down.'] };
      return isInformed
        ? { ready: true }
        : { ready: false, reasons: ['No desired pools are known: none on disk, none from the controller yet.'] };
    },
    start() {
      starting = start();
      return starting;
    },
    async stop(deadline) {
      isStopping = true;
      // Workers of an earlier agent can only be stopped once they are found.
      await starting.catch(() => undefined);
      log.info(
        { event: 'workers_stopping', pools: supervisor.views().length },
        'stopping all workers; a second signal leaves them running for the next agent to adopt',
      );
      const stopped = supervisor.stopAll(config.stop_deadline_ms * 0.8);
      const late = new Promise<void>((resolvePromise) => {
        deadline.addEventListener('abort', () => resolvePromise(), { once: true });
      });
      await Promise.race([stopped, late]);
      if (deadline.aborted) log.error({ event: 'workers_left' }, 'some workers could not be ended in time; the next agent finds them');
      await link?.stop(lastStatusMs);
    },
  };
};
