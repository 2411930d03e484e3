import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkerLog, prepareLogDirectory } from './worker-log.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'log-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('reads the tail, and nothing where there is no file', async () => {
  const log = createWorkerLog(dir, 1);
  expect(await log.tail(10)).toBe('');
  await writeFile(log.path, 'first\nsecond\n');
  expect(await log.tail(7)).toBe('second\n');
  expect(await log.tail(1_000)).toBe('first\nsecond\n');
});

test('stays bounded while a worker holds it open and goes on writing', async () => {
  const log = createWorkerLog(dir, 1);
  const child = log.openForChild();
  for (let round = 0; round < 20; round += 1) {
    writeSync(child.fd, `${'x'.repeat(1_000)}\nround ${round}\n`);
    await log.trim(1_000);
  }
  child.close();
  expect((await stat(log.path)).size).toBeLessThan(5_200);
  expect(await log.tail(10)).toContain('round 19');
});

test('keeps the log of the start before, and drops older ones', async () => {
  for (const count of [1, 2, 3]) await writeFile(createWorkerLog(dir, count).path, 'x');
  await writeFile(join(dir, 'worker.json'), '{}');
  await prepareLogDirectory(dir, 4);
  expect((await readdir(dir)).toSorted()).toEqual(['worker-3.log', 'worker.json']);
});
