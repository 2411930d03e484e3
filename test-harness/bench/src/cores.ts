/**
 * Which processor core runs what: load (engine and client) on one, the relay on another, so that a relay's time is its
 * own. It starts nothing but `taskset`.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type Cores = { readonly load: number; readonly relay: number };

/**
 * Two cores that this process may use, and this process itself pinned to the first.
 *
 * @returns `null` where there is no `taskset`, or only one core.
 */
export function pinThisProcess(): Cores | null {
  try {
    const [load, relay] = parseCoreList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '');
    if (load === undefined || relay === undefined) return null;
    execFileSync('taskset', ['-a', '-p', '-c', String(load), String(process.pid)], { stdio: 'ignore' });
    return { load, relay };
  } catch {
    return null;
  }
}

/** `0-2,5` → 0, 1, 2, 5. */
export function parseCoreList(list: string): readonly number[] {
  return list
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
