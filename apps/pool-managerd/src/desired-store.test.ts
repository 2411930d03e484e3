import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDesiredStore } from './desired-store.ts';
import { desiredPool } from './testing/desired-pools.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'desired-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('[ORCH-2109] gives back what was stored last, and leaves no other file', async () => {
  const store = createDesiredStore(dir);
  expect(await store.load()).toEqual({ kind: 'none' });
  await store.save({ generation: 1, pools: [] });
  await store.save({ generation: 2, pools: [desiredPool()] });
  expect(await store.load()).toEqual({ kind: 'loaded', desired: { generation: 2, pools: [desiredPool()] } });
  expect(await readdir(dir)).toEqual(['desired.json']);
});

test('says what is wrong with a file it cannot use', async () => {
  const store = createDesiredStore(dir);
  await writeFile(join(dir, 'desired.json'), '{"generation":');
  expect(await store.load()).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('JSON') as unknown });
  await writeFile(join(dir, 'desired.json'), '{"generation":1,"pools":[{"id":"x"}]}');
  expect(await store.load()).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('/pools/0') as unknown });
});
