/** Carries a fault plan out in time, one disturbance of a part at once, and keeps what was really done. */
import { setTimeout as pause } from 'node:timers/promises';
import { type FaultKind, faultKinds, type PlannedFault } from './fault-plan.ts';
import { faultActions } from './faults.ts';
import type { Fleet } from './fleet.ts';
import { createLocks } from './locks.ts';

export type Injections = {
  readonly done: Readonly<Record<FaultKind, number>>;
  /** Those that could not be done, and why. */
  readonly missed: readonly string[];
};

const attempts = 6;
const betweenAttemptsMs = 700;

export type FaultOutcome = 'injected' | 'missed';

export type InjectOptions = {
  readonly signal: AbortSignal;
  /** Called when a fault is over, or could not be done. */
  readonly onOver?: (outcome: FaultOutcome) => void;
};

/** @returns once all faults are over, or the signal stopped what had not begun. */
export async function injectFaults(
  fleet: Fleet,
  plan: readonly PlannedFault[],
  { signal, onOver = () => undefined }: InjectOptions,
): Promise<Injections> {
  const locks = createLocks();
  const done = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const missed: string[] = [];
  const startedMs = performance.now();

  const inject = async ({ kind, choice, holdMs }: PlannedFault): Promise<FaultOutcome> => {
    const { parts, run } = faultActions[kind];
    // A part that is not there now, a worker between two lives for example, is left to the next choice.
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const context = { fleet, choice: choice + attempt, holdMs };
      try {
        await locks.hold(parts(context), () => run(context));
        done[kind] += 1;
        return 'injected';
      } catch (error) {
        if (attempt === attempts - 1) missed.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
        else await pause(betweenAttemptsMs);
      }
    }
    return 'missed';
  };

  const running: Promise<void>[] = [];
  for (const fault of plan) {
    await pause(Math.max(0, startedMs + fault.atMs - performance.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    running.push(inject(fault).then(onOver));
  }
  await Promise.all(running);
  return { done, missed };
}
