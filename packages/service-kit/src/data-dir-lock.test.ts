/**
 * Processes that want one data directory: one gets it, the others hear whose it is, and a killed holder leaves nothing behind.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { lockDataDir } from './data-dir-lock.ts';
import { StartError } from './start-error.ts';

const makeDirectory = () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
};

const script = `
  import { lockDataDir } from ${JSON.stringify(new URL('./data-dir-lock.ts', import.meta.url).href)};
  try {
    lockDataDir(process.argv[1]);
    gc(); // a lock that nobody refers to is held all the same
    console.log('held');
    setInterval(() => {}, 60_000);
  } catch (error) {
    console.log(error.message);
    process.exitCode = error.exitCode;
  }
`;

/** A process that tries to lock the directory; `said` is `held` or why not. */
const startHolder = (directory: string) => {
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const said = once(createInterface(child.stdout), 'line').then(([line]: unknown[]) => String(line));
  return { child, said, exited };
};

test('of processes that start together exactly one holds the directory; the others exit 2 and name it', async () => {
  const directory = join(makeDirectory(), 'made', 'when', 'missing');
  const processes = Array.from({ length: 4 }, () => startHolder(directory));
  const said = await Promise.all(processes.map((each) => each.said));
  const holders = processes.filter((_, index) => said[index] === 'held');
  expect(holders).toHaveLength(1);
  const others = processes.filter((each) => !holders.includes(each));
  for (const [code] of await Promise.all(others.map((each) => each.exited))) expect(code).toBe(2);
  for (const line of said.filter((each) => each !== 'held')) expect(line).toContain(`data directory ${directory} is in use by `);

  // Whoever comes when the holder has settled hears its pid.
  const late = startHolder(directory);
  expect(await late.said).toBe(
    `data directory ${directory} is in use by process ${holders[0]?.child.pid}; stop it, or give this one its own \`--data-dir\``,
  );
});

test('a holder that dies by SIGKILL leaves the directory free', async () => {
  const directory = makeDirectory();
  const first = startHolder(directory);
  expect(await first.said).toBe('held');
  first.child.kill('SIGKILL');
  await first.exited;
  const second = startHolder(directory);
  expect(await second.said).toBe('held');
});

test('children of the holder do not inherit the lock', async () => {
  const directory = makeDirectory();
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--input-type=module',
      '-e',
      `${script}; const { spawn } = await import('node:child_process'); console.log(spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).pid);`,
      directory,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length === 2) break;
  }
  const grandchild = Number(lines[1]);
  onTestFinished(() => void process.kill(grandchild, 'SIGKILL'));
  child.kill('SIGKILL');
  await exited;
  expect(lines[0]).toBe('held');
  expect(process.kill(grandchild, 0)).toBe(true);
  lockDataDir(directory).release();
});

test('a second lock in the same process is refused too, until the first is released', () => {
  const directory = makeDirectory();
  const first = lockDataDir(directory);
  expect(() => lockDataDir(directory)).toThrow(`in use by process ${process.pid}`);
  first.release();
  first.release();
  const second = lockDataDir(directory);
  second.release();
});

test('a directory that cannot be made is a start error', () => {
  const file = join(makeDirectory(), 'file');
  writeFileSync(file, '');
  expect(() => lockDataDir(join(file, 'below'))).toThrow(StartError);
  expect(() => lockDataDir(join(file, 'below'))).toThrow(/^cannot use the data directory /);
});
