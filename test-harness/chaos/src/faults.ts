/**
 * What each kind of fault does to the stack, and how it is undone. Everything is done from outside: signals, wires, the played host, the
 * simulators' control, and the control plane as an operator would use it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { cudaOutOfMemoryText, driverErrorText, type MockScript } from '@llama-orch/adapter-mock';
import { eventually, type ServiceProcess, signalIfAlive } from '@llama-orch/e2e-haiku';
import { parse, stringify } from 'yaml';
import type { FaultKind } from './fault-plan.ts';
import type { Fleet } from './fleet.ts';
import { type AgentName, externalPool, type PoolId, poolTable, simScript } from './fleet-config.ts';

export type FaultContext = { readonly fleet: Fleet; readonly choice: number; readonly holdMs: number };

export type FaultAction = {
  /** The parts it disturbs; nothing else disturbs them at the same time. */
  readonly parts: (context: FaultContext) => readonly string[];
  /** Resolves when it is over; @throws Error where it could not be done. */
  readonly run: (context: FaultContext) => Promise<void>;
};

const hourMs = 3_600_000;
/** An engine with a script waits for the next request to act on it. */
const scriptPatienceMs = 15_000;

const poolOf = ({ fleet, choice }: FaultContext): PoolId => fleet.pools[choice % fleet.pools.length] as PoolId;
const simOf = ({ fleet, choice }: FaultContext): PoolId => {
  const sims = fleet.pools.filter((id) => poolTable[id].model === 'sim');
  return sims[choice % sims.length] as PoolId;
};
const agentOf = ({ choice }: FaultContext): AgentName => (choice % 2 === 0 ? 'chaos-a' : 'chaos-b');
const workerPart = (id: PoolId): readonly string[] => [`worker ${id}`];
const controllerPart = (): readonly string[] => ['controller'];

