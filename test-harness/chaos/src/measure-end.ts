/** Reads what is left of a run from outside: the control plane, the engines themselves, and `/proc`. It judges nothing. */
import { eventually } from '@llama-orch/e2e-haiku';
import { checkEndState, type EndState, figuresOf, type ProcessFigures } from './end-state.ts';
import { agentNames, poolTable } from './fleet-config.ts';
import type { Fleet } from './fleet.ts';

/** A slot is released within the grace of a cancel and a restart. */
const quietWithinMs = 20_000;

type ServiceFigures = Readonly<Record<string, ProcessFigures>>;

/** Services that this platform shows; none on macOS. */
export function measureServices(fleet: Fleet): ServiceFigures {
  const services = [['orchestratord', fleet.controller] as const, ...agentsOf(fleet).map((name) => [name, fleet.agent(name)] as const)];
  return Object.fromEntries(
    services.flatMap(([name, { pid }]) => {
      const figures = figuresOf(pid);
      return figures === null ? [] : [[name, figures]];
    }),
  );
}

/**
 * Look until the stack is quiet: slots free, no orphan, and of idle connections, which both ends keep for a while, none left that were
 * not there before.
 *
 * @param before - The services after work like that which is over now.
 */
export async function readEndState(fleet: Fleet, before: ServiceFigures, withinMs = quietWithinMs): Promise<EndState> {
  let busySlots: Record<string, number> = {};
  let busyPools: Record<string, number> = {};
  let orphans: readonly string[] = [];
  let services: EndState['services'] = {};
  await eventually(
    'a quiet stack',
    async () => {
      busySlots = {};
      busyPools = {};
      for (const { replicas } of (await fleet.operator.replicaSets()).replica_sets)
        for (const { pool_id: id, slots } of replicas) busyPools[id] = slots.busy + slots.releasing;
      for (const id of fleet.pools) busySlots[id] = await busySlotsOf(fleet, id);
      orphans = fleet.orphans().map(({ pid, command }) => `${pid} ${command}`);
      const now = measureServices(fleet);
      services = Object.fromEntries(
        Object.entries(before).flatMap(([name, first]) => (now[name] === undefined ? [] : [[name, { before: first, after: now[name] }]])),
      );
      return checkEndState({ busySlots, busyPools, orphans, services }).length === 0;
    },
    { withinMs },
  ).catch(() => undefined); // What is not quiet is in the figures.
  return { busySlots, busyPools, orphans, services };
}

/** As the engine itself lists them. */
async function busySlotsOf(fleet: Fleet, id: Fleet['pools'][number]): Promise<number> {
  const response = await fetch(`${fleet.worker(id).url}/slots`, { signal: AbortSignal.timeout(5_000) });
  const slots = (await response.json()) as readonly { readonly is_processing: boolean }[];
  return slots.filter(({ is_processing: isProcessing }) => isProcessing).length;
}

function agentsOf({ pools }: Fleet) {
  return agentNames.filter((name) => pools.some((id) => poolTable[id].host === name));
}
