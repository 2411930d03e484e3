/**
 * What a worker wrote, in a file that outlives the agent: the worker holds it open itself, so it never meets a broken pipe.
 * It owns the bounds of the file and the reading of its tail.
 */
import { closeSync, openSync } from 'node:fs';
import { mkdir, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type WorkerLog = {
  readonly path: string;
  /** Open for a child to inherit; the caller closes it after the spawn. Appending, so that {@link WorkerLog.trim} works under its feet. */
  openForChild(): { readonly fd: number; close(): void };
  /** Last `bytes` of the file as text; empty when there is none. */
  tail(bytes: number): Promise<string>;
  /** Cut the file to its last `keepBytes` once it passed four times that; what is written meanwhile may be lost. */
  trim(keepBytes: number): Promise<void>;
};

/** The log of one start of a pool's worker. */
export const createWorkerLog = (directory: string, startCount: number): WorkerLog =>
  openWorkerLog(join(directory, `worker-${startCount}.log`));

/** The log at a known path, e.g. of an adopted worker. */
export const openWorkerLog = (path: string): WorkerLog => ({
  path,
  openForChild() {
    const fd = openSync(path, 'a', 0o600);
    return { fd, close: () => closeSync(fd) };
  },
  async tail(bytes) {
    try {
      const file = await open(path, 'r');
      try {
        const { size } = await file.stat();
        const length = Math.min(size, bytes);
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
        return buffer.toString('utf8', 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch {
      return ''; // No evidence is no reason to fail: the caller is explaining another failure.
    }
  },
  async trim(keepBytes) {
    const size = await stat(path).then(
      (facts) => facts.size,
      () => 0,
    );
    if (size <= 4 * keepBytes) return;
    const kept = await this.tail(keepBytes);
    // Truncated in place: the worker appends to this very file, a renamed one would go on growing unseen.
    await truncate(path, 0);
    await writeFile(path, `[trimmed by the agent]\n${kept}`, { flag: 'a' });
  },
});

/** Make the directory and drop all logs but those of the last start before this one. */
export const prepareLogDirectory = async (directory: string, startCount: number): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    const count = /^worker-(\d+)\.log$/.exec(name)?.[1];
    if (count !== undefined && Number(count) < startCount - 1) await rm(join(directory, name), { force: true });
  }
};
