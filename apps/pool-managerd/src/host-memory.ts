/**
 * RAM of this host, and how often its OOM killer struck. It owns where the platform tells it; it judges nothing.
 */
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

export type HostMemory = { readonly totalBytes: number; readonly availableBytes: number };

/** Total and available RAM. On Linux `MemAvailable`, which counts caches as free; elsewhere the platform's free memory. */
export const readHostMemory = (): HostMemory =>
  parseMemInfo(readOrEmpty('/proc/meminfo')) ?? { totalBytes: totalmem(), availableBytes: freemem() };

/** Read `/proc/meminfo`; `null` when it lacks a figure. */
export const parseMemInfo = (text: string): HostMemory | null => {
  const kib = (name: string): number | null => {
    const figure = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return figure === undefined ? null : Number(figure) * 1024;
  };
  const [totalBytes, availableBytes] = [kib('MemTotal'), kib('MemAvailable')];
  return totalBytes === null || availableBytes === null ? null : { totalBytes, availableBytes };
};

/**
 * Kills by the OOM killer so far: in this control group where a container shows one, else on the whole host. `null` = the
 * platform does not tell.
 */
export const readOomKills = (): number | null => {
  const figure = /^oom_kill (\d+)$/m.exec(readOrEmpty('/sys/fs/cgroup/memory.events') || readOrEmpty('/proc/vmstat'))?.[1];
  return figure === undefined ? null : Number(figure);
};

const readOrEmpty = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // Not Linux, or hidden in this sandbox.
  }
};
