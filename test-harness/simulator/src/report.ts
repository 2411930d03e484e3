/** The figures of a run, and how they read. The same run gives the same bytes. */
import { Histogram } from './histogram.ts';
import { type Options, toCommand } from './options.ts';

/** Counters and histograms that a run fills. */
export class Measures {
  offered = 0;
  retried = 0;
  admitted = 0;
  simulatedMs = 0;
  busySlotMs = 0;
  failovers = 0;
  crashes = 0;
  /** Pools that operators drained, and attempts that were stopped there and placed again. */
  drains = 0;
  movedByDrains = 0;
  /** Workers that began to break whatever they got, and attempts they were given. */
  rots = 0;
  lostToRot = 0;
  breakersOpened = 0;
  restartsAsked = 0;
  warmStarts = 0;
  deadlines = 0;
  deadlinesMet = 0;
  readonly refused = new Map<string, number>();
  readonly ended = new Map<string, number>();
  /** By class, and by class and tenant. */
  readonly classWaits: readonly [Histogram, Histogram] = [new Histogram(), new Histogram()];
  readonly tenantWaits: readonly [Histogram[], Histogram[]] = [[], []];
  readonly predictionError = new Histogram();
  readonly queuedPredictionError = new Histogram();
  /** Actual minus predicted start of tasks that had to wait, and those waits. */
  biasSumMs = 0;
  actualWaitSumMs = 0;
  /** Per tenant: true slot time that its successful tasks needed, and that all it offered would have needed. */
  readonly servedMs: number[] = [];
  readonly offeredMs: number[] = [];
  readonly slowdown = new Map<number, { sum: number; count: number }>();

  wait(klass: number, tenant: number, ms: number): void {
    const index = klass === 0 ? 0 : 1;
    this.classWaits[index].add(ms);
    const tenants = this.tenantWaits[index];
    while (tenants.length <= tenant) tenants.push(new Histogram());
    tenants[tenant]?.add(ms);
  }
}

export function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

type Waits = { readonly tasks: number; readonly p50Ms: number; readonly p95Ms: number; readonly p99Ms: number; readonly maxMs: number };

/** A run in numbers; all of them follow from the options. */
export type Report = {
  readonly command: string;
  readonly tasks: {
    readonly offered: number;
    readonly retried: number;
    readonly admitted: number;
    readonly refused: Readonly<Record<string, number>>;
    readonly ended: Readonly<Record<string, number>>;
  };
  readonly simulatedHours: number;
  readonly utilization: number;
  readonly waits: Readonly<Record<string, Waits>>;
  readonly predictedStart: {
    readonly all: { readonly medianAbsMs: number; readonly p90AbsMs: number };
    /** Tasks that could not start at once. */
    readonly queued: {
      readonly tasks: number;
      readonly medianAbsMs: number;
      readonly p90AbsMs: number;
      readonly biasMs: number;
      readonly meanWaitMs: number;
    };
  };
  readonly fairness: { readonly jainServed: number; readonly jainSlowdown: number };
  readonly deadlines: { readonly set: number; readonly met: number; readonly ratio: number };
  readonly failovers: number;
  readonly crashes: number;
  /** Pools that operators drained, and attempts that were stopped there and placed again. */
  readonly drains: number;
  readonly movedByDrains: number;
  /** Workers that began to break whatever they got, and attempts they were given. */
  readonly rots: number;
  readonly lostToRot: number;
  readonly breakersOpened: number;
  readonly restartsAsked: number;
  readonly warmStarts: number;
};

