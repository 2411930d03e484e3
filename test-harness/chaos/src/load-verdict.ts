/** What a class of tasks got under load, and whether the promises to it held. Pure. */
import { checkLimits } from './check-limits.ts';
import { checkStreams } from './check-streams.ts';
import { acceptedOf, eventsOf, type Priority, type SeenTask, type Transcript } from './transcript.ts';

export type ClassFigures = {
  readonly offered: number;
  readonly accepted: number;
  readonly succeeded: number;
  /** From the submission to the first token, as clients saw it; `null` where nobody saw one. */
  readonly firstTokenP50Ms: number | null;
  readonly firstTokenP95Ms: number | null;
};

export type LoadFigures = {
  /** Tasks that end in a second when more are there than can run. */
  readonly capacityPerS: number;
  readonly quiet: ClassFigures;
  readonly flooded: ClassFigures;
  readonly batch: ClassFigures;
};

export type LoadReport = LoadFigures & {
  readonly seed: number;
  readonly seconds: number;
  readonly floodFactor: number;
  readonly violations: readonly string[];
};

/** The default SLO of the interactive class. */
export const slo = { firstTokenP95Ms: 900, errorRatio: 0.005 } as const;

export function toClassFigures(tasks: readonly SeenTask[], priority: Priority): ClassFigures {
  const own = tasks.filter((task) => task.priority === priority);
  const waits = own.flatMap(firstTokenMs).toSorted((a, b) => a - b);
  return {
    offered: own.length,
    accepted: own.filter((task) => acceptedOf(task) !== undefined).length,
    succeeded: own.filter(({ last }) => last !== null && typeof last === 'object' && last.state === 'succeeded').length,
    firstTokenP50Ms: quantile(waits, 0.5),
    firstTokenP95Ms: quantile(waits, 0.95),
  };
}

/**
 * What was broken, apart from the SLO's times, which are the machine's too: see {@link breachesSlo}.
 *
 * 1. Every promise that holds without load.
 * 2. The flood is one, and takes nothing from the interactive class.
 * 3. It is served with what is left: nobody starves.
 */
export function judgeLoad(transcript: Transcript, { quiet, flooded, batch }: LoadFigures): readonly string[] {
  const broken = [...checkStreams(transcript), ...checkLimits(transcript)].map(
    ({ rule, taskId, what }) => `${rule}: ${what} (task ${taskId})`,
  );
  for (const [name, { offered, succeeded }] of Object.entries({ quiet, flooded }))
    if (offered - succeeded > offered * slo.errorRatio)
      broken.push(`expected all ${offered} interactive tasks to succeed (${name}), got ${succeeded}`);
  if (batch.accepted >= batch.offered) broken.push(`expected more batch tasks than the queue takes, got all ${batch.offered} accepted`);
  if (batch.succeeded === 0) broken.push('expected batch tasks to be served with what is left, got none');
  return broken;
}

/** Whether the interactive class missed its SLO under the flood; for machines that do nothing else. */
export function breachesSlo({ flooded }: LoadFigures): string | null {
  const { firstTokenP95Ms: p95 } = flooded;
  return p95 !== null && p95 <= slo.firstTokenP95Ms
    ? null
    : `expected the first token's p95 within ${slo.firstTokenP95Ms} ms under the flood, got ${p95} ms`;
}

export function renderLoad({ seed, seconds, floodFactor, capacityPerS, quiet, flooded, batch, violations }: LoadReport): string {
  const line = (name: string, { offered, accepted, succeeded, firstTokenP50Ms, firstTokenP95Ms }: ClassFigures): string =>
    `${name.padEnd(22)} ${offered} offered, ${accepted} accepted, ${succeeded} succeeded${
      firstTokenP95Ms === null ? '' : `; first token p50 ${firstTokenP50Ms} ms, p95 ${firstTokenP95Ms} ms`
    }`;
  return [
    `load, seed ${seed}, ${seconds} s a phase, capacity ${capacityPerS.toFixed(1)} tasks/s, flood of ${floodFactor} times that`,
    line('interactive alone', quiet),
    line('interactive in flood', flooded),
    line('batch', batch),
    `violations             ${violations.length}`,
    ...violations.slice(0, 20).map((violation) => `  ${violation}`),
  ].join('\n');
}

/** As its own reader saw it; the last look at the end, which every accepted task has, reads no stream as it comes. */
function firstTokenMs({ readers: [own, lastLook], firstSent }: SeenTask): readonly number[] {
  if (own === undefined || lastLook === undefined) return [];
  const first = eventsOf(own).find(({ event }) => event.event === 'token');
  return first === undefined ? [] : [first.atMs - firstSent.atMs];
}

function quantile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? null : Math.round(value);
}
