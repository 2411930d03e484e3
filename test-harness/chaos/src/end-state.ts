/** What is left once a run is over and the stack is quiet: slots, processes, descriptors, memory. It measures; it judges in words of one figure. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Violation } from './violation.ts';

export type ProcessFigures = { readonly descriptors: number; readonly rssBytes: number };

export type EndState = {
  /** Slots that are not free, by worker, as the engines themselves say; all were asked until they were or time was up. */
  readonly busySlots: Readonly<Record<string, number>>;
  /** Tasks that pools still count as running or queued. */
  readonly busyPools: Readonly<Record<string, number>>;
  /** Processes with the stack's mark that nobody knows of. */
  readonly orphans: readonly string[];
  /** Of each service, after one calm round of work and after another one just like it. */
  readonly services: Readonly<Record<string, { readonly before: ProcessFigures; readonly after: ProcessFigures }>>;
};

/** Sockets to workers and agents come and go; a leak of one for each task is many times this. */
const descriptorSlack = 12;
/** What a heap may be above its last figure without anything being lost: collections come when V8 likes. */
const memorySlackBytes = 96 * 2 ** 20;
const memorySlackRatio = 1.3;

/** `null` where the platform does not show it. */
export function figuresOf(pid: number): ProcessFigures | null {
  try {
    const rssPages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return { descriptors: readdirSync(`/proc/${pid}/fd`).length, rssBytes: rssPages * 4_096 };
  } catch {
    return null;
  }
}

export function checkEndState({ busySlots, busyPools, orphans, services }: EndState): readonly Violation[] {
  const found: Violation[] = [];
  const add = (rule: Violation['rule'], what: string): void => void found.push({ rule, taskId: null, what: `expected ${what}` });
  for (const [worker, count] of Object.entries(busySlots))
    if (count > 0) add('slot-not-free', `all slots of ${worker} to be free, got ${count} busy`);
  for (const [pool, count] of Object.entries(busyPools)) if (count > 0) add('slot-not-free', `no task in pool ${pool}, got ${count}`);
  for (const orphan of orphans) add('orphan-process', `no process that nobody owns, got ${orphan}`);
  for (const [name, { before, after }] of Object.entries(services)) {
    if (after.descriptors > before.descriptors + descriptorSlack)
      add('leaked-descriptor', `about ${before.descriptors} descriptors of ${name}, got ${after.descriptors}`);
    if (after.rssBytes > before.rssBytes * memorySlackRatio + memorySlackBytes)
      add('memory-grown', `about ${mebibytes(before.rssBytes)} MiB of ${name}, got ${mebibytes(after.rssBytes)}`);
  }
  return found;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
