import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveWorker } from './testing/pool-specs.ts';
import { createWorkerStateFiles } from './worker-state-file.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'state-'));
});
afterEach(() => rm(dir, { recursive: true }));

const record = { ...liveWorker(2).record, process: { pid: 4242, startTime: 'boot/1' }, external: false };

test('gives back every record, and none after its removal', async () => {
  const files = createWorkerStateFiles(dir);
  expect(await files.readAll()).toEqual({ records: [], unreadable: [] });
  await files.write(record);
  expect(await files.readAll()).toEqual({ records: [record], unreadable: [] });
  await files.remove(record);
  expect(await files.readAll()).toEqual({ records: [], unreadable: [] });
});

test('[ORCH-2102] two workers of one pool have records of their own', async () => {
  const files = createWorkerStateFiles(dir);
  const next = { ...record, seat: 1, startCount: 3 };
  await files.write(record);
  await files.write(next);
  expect(await files.readAll()).toEqual({ records: [record, next], unreadable: [] });
  await files.remove(record);
  expect(await files.readAll()).toEqual({ records: [next], unreadable: [] });
});

test('start counts outlive the record of the worker', async () => {
  const files = createWorkerStateFiles(dir);
  expect(await files.readStartCount('llama-a')).toBe(0);
  await files.write(record);
  expect(await files.takeStartCount('llama-a', 7)).toBe(7);
  await files.remove(record);
  expect(await createWorkerStateFiles(dir).readStartCount('llama-a')).toBe(7);
  // No two workers that start together get the same.
  const taken = await Promise.all([1, 1, 1].map((atLeast) => files.takeStartCount('llama-a', atLeast)));
  expect(taken).toEqual([8, 9, 10]);
});

test('a record that is broken, or lies in another pool’s directory, is reported and never used', async () => {
  const files = createWorkerStateFiles(dir);
  for (const [pool, text] of [
    ['broken', '{"version":1,'],
    ['other', JSON.stringify(record)],
    ['pidless', JSON.stringify({ ...record, poolId: 'pidless', process: { pid: '1', startTime: 'x' } })],
  ] as const) {
    await mkdir(files.directory(pool, 0), { recursive: true });
    await writeFile(join(files.directory(pool, 0), 'worker.json'), text);
  }
  const { records, unreadable } = await files.readAll();
  expect(records).toEqual([]);
  expect(unreadable).toHaveLength(3);
});
