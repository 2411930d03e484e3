import { mkdtemp, rm } from 'node:fs/promises';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { identityOf } from '@llama-orch/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attachWorker, mayAdopt, spawnWorker, terminateByNonce, type WorkerProcess } from './process.ts';
import { findByNonce } from './worker-nonce.ts';

const onLinux = process.platform === 'linux';
let dir = '';
const nonces: string[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'process-'));
});
afterEach(async () => {
  for (const nonce of nonces.splice(0)) await terminateByNonce(nonce, 0);
  await rm(dir, { recursive: true });
});

const logPath = () => join(dir, 'log');
const logged = () => readFileSync(logPath(), 'utf8');

/** Run a piece of JavaScript as a worker; it prints `up` when it is ready. */
const start = async (script: string): Promise<{ readonly worker: WorkerProcess; readonly nonce: string }> => {
  const nonce = randomUUID();
  nonces.push(nonce);
  const fd = openSync(logPath(), 'a');
  const worker = await spawnWorker({ argv: [process.execPath, '-e', script], env: { PATH: process.env['PATH'] ?? '' }, nonce, logFd: fd });
  closeSync(fd);
  return { worker, nonce };
};

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const limit = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`waited in vain for ${what}; log: ${logged()}`);
    await delay(10);
  }
};

const keepAlive = "console.error('up'); setInterval(() => {}, 1000);";

test('a worker leads its own process group and carries its nonce', async () => {
  const { worker, nonce } = await start(keepAlive);
  await until('the worker', () => logged().includes('up'));
  expect(identityOf(worker.identity.pid)).toEqual(worker.identity);
  expect(mayAdopt(worker.identity, nonce)).toBe(true);
  if (onLinux) {
    expect(mayAdopt(worker.identity, 'another')).toBe(false);
    expect(findByNonce(nonce)).toEqual([worker.identity.pid]);
    expect(Number(readFileSync(`/proc/${worker.identity.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2])).toBe(worker.identity.pid);
  }
  await worker.terminate(5_000);
  expect(await worker.exited).toEqual({ code: null, signal: 'SIGTERM' });
});

test('a worker that ignores SIGTERM is killed after its grace', async () => {
  const { worker } = await start(`process.on('SIGTERM', () => console.error('ignored')); ${keepAlive}`);
  await until('the worker', () => logged().includes('up'));
  await worker.terminate(100);
  expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(logged()).toContain('ignored');
});

test('[ORCH-3001] no child outlives the worker: neither one of its group nor one that left it', async ({ skip }) => {
  skip(!onLinux, 'only Linux shows the environment of a process');
  const child = "const { spawn } = require('node:child_process'); const sleep = ['-e', 'setInterval(() => {}, 1000)'];";
  const { worker, nonce } = await start(
    `${child} spawn(process.execPath, sleep); spawn(process.execPath, sleep, { detached: true }); console.error('up'); setTimeout(() => process.exit(0), 200);`,
  );
  await worker.exited;
  expect(findByNonce(nonce)).toHaveLength(2);
  await worker.terminate(5_000);
  expect(findByNonce(nonce)).toEqual([]);
});

test('reports exit codes, and a program that cannot be run', async () => {
  const { worker } = await start('process.exit(7)');
  expect(await worker.exited).toEqual({ code: 7, signal: null });
  await worker.terminate(1_000);
  const missing = spawnWorker({ argv: ['/nonexistent/engine'], env: {}, nonce: 'n', logFd: 2 });
  await expect(missing).rejects.toMatchObject({ failure: { kind: 'spawn-failed' } });
});

test('an adopted worker is watched and ended like an own one', async () => {
  const { worker, nonce } = await start(keepAlive);
  await until('the worker', () => logged().includes('up'));
  const adopted = attachWorker(worker.identity, nonce, 20);
  await adopted.terminate(5_000);
  expect(await adopted.exited).toEqual({ code: null, signal: null });
  expect((await worker.exited).signal).toBe('SIGTERM');
});

test('a process whose start time is not the recorded one is never signalled', async () => {
  const { worker } = await start(keepAlive);
  await until('the worker', () => logged().includes('up'));
  const stranger = { pid: worker.identity.pid, startTime: 'another boot/1' };
  await attachWorker(stranger, randomUUID(), 20).terminate(0);
  expect(identityOf(worker.identity.pid)).toEqual(worker.identity);
  expect(mayAdopt(stranger, 'x')).toBe(false);
});

test('finds and ends a worker whose agent died before it was recorded', async ({ skip }) => {
  skip(!onLinux, 'only Linux shows the environment of a process');
  const { worker, nonce } = await start(keepAlive);
  await until('the worker', () => logged().includes('up'));
  await terminateByNonce(nonce, 5_000);
  expect((await worker.exited).signal).toBe('SIGTERM');
});

test('terminate gives up waiting when it is told to', async () => {
  const { worker } = await start(`process.on('SIGTERM', () => {}); ${keepAlive}`);
  await until('the worker', () => logged().includes('up'));
  const abort = new AbortController();
  const ending = worker.terminate(60_000, abort.signal);
  abort.abort();
  await expect(ending).rejects.toThrow(/abort/i);
  await worker.terminate(0);
});
