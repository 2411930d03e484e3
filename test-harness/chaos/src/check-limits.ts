/**
 * Whether quotas, rates, queue bounds and the order of classes held, as far as clients can be sure of it: each figure is a lower bound
 * of the truth, so a finding is never a guess. Pure.
 */
import type { TaskStatus } from '@llama-orch/api-types';
import { acceptedOf, hasEnded, type SeenTask, type Transcript } from './transcript.ts';
import type { Violation } from './violation.ts';

export function checkLimits(transcript: Transcript): readonly Violation[] {
  return [...checkConcurrency(transcript), ...checkRates(transcript), ...checkQueues(transcript), ...checkInversion(transcript)];
}

const isWaiting = ({ state, attempts }: TaskStatus): boolean => state === 'queued' && attempts === 0;

type Interval = { readonly fromMs: number; readonly toMs: number };

/** A tenant's tasks that were certainly open at one moment: from the 202 until a later look still found them open. */
function checkConcurrency({ tasks, promises }: Transcript): readonly Violation[] {
  return Object.entries(promises.tenants).flatMap(([tenant, { maxConcurrent }]) => {
    if (maxConcurrent === undefined) return [];
    const most = mostAtOnce(
      tasks.filter((task) => task.tenant === tenant).flatMap((task) => intervalOf(task, (status) => !hasEnded(status))),
    );
    return most > maxConcurrent
      ? [{ rule: 'quota-passed' as const, taskId: null, what: `expected at most ${maxConcurrent} open tasks of ${tenant}, got ${most}` }]
      : [];
  });
}

/** Tasks that certainly waited at one moment, in all and of the batch class, but for those that had run already and were put back. */
function checkQueues({ tasks, promises }: Transcript): readonly Violation[] {
  return Object.entries(promises.lanes).flatMap(([model, { queueCapacity, batchCapacity }]) => {
    const own = tasks.filter((task) => task.model === model);
    const check = (of: readonly SeenTask[], name: string, bound: number): readonly Violation[] => {
      const most = mostAtOnce(of.flatMap((task) => intervalOf(task, isWaiting)));
      const what = `expected at most ${bound} waiting ${name} of ${model}, got ${most}`;
      return most > bound ? [{ rule: 'queue-bound-passed', taskId: null, what }] : [];
    };
    const batch = own.filter(({ priority }) => priority === 'batch');
    return [...check(own, 'tasks', queueCapacity), ...check(batch, 'batch tasks', batchCapacity)];
  });
}

/** Whatever the controller did with a submission, it did between its sending and its answer. */
function checkRates({ tasks, promises }: Transcript): readonly Violation[] {
  return Object.entries(promises.tenants).flatMap(([tenant, { rate }]) => {
    if (rate === undefined) return [];
    const admitted = tasks
      .filter((task) => task.tenant === tenant)
      .flatMap((task) => {
        const accepted = acceptedOf(task);
        return accepted === undefined ? [] : [{ fromMs: task.firstSent.atMs, toMs: accepted.answered.atMs }];
      })
      .toSorted((a, b) => a.fromMs - b.fromMs);
    for (let first = 0; first < admitted.length; first += 1) {
      let toMs = 0;
      for (let last = first; last < admitted.length; last += 1) {
        toMs = Math.max(toMs, admitted[last]?.toMs ?? 0);
        const seconds = (toMs - (admitted[first]?.fromMs ?? 0)) / 1_000;
        const count = last - first + 1;
        // A span that began and ended between two refills holds one more.
        if (count > rate.burst + rate.perS * seconds + 1)
          return [
            {
              rule: 'quota-passed' as const,
              taskId: null,
              what: `expected at most ${rate.burst} tasks of ${tenant} and ${rate.perS} a second, got ${count} in ${seconds.toFixed(2)} s`,
            },
          ];
      }
    }
    return [];
  });
}

/**
 * No interactive task waits while more batch tasks that came after it begin than the weights allow: a batch task for each `weight`
 * interactive ones, one on each slot that was free for it, and as many again for the cost of tasks being a prediction.
 *
 * Only tasks that ran once count: what a fault puts back waits for its own replica set.
 */
function checkInversion({ tasks, promises }: Transcript): readonly Violation[] {
  return Object.entries(promises.lanes).flatMap(([model, { slots }]) => {
    const runs = tasks.filter((task) => task.model === model).flatMap(runOf);
    const batch = runs.filter(({ isInteractive }) => !isInteractive).toSorted((a, b) => a.startMs - b.startMs);
    const interactive = runs.filter(({ isInteractive }) => isInteractive);
    return interactive.flatMap((run) => {
      const overtook = batch.filter(({ sentMs, startMs }) => sentMs > run.answeredMs && startMs < run.startMs).length;
      if (overtook <= slots) return [];
      const peers = interactive.filter(({ startMs }) => startMs > run.answeredMs && startMs < run.startMs).length;
      const bound = 2 * slots + 2 * Math.ceil(peers / promises.interactiveWeight);
      return overtook > bound
        ? [
            {
              rule: 'priority-inverted' as const,
              taskId: run.taskId,
              what: `expected at most ${bound} later batch tasks to begin before this interactive one, got ${overtook}`,
            },
          ]
        : [];
    });
  });
}

type Run = {
  readonly taskId: string;
  readonly isInteractive: boolean;
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly startMs: number;
};

/** When it began, on the clients' clock: its admission lies between sending and answer, its wait is what the service measured. */
function runOf(task: SeenTask): readonly Run[] {
  const accepted = acceptedOf(task);
  const { last } = task;
  if (accepted === undefined || last === null || typeof last === 'number' || last.attempts !== 1) return [];
  const { queue_ms: queueMs } = last.timings;
  if (queueMs === null) return [];
  const isInteractive = task.priority === 'interactive';
  // Where the admission is not known to the millisecond, the benefit of the doubt is the orchestrator's.
  const admittedMs = isInteractive ? task.firstSent.atMs : accepted.answered.atMs;
  return [
    { taskId: task.taskId, isInteractive, sentMs: task.firstSent.atMs, answeredMs: accepted.answered.atMs, startMs: admittedMs + queueMs },
  ];
}

/** Certainly so from the 202 to the last look that still found it so. */
function intervalOf(task: SeenTask, isSo: (status: TaskStatus) => boolean): readonly Interval[] {
  const fromMs = acceptedOf(task)?.answered.atMs;
  const toMs = Math.max(...task.polls.filter(({ status }) => isSo(status)).map(({ sent }) => sent.atMs));
  return fromMs !== undefined && toMs > fromMs ? [{ fromMs, toMs }] : [];
}

function mostAtOnce(intervals: readonly Interval[]): number {
  const changes = intervals.flatMap(({ fromMs, toMs }) => [
    { atMs: fromMs, by: 1 },
    { atMs: toMs, by: -1 },
  ]);
  let now = 0;
  let most = 0;
  for (const { by } of changes.toSorted((a, b) => a.atMs - b.atMs || a.by - b.by)) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
