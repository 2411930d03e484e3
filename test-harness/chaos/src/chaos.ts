/** One run: a stack, its load, its faults, quiet again, and the checker's word. It owns the order of these. */
import { createRandom, eventually } from '@llama-orch/e2e-haiku';
import { createClient } from '@llama-orch/openapi-client';
import { check, toFigures } from './checker.ts';
import { createClients } from './clients.ts';
import type { EndState } from './end-state.ts';
import { planFaults } from './fault-plan.ts';
import { promises } from './fleet-config.ts';
import { startFleet } from './fleet.ts';
import { type FaultOutcome, injectFaults } from './injector.ts';
import { planLoad } from './load-plan.ts';
import { measureServices, readEndState } from './measure-end.ts';
import { failoversOf, reportProgress } from './progress.ts';
import type { Report } from './report.ts';
import { createForms, runUnfaulted } from './requests.ts';
import type { Transcript } from './transcript.ts';
import type { Violation } from './violation.ts';

export type ChaosOptions = {
  readonly seed: number;
  readonly minutes: number;
  readonly tasksPerMinute?: number;
  readonly faultsPerMinute?: number;
  readonly log?: (line: string) => void;
};

/** 10,000 tasks and 300 faults in ten minutes, with room for what is refused or cannot be done. */
const defaultTasksPerMinute = 1_000;
const defaultFaultsPerMinute = 33;
const floodEveryMs = 20_000;
/** Tasks end within their deadline, and a stack within its restarts. */
const settleMs = 150_000;
/** Tasks with violations whose whole story is kept. */
const shownTasks = 20;
const calm = { durationMs: 4_000, tasksPerMinute: 900, floodEveryMs: 0 };

/** @returns what happened; violations are in it. @throws Error where the stack could not even be started. */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const {
    seed,
    minutes,
    tasksPerMinute = defaultTasksPerMinute,
    faultsPerMinute = defaultFaultsPerMinute,
    log = () => undefined,
  } = options;
  const random = createRandom(seed);
  const durationMs = minutes * 60_000;
  const forms = createForms(random);
  const plan = planLoad(random, forms, { durationMs, tasksPerMinute, floodEveryMs });
  const faults = planFaults(random, { count: Math.round(minutes * faultsPerMinute), durationMs: durationMs * 0.95 });
  const calmRounds = [planLoad(random, forms, calm), planLoad(random, forms, calm)] as const;

  const fleet = await startFleet();
  const ownFaults: Violation[] = [];
  let transcript: Transcript;
  let endState: EndState;
  let injections;
  let logs = '';
  const clients = createClients({ directUrl: fleet.url, wireUrl: fleet.clientWire.url, keys: fleet.keys });
  const planned = plan.length + calmRounds.reduce((sum, round) => sum + round.length, 0);
  const faultsSeen = { injected: 0, missed: 0, planned: faults.length };
  const progress = reportProgress(log, () => ({
    tasks: { ended: clients.tasks.length - clients.busy, planned },
    faults: faultsSeen,
    failovers: failoversOf(clients.tasks),
  }));
  try {
    progress.enter('texts without faults', null);
    const steady = createClient({ baseUrl: fleet.url, apiKey: fleet.keys.steady.key });
    const unfaulted = await runUnfaulted(steady, [...forms.sim, ...forms['haiku-tiny']]);
    log(
      `${planned} tasks and ${faults.length} faults planned; ${unfaulted.size} texts without faults; violations are looked for at the end`,
    );
    progress.enter('load and faults', durationMs);
    const onOver = (outcome: FaultOutcome): void => {
      faultsSeen[outcome] += 1;
    };
    [injections] = await Promise.all([injectFaults(fleet, faults, { signal: new AbortController().signal, onOver }), clients.send(plan)]);
    log(`${clients.tasks.length} tasks sent, ${clients.busy} clients wait; quiet again`);
    progress.enter('all faults undone, every pool to be Ready', null);
    await calmDown(fleet).catch((error: unknown) => {
      // All is undone, and still not every pool serves: that is a finding, and the rest is looked at all the same.
      const what = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
      ownFaults.push({ rule: 'never-ready', taskId: null, what });
    });
    const waitForClients = async (): Promise<void> => {
      progress.enter('clients wait for their tasks', settleMs);
      await clients.settle(settleMs);
      log(`all clients done; ${clients.tasks.length} tasks so far`);
    };
    await waitForClients();
    const [first, second] = calmRounds;
    progress.enter('load without faults, 1 of 2', calm.durationMs);
    await clients.send(first);
    await waitForClients();
    const before = measureServices(fleet);
    progress.enter('load without faults, 2 of 2', calm.durationMs);
    await clients.send(second);
    await waitForClients();
    progress.enter('last look at every task', null);
    await clients.lookBack();
    endState = await readEndState(fleet, before);
    logs = fleet.describe();
    transcript = { tasks: clients.tasks, unfaulted, promises };
  } finally {
    progress.stop();
    await fleet.stop().catch((error: unknown) => {
      ownFaults.push({ rule: 'orphan-process', taskId: null, what: error instanceof Error ? error.message : String(error) });
    });
  }
  const violations = [...check({ transcript, endState }), ...ownFaults];
  const accused = new Set(violations.slice(0, shownTasks).map(({ taskId }) => taskId));
  const evidence = { tasks: transcript.tasks.filter(({ taskId }) => accused.has(taskId)), logs: violations.length > 0 ? logs : '' };
  return { seed, minutes, faults: injections, figures: toFigures(transcript), endState, violations, evidence };
}

/** Undo what outlasts its fault: the clock, drained pools, scripts that no request met. */
async function calmDown(fleet: Awaited<ReturnType<typeof startFleet>>): Promise<void> {
  await fleet.setHost({ clockOffsetMs: 0, commitDelayMs: 0, isDiskFull: false });
  for (const id of fleet.pools) {
    await eventually(`pool ${id} to be resumed`, async () => {
      await fleet.operate('POST', `/v1/pools/${id}/resume`);
      return true;
    });
  }
  await fleet.untilReady();
}
