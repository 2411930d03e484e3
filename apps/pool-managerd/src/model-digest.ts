/**
 * The digest of a model on disk, computed without blocking and remembered by the identity of its files. It owns the digest
 * rule of directories; whether a digest is trusted is not its concern.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

export type ModelArtifact = {
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Sum of all files. */
  readonly bytes: number;
};

export type ModelDigests = {
  /**
   * Digest of a file, or of a directory: the SHA-256 of its sorted `sha256  path` lines. Each file is read once as long
   * as device, inode, size, mtime and ctime stay equal. Throws what the file system throws; rejects when aborted.
   */
  digest(path: string, signal: AbortSignal): Promise<ModelArtifact>;
  /** Sum of all its files, without reading them. Throws what the file system throws. */
  bytes(path: string): Promise<number>;
};

/** @req ORCH-3037 */
export const createModelDigests = (): ModelDigests => {
  const known = new Map<string, string>();

  const fileDigest = async (path: string, signal: AbortSignal): Promise<{ readonly sha256: string; readonly bytes: number }> => {
    const identity = await fileIdentity(path);
    const remembered = known.get(identity.key);
    if (remembered !== undefined) return { sha256: remembered, bytes: identity.bytes };
    const sha256 = await hashFile(path, signal);
    // A file written while it was read has no digest; the next look finds the new identity and reads again.
    if ((await fileIdentity(path)).key === identity.key) known.set(identity.key, sha256);
    return { sha256, bytes: identity.bytes };
  };

  return {
    async bytes(path) {
      if (!(await stat(path)).isDirectory()) return (await stat(path)).size;
      let total = 0;
      for (const file of await listFiles(path)) total += (await stat(file)).size;
      return total;
    },
    async digest(path, signal) {
      if (!(await stat(path)).isDirectory()) {
        const { sha256, bytes } = await fileDigest(path, signal);
        return { digest: `sha256:${sha256}`, bytes };
      }
      const lines: string[] = [];
      let total = 0;
      for (const file of await listFiles(path)) {
        const { sha256, bytes } = await fileDigest(file, signal);
        lines.push(`${sha256}  ${relative(path, file).split(sep).join('/')}\n`);
        total += bytes;
      }
      // Sorted as bytes, like `LC_ALL=C sort` does: `find . -type f | sha256sum` on any host gives the same lines.
      const text = lines.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join('');
      return { digest: `sha256:${createHash('sha256').update(text).digest('hex')}`, bytes: total };
    },
  };
};

const fileIdentity = async (path: string): Promise<{ readonly key: string; readonly bytes: number }> => {
  const facts = await stat(path, { bigint: true });
  return { key: [path, facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join('|'), bytes: Number(facts.size) };
};

const hashFile = (path: string, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    const stream = createReadStream(path, { highWaterMark: 1_048_576, signal });
    stream.on('data', (chunk) => hash.update(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve(hash.digest('hex')));
  });

/** All files below a directory, links followed (model caches link to blobs). */
const listFiles = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      const isDirectory = entry.isSymbolicLink() ? (await stat(path)).isDirectory() : entry.isDirectory();
      return isDirectory ? listFiles(path) : [path];
    }),
  );
  return found.flat();
};
