/** What a process has cost so far, as the kernel counts it. It knows no process by name. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Linux counts in hundredths of a second on every platform that Node supports. */
const ticksPerSecond = 100;
const pageBytes = 4_096;

/** User and system time of the process with all its threads, ms; 10 ms fine. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program is in parentheses and may hold anything; the fields after it may not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}

/** Resident memory now, bytes. */
export function rssBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes;
}

const settleStepMs = 250;

/**
 * Resident memory once it has stopped moving by more than 1 % between two looks, or after `patienceMs`.
 *
 * The last look counts: a garbage collector that gives memory back late is part of what a process needs.
 */
export async function settledRssBytes(pid: number, patienceMs: number): Promise<number> {
  let before = rssBytes(pid);
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += settleStepMs) {
    await pause(settleStepMs);
    const now = rssBytes(pid);
    if (waitedMs >= 2 * settleStepMs && Math.abs(now - before) < before * 0.01) return now;
    before = now;
  }
  return before;
}