/** @req ORCH-3051 */
export const faultActions: Readonly<Record<FaultKind, FaultAction>> = {
  'worker-kill': {
    parts: (context) => workerPart(poolOf(context)),
    async run(context) {
      const id = poolOf(context);
      signalIfAlive(pidOf(context.fleet, id), 'SIGKILL');
      await restartIfExternal(context, id);
    },
  },
  'worker-stop': {
    parts: (context) => workerPart(poolOf(context)),
    run: (context) => stopAndGoOn(pidOf(context.fleet, poolOf(context)), context.holdMs),
  },
  'worker-oom': scripted({ fault: { kind: 'exit', afterSteps: 5, code: 1, stderr: cudaOutOfMemoryText } }),
  'worker-driver-error': scripted({ fault: { kind: 'exit', afterSteps: 5, code: 134, stderr: driverErrorText } }),
  'agent-kill': {
    parts: (context) => [agentOf(context)],
    async run(context) {
      await kill(context.fleet.agent(agentOf(context)));
      await pause(context.holdMs);
      await context.fleet.startAgent(agentOf(context));
    },
  },
  'agent-stop': {
    parts: (context) => [agentOf(context)],
    run: (context) => stopAndGoOn(context.fleet.agent(agentOf(context)).pid, context.holdMs),
  },
  'controller-kill': {
    parts: controllerPart,
    async run({ fleet, holdMs }) {
      await kill(fleet.controller);
      await pause(holdMs / 4);
      await fleet.startController();
    },
  },
  'controller-stop': { parts: controllerPart, run: ({ fleet, holdMs }) => stopAndGoOn(fleet.controller.pid, holdMs) },
  'client-wire-cut': { parts: () => ['client wire'], run: async ({ fleet }) => void fleet.clientWire.cut() },
  'client-wire-stall': {
    parts: () => ['client wire'],
    async run({ fleet, holdMs }) {
      fleet.clientWire.stall();
      await pause(holdMs);
      fleet.clientWire.flow();
    },
  },
  'worker-wire-cut': { parts: () => ['worker wire'], run: async ({ fleet }) => void fleet.workerWire.cut() },
  'worker-wire-stall': {
    parts: () => ['worker wire'],
    async run({ fleet, holdMs, choice }) {
      fleet.workerWire.stall();
      // Now and then longer than the idle watchdog waits.
      await pause(choice % 4 === 0 ? 6_000 : holdMs);
      fleet.workerWire.flow();
    },
  },
  'slow-disk': {
    parts: () => ['disk'],
    async run({ fleet, holdMs, choice }) {
      await fleet.setHost({ commitDelayMs: 20 + (choice % 200) });
      await pause(holdMs);
      await fleet.setHost({ commitDelayMs: 0 });
    },
  },
  'full-disk': {
    parts: () => ['disk'],
    async run({ fleet, holdMs }) {
      await fleet.setHost({ isDiskFull: true });
      await pause(holdMs);
      await fleet.setHost({ isDiskFull: false });
    },
  },
  'clock-jump': {
    parts: () => ['clock'],
    // Forth or back, by minutes or by days; it stays there until the next jump.
    run: ({ fleet, choice }) => fleet.setHost({ clockOffsetMs: (choice % 2 === 0 ? 1 : -1) * ((choice % 48) + 0.05) * hourMs }),
  },
  'config-file': {
    parts: controllerPart,
    async run({ fleet, choice }) {
      const config = parse(await readFile(fleet.configFile, 'utf8')) as Record<string, unknown>;
      await writeFile(fleet.configFile, stringify({ ...config, slos: slosOf(choice) }));
      const before = await generationOf(fleet);
      fleet.controller.signal('SIGHUP');
      await eventually('the file to be read', async () => (await generationOf(fleet)) !== before, { describe: () => fleet.describe() });
    },
  },
  'config-post': {
    parts: controllerPart,
    async run({ fleet, choice }) {
      const { config } = (await fleet.operate('GET', '/v1/config')) as { config: Record<string, unknown> };
      await fleet.operate('POST', '/v1/config', { config: { ...config, slos: slosOf(choice) } });
    },
  },
  drain: {
    parts: (context) => ['controller', `drain ${poolOf(context)}`],
    async run(context) {
      const path = `/v1/pools/${poolOf(context)}`;
      await context.fleet.operate('POST', `${path}/drain`, { deadline_ms: context.choice % 3 === 0 ? 0 : 300 });
      await pause(context.holdMs);
      await context.fleet.operate('POST', `${path}/resume`);
    },
  },
  'twin-agent': {
    parts: (context) => [agentOf(context)],
    async run(context) {
      const twin = await context.fleet.startTwin(agentOf(context));
      await pause(context.holdMs);
      twin.signal('SIGTERM');
      await twin.exited;
    },
  },
};

/** An engine that ends with these last words at its next request. */
function scripted(script: Partial<MockScript>): FaultAction {
  return {
    parts: (context) => workerPart(simOf(context)),
    async run(context) {
      const { fleet } = context;
      const id = simOf(context);
      const pid = pidOf(fleet, id);
      await fleet.control(id).script({ ...simScript, ...script });
      await eventually(`${id} to end as its script says`, () => !isAlive(pid), { withinMs: scriptPatienceMs });
      await restartIfExternal(context, id);
    },
  };
}

/** What nobody's agent starts is started by its operator, which is us. */
async function restartIfExternal({ fleet, holdMs }: FaultContext, id: PoolId): Promise<void> {
  if (id !== externalPool) return;
  await pause(holdMs / 2);
  await fleet.restartExternal();
}

function pidOf(fleet: Fleet, id: PoolId): number {
  const { pid } = fleet.worker(id);
  if (pid === null || !isAlive(pid)) throw new Error(`${id} has no living worker now`);
  return pid;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // Gone, which is what was asked.
    return false;
  }
}

async function kill(service: ServiceProcess): Promise<void> {
  service.signal('SIGKILL');
  await service.exited;
}

async function stopAndGoOn(pid: number, holdMs: number): Promise<void> {
  signalIfAlive(pid, 'SIGSTOP');
  await pause(holdMs);
  signalIfAlive(pid, 'SIGCONT');
}

const slosOf = (choice: number) => ({ interactive: { error_ratio: 0.1 + (choice % 100) / 200 + Math.random() / 1_000 } });

async function generationOf(fleet: Fleet): Promise<number> {
  return ((await fleet.operate('GET', '/v1/config')) as { generation: number }).generation;
}
