/**
 * The controller under test: the real process with a written config, and the agent that its pools need, played
 * through the two calls every agent makes. Nothing in the controller knows of the bench.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AgentStatus } from '@llama-orch/api-types';
import { createAgentClient, createClient } from '@llama-orch/openapi-client';
import { playAgent, playedPool, playedReplica, playedStatus } from '@llama-orch/played-agent';
import { engineHosts } from './engine-wire.ts';
import { type Program, startProgram } from './program.ts';

const main = fileURLToPath(new URL('../../../apps/orchestratord/src/main.ts', import.meta.url));

export const modelRef = 'bench-model';
const digest = `sha256:${'b'.repeat(64)}`;
const agentName = 'bench-host';
const ctxTokens = 10_000_000;
/** The most that the config takes. */
const slotsPerPool = 4_096;
const reportMs = 1_000;
const readyPatienceMs = 20_000;
const dayMs = 86_400_000;

export type ControllerSpec = {
  /** Folder for config, log and data. */
  readonly dir: string;
  readonly enginePort: number;
  readonly core: number | null;
  /** Tasks that run at a time, over as many pools as that takes. */
  readonly slots: number;
  /** Tasks that may wait, in all. */
  readonly queueCapacity: number;
  /** Default `memory`: what a disk costs is measured apart from what a relay costs. */
  readonly journal?: 'memory' | 'sqlite';
  /** Flags for Node, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
};

export type RunningController = {
  readonly program: Program;
  readonly stop: () => Promise<void>;
  /** As a crash would. */
  readonly kill: () => Promise<void>;
};

/** @returns once every pool is Ready. */
export async function startController(spec: ControllerSpec): Promise<RunningController> {
  const { dir, core } = spec;
  await mkdir(dir, { recursive: true });
  const config = join(dir, 'orchestrator.json');
  const pools = toPools(spec);
  // JSON is YAML.
  await writeFile(config, JSON.stringify(toConfig(spec, pools), null, 2));
  const program = await startProgram({
    name: 'orchestratord',
    command: process.execPath,
    args: [
      ...(await nodeFlagsOf(main)),
      ...(spec.nodeFlags ?? []),
      main,
      '--config',
      config,
      '--listen',
      '127.0.0.1:0',
      '--data-dir',
      join(dir, 'data'),
    ],
    core,
    outputFile: join(dir, 'orchestratord.log'),
    listening: /"url":"http:\/\/127\.0\.0\.1:(\d+)"/,
    env: { NODE_ENV: 'production' },
  });
  const over = new AbortController();
  const calls = createAgentClient({ baseUrl: `http://127.0.0.1:${program.port}` });
  const agent = playAgent(calls, { name: agentName, status: toStatus(pools), signal: over.signal });
  const stop = async (): Promise<void> => {
    over.abort();
    await agent;
    await program.stop();
  };
  const kill = async (): Promise<void> => {
    over.abort();
    await program.kill();
    await agent;
  };
  try {
    await whenReady(program.port, pools);
  } catch (error) {
    await stop();
    throw error;
  }
  return { program, stop, kill };
}

/** The flags with which a program has Node started, from its first line: it is measured as it is run. */
async function nodeFlagsOf(file: string): Promise<readonly string[]> {
  const [first = ''] = (await readFile(file, 'utf8')).split('\n', 1);
  return first.split(' ').filter((word) => word.startsWith('--'));
}

/** One pool of the fleet: as many slots as fit, on an address of its own. */
type Pool = { readonly id: string; readonly url: string; readonly slots: number };

function toPools({ slots, enginePort }: ControllerSpec): readonly Pool[] {
  const count = Math.ceil(slots / slotsPerPool);
  if (count > engineHosts.length) throw new Error(`${slots} slots need ${count} pools; the engine has ${engineHosts.length} addresses.`);
  return engineHosts
    .slice(0, count)
    .map((host, index) => ({ id: `bench-${index}`, url: `http://${host}:${enginePort}`, slots: Math.ceil(slots / count) }));
}

function toConfig({ slots, queueCapacity, journal = 'memory' }: ControllerSpec, pools: readonly Pool[]): unknown {
  const manyTasks = slots + queueCapacity + 1_000;
  return {
    models: { [modelRef]: { path: 'bench.gguf', digest, quant: 'Q8_0', ctx_limit: ctxTokens } },
    pools: pools.map(({ id, url, slots: poolSlots }) => ({
      id,
      host: agentName,
      engine: 'llamacpp',
      model: modelRef,
      runtime: { kind: 'external', url, digest },
      slots: poolSlots,
      determinism: 'none',
      queue: { capacity: Math.max(1, Math.ceil(queueCapacity / pools.length)) },
      admission: { default_deadline_ms: dayMs },
      timeouts: { wall_ms: dayMs, idle_ms: dayMs },
    })),
    // No limit of a tenant may bind: what is measured is the way of a task, not its refusal.
    tenants: [
      {
        id: 'default',
        rate: { requests_per_s: 1_000_000, burst: 10_000_000 },
        tokens_per_minute: Number.MAX_SAFE_INTEGER,
        max_concurrent_tasks: manyTasks,
        max_queued_tasks: manyTasks,
      },
    ],
    controller: { shutdown_deadline_ms: 200, limits: { max_subscribers: 20_000 }, journal: { kind: journal } },
  };
}

function toStatus(pools: readonly Pool[]): AgentStatus {
  const startedAt = new Date().toISOString();
  const reported = pools.map(({ id, url, slots }) => {
    const figures = { engine_version: 'bench-1', ctx: ctxTokens, slots_total: slots, started_at: startedAt };
    return playedPool(id, playedReplica(id, 1, { url, model_digest: digest, ...figures }), { preload: { outcome: 'ok', load_ms: 1 } });
  });
  return playedStatus({ hostname: agentName }, reported, { instance_id: randomUUID(), started_at: startedAt, interval_ms: reportMs });
}

async function whenReady(port: number, pools: readonly Pool[]): Promise<void> {
  const client = createClient({ baseUrl: `http://127.0.0.1:${port}` });
  let last: unknown = null;
  for (let waitedMs = 0; waitedMs < readyPatienceMs; waitedMs += 50) {
    const health = await Promise.all(pools.map(({ id }) => client.poolHealth(id)));
    if (health.every(({ ready }) => ready)) return;
    last = health;
    await pause(50);
  }
  throw new Error(`The controller's pools were not Ready within ${readyPatienceMs} ms: ${JSON.stringify(last)}`);
}
