/** The bench counts right: what the engine sent is what came, through every relay, real processes included. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openStage, type Stage } from './bench.ts';
import { Load, openConnections, runStreams } from './load.ts';
import { cpuMs, rssBytes } from './process-cost.ts';
import type { TargetName } from './target.ts';

const names: readonly TargetName[] = ['direct', 'bare relay', 'controller'];
let dir = '';
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bench-'));
  const bench: Bench = {
    cores: null,
    nginx: { kind: 'missing', reason: 'not wanted' },
    dir,
    rounds: 1,
    isQuick: true,
    controllerFlags: [],
    isLate: () => false,
    tell: () => undefined,
  };
  stage = await openStage(bench, { name: 'smoke', targets: names, slots: 8 });
});

afterAll(async () => {
  await stage.stop();
  await rm(dir, { recursive: true });
});

test.each(names)('tokens sent equal tokens received, %s', async (name) => {
  const target = stage.target(name);
  const before = (await stage.engine.count()).tokensSent;
  const connections = await openConnections(target, 4);
  expect(await runStreams(target, connections, { pace: 'fast', tokens: 50 })).toBe(200);
  expect((await stage.engine.count()).tokensSent - before).toBe(200);
  for (const connection of connections) connection.close();
});

test.each(names)('a load that is ended loses no token, %s', async (name) => {
  const before = (await stage.engine.count()).tokensSent;
  const load = await Load.open(stage.engine, stage.target(name), { count: 8, pace: 1_000 });
  expect((await stage.engine.count()).open).toBe(8);
  await expect.poll(() => load.tokens).toBeGreaterThan(100);
  const received = await load.end();
  expect(received).toBe((await stage.engine.count()).tokensSent - before);
  expect((await stage.engine.count()).open).toBe(0);
});

test('a process costs what the kernel says', () => {
  expect(cpuMs(process.pid)).toBeGreaterThan(0);
  expect(rssBytes(process.pid)).toBeGreaterThan(10_000_000);
});