export function toReport(options: Options, measures: Measures): Report {
  const { queuedPredictionError: queued, predictionError: all } = measures;
  const served = measures.offeredMs.map((offered, tenant) => (offered > 0 ? (measures.servedMs[tenant] ?? 0) / offered : null));
  const slowdowns = [...measures.slowdown.values()].map(({ sum, count: tasks }) => tasks / sum);
  return {
    command: toCommand(options),
    tasks: {
      offered: measures.offered,
      retried: measures.retried,
      admitted: measures.admitted,
      refused: sorted(measures.refused),
      ended: sorted(measures.ended),
    },
    simulatedHours: rounded(measures.simulatedMs / 3_600_000, 3),
    utilization: rounded(measures.busySlotMs / (measures.simulatedMs * options.replicas * options.slots), 4),
    waits: Object.fromEntries(
      (['interactive', 'batch'] as const).flatMap((priority, klass) => [
        [priority, toWaits(measures.classWaits[klass === 0 ? 0 : 1])],
        ...measures.tenantWaits[klass === 0 ? 0 : 1].map((waits, tenant) => [`${priority} tenant-${tenant}`, toWaits(waits)]),
      ]),
    ),
    predictedStart: {
      all: { medianAbsMs: rounded(all.percentile(0.5), 1), p90AbsMs: rounded(all.percentile(0.9), 1) },
      queued: {
        tasks: queued.size,
        medianAbsMs: rounded(queued.percentile(0.5), 1),
        p90AbsMs: rounded(queued.percentile(0.9), 1),
        biasMs: rounded(queued.size === 0 ? 0 : measures.biasSumMs / queued.size, 1),
        meanWaitMs: rounded(queued.size === 0 ? 0 : measures.actualWaitSumMs / queued.size, 1),
      },
    },
    fairness: { jainServed: rounded(jain(served.filter((share) => share !== null)), 4), jainSlowdown: rounded(jain(slowdowns), 4) },
    deadlines: {
      set: measures.deadlines,
      met: measures.deadlinesMet,
      ratio: rounded(measures.deadlines === 0 ? 1 : measures.deadlinesMet / measures.deadlines, 4),
    },
    failovers: measures.failovers,
    crashes: measures.crashes,
    drains: measures.drains,
    movedByDrains: measures.movedByDrains,
    rots: measures.rots,
    lostToRot: measures.lostToRot,
    breakersOpened: measures.breakersOpened,
    restartsAsked: measures.restartsAsked,
    warmStarts: measures.warmStarts,
  };
}

/** Jain's index: 1 = all equal, 1/n = one has everything. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}

export function render(report: Report): string {
  const { tasks, predictedStart, fairness, deadlines } = report;
  const { queued } = predictedStart;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, number]) => `${name} ${number}`)
      .join(', ') || 'none';
  const waits = Object.entries(report.waits).map(([label, each]) =>
    [label.padEnd(24), ...[each.tasks, each.p50Ms, each.p95Ms, each.p99Ms, each.maxMs].map((value) => String(value).padStart(12))].join(''),
  );
  return [
    report.command,
    '',
    `tasks        ${tasks.offered} offered (${tasks.retried} retries), ${tasks.admitted} admitted`,
    `refused      ${counts(tasks.refused)}`,
    `ended        ${counts(tasks.ended)}`,
    `simulated    ${report.simulatedHours} h, slots ${(100 * report.utilization).toFixed(1)} % busy`,
    `faults       ${report.crashes} crashes, ${report.failovers} failovers, ${report.restartsAsked} restarts asked`,
    `drains       ${report.drains} pools drained: ${report.movedByDrains} attempts stopped there`,
    `broken       ${report.rots} workers broke all they got: ${report.lostToRot} attempts; breakers opened ${report.breakersOpened} times`,
    `warm starts  ${report.warmStarts}`,
    '',
    `${'waiting, ms'.padEnd(24)}${['tasks', 'p50', 'p95', 'p99', 'max'].map((head) => head.padStart(12)).join('')}`,
    ...waits,
    '',
    `predicted_start_ms  all: median error ${predictedStart.all.medianAbsMs} ms, p90 ${predictedStart.all.p90AbsMs} ms`,
    `                    of ${queued.tasks} that waited ${queued.meanWaitMs} ms on average: median error ${queued.medianAbsMs} ms, p90 ${queued.p90AbsMs} ms, bias ${queued.biasMs} ms`,
    `fairness (Jain)     served over offered ${fairness.jainServed}, slowdown ${fairness.jainSlowdown}`,
    `deadlines           ${deadlines.met} of ${deadlines.set} met (${(100 * deadlines.ratio).toFixed(2)} %)`,
    '',
  ].join('\n');
}

function toWaits(waits: Histogram): Waits {
  return {
    tasks: waits.size,
    p50Ms: rounded(waits.percentile(0.5), 1),
    p95Ms: rounded(waits.percentile(0.95), 1),
    p99Ms: rounded(waits.percentile(0.99), 1),
    maxMs: rounded(waits.max, 1),
  };
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
