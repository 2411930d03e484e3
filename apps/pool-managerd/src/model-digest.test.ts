import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createModelDigests } from './model-digest.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'digest-'));
});
afterEach(() => rm(dir, { recursive: true }));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const idle = new AbortController().signal;

test('[ORCH-3037] digests a file', async () => {
  const path = join(dir, 'model.gguf');
  await writeFile(path, 'weights');
  expect(await createModelDigests().digest(path, idle)).toEqual({ digest: `sha256:${sha256('weights')}`, bytes: 7 });
});

test('[ORCH-3037] digests a directory as its sorted lines, links followed', async () => {
  await mkdir(join(dir, 'model', 'sub'), { recursive: true });
  await writeFile(join(dir, 'blob'), 'b');
  await writeFile(join(dir, 'model', 'config.json'), 'c');
  await writeFile(join(dir, 'model', 'sub', 'a b.bin'), 'a');
  await symlink(join(dir, 'blob'), join(dir, 'model', 'linked.bin'));
  const lines = [`${sha256('a')}  sub/a b.bin\n`, `${sha256('b')}  linked.bin\n`, `${sha256('c')}  config.json\n`];
  const expected = `sha256:${sha256(lines.toSorted().join(''))}`;
  expect(await createModelDigests().digest(join(dir, 'model'), idle)).toEqual({ digest: expected, bytes: 3 });
});

test('[ORCH-3037] notices a file that was changed and given its old time again', async () => {
  const path = join(dir, 'model.gguf');
  const time = new Date('2026-01-01T00:00:00Z');
  await writeFile(path, 'weights');
  await utimes(path, time, time);
  const digests = createModelDigests();
  const before = await digests.digest(path, idle);
  await writeFile(path, 'Weights');
  await utimes(path, time, time);
  expect((await digests.digest(path, idle)).digest).toBe(`sha256:${sha256('Weights')}`);
  expect(before.digest).toBe(`sha256:${sha256('weights')}`);
});

test('rejects when aborted, and when there is no file', async () => {
  const path = join(dir, 'model.gguf');
  await writeFile(path, Buffer.alloc(4_000_000));
  await expect(createModelDigests().digest(path, AbortSignal.abort())).rejects.toThrow(/abort/i);
  await expect(createModelDigests().digest(join(dir, 'none'), idle)).rejects.toThrow(/ENOENT/);
});
