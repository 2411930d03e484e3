/**
 * Load without faults: interactive tasks alone, then the same while batch tasks come at ten times what the stack can do. It owns the
 * order of the two and their figures; whether they are good is in `load-verdict.ts`.
 */
import { createRandom } from '@llama-orch/e2e-haiku';
import { createClient } from '@llama-orch/openapi-client';
import { type Clients, createClients } from './clients.ts';
import { promises } from './fleet-config.ts';
import { startFleet } from './fleet.ts';
import { planClass, planSaturation } from './load-plan.ts';
import { judgeLoad, type LoadReport, toClassFigures } from './load-verdict.ts';
import { createForms, runUnfaulted } from './requests.ts';
import { hasEnded, type SeenTask } from './transcript.ts';

export type LoadOptions = {
  readonly seed: number;
  /** Of each of the two phases. */
  readonly seconds: number;
  readonly log?: (line: string) => void;
};

/** Batch tasks offered, over what the stack can do. */
const floodFactor = 10;
/** Interactive tasks take this share of what the stack can do. */
const interactiveShare = 0.25;
const settleMs = 120_000;
/** Tasks by which the capacity is measured; they are all there at once. */
const saturationTasks = 36;

/** @throws Error where the stack could not be started. */
export async function runLoad({ seed, seconds, log = () => undefined }: LoadOptions): Promise<LoadReport> {
  const random = createRandom(seed);
  const { sim: forms } = createForms(random);
  const fleet = await startFleet({ pools: ['sim-a', 'sim-b', 'sim-c'] });
  try {
    const unfaulted = await runUnfaulted(createClient({ baseUrl: fleet.url, apiKey: fleet.keys.steady.key }), forms);
    const urls = { directUrl: fleet.url, wireUrl: fleet.clientWire.url, keys: fleet.keys };

    const saturation = createClients(urls);
    const startedMs = performance.now();
    await runPhase(saturation, planSaturation(random, forms, saturationTasks));
    const capacityPerS = saturationTasks / ((lastEndMs(saturation.tasks) - startedMs) / 1_000);
    log(`capacity ${capacityPerS.toFixed(1)} tasks/s`);

    const durationMs = seconds * 1_000;
    const interactive = { priority: 'interactive', perS: capacityPerS * interactiveShare, durationMs } as const;
    const batch = { priority: 'batch', perS: capacityPerS * floodFactor, durationMs } as const;
    const quiet = createClients(urls);
    await runPhase(quiet, planClass(random, forms, interactive));
    log('quiet phase done');
    const flooded = createClients(urls);
    await runPhase(flooded, [...planClass(random, forms, interactive), ...planClass(random, forms, batch)]);
    log('flood done');
    const transcript = { tasks: [...saturation.tasks, ...quiet.tasks, ...flooded.tasks], unfaulted, promises };
    const figures = {
      capacityPerS,
      quiet: toClassFigures(quiet.tasks, 'interactive'),
      flooded: toClassFigures(flooded.tasks, 'interactive'),
      batch: toClassFigures(flooded.tasks, 'batch'),
    };
    return { seed, seconds, floodFactor, ...figures, violations: judgeLoad(transcript, figures) };
  } finally {
    await fleet.stop();
  }
}

async function runPhase(clients: Clients, plan: Parameters<Clients['send']>[0]): Promise<void> {
  await clients.send(plan.toSorted((a, b) => a.atMs - b.atMs));
  await clients.settle(settleMs);
  await clients.lookBack();
}

function lastEndMs(tasks: readonly SeenTask[]): number {
  return Math.max(...tasks.flatMap(({ polls }) => polls.filter(({ status }) => hasEnded(status)).map(({ answered }) => answered.atMs)));
}
