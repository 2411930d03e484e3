#!/usr/bin/env node
/**
 * `pool-managerd`: flags, config, lock, listen, signals, in this order. Everything else is in `agent.ts`.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import {
  assertSafeListen,
  createKeyring,
  createLogger,
  createRequestGuard,
  ExitCode,
  listenOn,
  loadAgentConfig,
  lockDataDir,
  onShutdown,
  parseListenAddress,
  StartError,
  toUrl,
} from '@llama-orch/service-kit';
import { createAgent } from './agent.ts';
import { createApp } from './app.ts';
import { type AgentFlags, parseAgentFlags } from './command-line.ts';
import { createGpuProbe } from './gpu-probe.ts';
import { createPortPicker } from './port-picker.ts';
import { printLaunch } from './print-launch.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const spec = {
  program: 'pool-managerd',
  summary: 'The agent of llama-orch: starts, checks and supervises the engine workers of one host.',
  version,
};

/** A hanging driver must not hold up an operator. */
const smiTimeoutMs = 5_000;

const main = async (flags: AgentFlags): Promise<void> => {
  const { config, keySecret, controllerKey, warnings } = loadAgentConfig({ file: flags.config, env: process.env });
  const listen = flags.listen ?? parseListenAddress(config.listen);
  if (!listen) throw new StartError(`/agent/listen must be HOST:PORT, got ${config.listen}`);
  const keyring = createKeyring({ keys: config.keys, secret: keySecret ?? '' });
  assertSafeListen({ host: listen.host, keyCount: keyring.size });
  if (flags.check) {
    process.stdout.write(`${flags.config} is valid for agent ${config.name}\n`);
    return;
  }

  const dataDir = resolve(flags.dataDir ?? config.data_dir);
  if (flags.printLaunch !== undefined) {
    const text = await printLaunch({
      poolId: flags.printLaunch,
      file: flags.config,
      config,
      dataDir,
      env: process.env,
      gpuProbe: createGpuProbe({ program: config.nvidia_smi, timeoutMs: smiTimeoutMs, nowMs: () => performance.now() }),
      ports: createPortPicker(config.worker_bind, config.port_range ?? null),
    });
    process.stdout.write(text);
    return;
  }

  const log = createLogger({ service: spec.program, level: config.log.level }).child({ agent: config.name });
  for (const warning of warnings) log.warn({ event: 'config_warning' }, warning);
  const lock = lockDataDir(dataDir);

  const agent = createAgent({
    config,
    dataDir,
    controllerUrl: flags.controllerUrl ?? config.controller_url,
    controllerKey,
    version,
    env: process.env,
    log,
  });
  const app = createApp({
    guard: createRequestGuard({ keyring, allowedHosts: config.allowed_hosts }),
    remoteOf: (context) => getConnInfo(context).remote.address,
    registry: agent.registry,
    readiness: () => agent.readiness(),
    log,
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  const port = await listenOn(server, listen);

  onShutdown({
    deadlineMs: config.stop_deadline_ms,
    log,
    async drain(deadline) {
      await agent.stop(deadline);
      server.close();
      lock.release();
    },
  });
  log.info(
    {
      event: 'listening',
      url: toUrl({ host: listen.host, port }),
      pid: process.pid,
      data_dir: dataDir,
      cpu_allowed: process.env['ORCH_ALLOW_CPU'] === '1',
    },
    'listening',
  );
  await agent.start();
};

const parsed = parseAgentFlags(process.argv.slice(2), spec);
if (parsed.ok) {
  try {
    await main(parsed.flags);
  } catch (error) {
    const isStart = error instanceof StartError;
    process.stderr.write(
      `${spec.program}: ${isStart ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(isStart ? error.exitCode : ExitCode.failure);
  }
} else {
  (parsed.exitCode === ExitCode.ok ? process.stdout : process.stderr).write(parsed.text);
  process.exitCode = parsed.exitCode;
}
