/** A process with the preloaded faults, and what it finds of its host: nothing in it knows of them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HostState, hostFileVariable } from './host-state.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'llama-orch-host-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Run a program under a host like that, and then under a quiet one if it says so. */
function run(state: Partial<HostState>, program: string): Readonly<Record<string, unknown>> {
  const hostFile = join(dir, 'host.json');
  writeFileSync(hostFile, JSON.stringify(state));
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${new URL('./host-faults.ts', import.meta.url).href}`,
      [hostFileVariable]: hostFile,
      DATABASE: join(dir, 'some.sqlite'),
      HOST: hostFile,
    },
    encoding: 'utf8',
  });
  return JSON.parse(output) as Record<string, unknown>;
}

test('the wall clock jumps in every form in which it is read, dates that are given stay, and monotonic time goes on', () => {
  const found = run(
    { clockOffsetMs: 3_600_000_000 },
    `console.log(JSON.stringify({
      now: Date.now(), made: new Date().getTime(), given: new Date(5).getTime(), is: new Date() instanceof Date, monotonic: performance.now(),
    }))`,
  );
  const jumped = Date.now() + 3_600_000_000;
  for (const name of ['now', 'made']) expect(Math.abs(Number(found[name]) - jumped)).toBeLessThan(600_000);
  expect(found).toMatchObject({ given: 5, is: true });
  expect(found['monotonic']).toBeLessThan(600_000);
});

const transact = `
  const { DatabaseSync } = await import('node:sqlite');
  const { writeFileSync } = await import('node:fs');
  const database = new DatabaseSync(process.env.DATABASE);
  database.exec('CREATE TABLE IF NOT EXISTS t (x TEXT)');
  const insert = () => {
    try {
      database.exec('BEGIN IMMEDIATE');
      database.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(100_000));
      database.exec('COMMIT');
      return 'committed';
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      return error.message;
    }
  };
`;

test('a full disk is SQLite’s own error, nothing of the transaction stays, and it has room again later', () => {
  const found = run(
    { isDiskFull: true },
    `${transact}
    const full = insert();
    const count = database.prepare('SELECT count(*) AS n FROM t').get().n;
    writeFileSync(process.env.HOST, '{}');
    console.log(JSON.stringify({ full, count, later: insert() }));`,
  );
  expect(found).toEqual({ full: 'database or disk is full', count: 0, later: 'committed' });
});

test('a slow disk delays each commit', () => {
  const found = run(
    { commitDelayMs: 300 },
    `${transact} const from = performance.now(); insert(); console.log(JSON.stringify({ ms: performance.now() - from }));`,
  );
  expect(found['ms']).toBeGreaterThanOrEqual(300);
});
