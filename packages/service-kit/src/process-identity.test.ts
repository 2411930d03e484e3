/**
 * Real processes: living, dead, a zombie, and another one under the same pid.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { identityOf, isAlive, ownIdentity } from './process-identity.ts';

const startSleeper = (script: string) => {
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
};

test('this process lives, and its identity does not change', () => {
  const own = ownIdentity();
  expect(own).toEqual(identityOf(process.pid));
  expect(isAlive(own)).toBe(true);
});

test('the same pid with another start time is another process', () => {
  expect(isAlive({ ...ownIdentity(), startTime: 'another boot/1' })).toBe(false);
});

test('a process that was killed is gone', async () => {
  const child = startSleeper('exec sleep 60');
  const identity = identityOf(child.pid ?? 0);
  expect(identity && isAlive(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(identity && isAlive(identity)).toBe(false);
  expect(identityOf(child.pid ?? 0)).toBeUndefined();
});

test('a dead process that nobody has reaped counts as gone', async () => {
  // After `exec` the parent is `sleep`, which reaps no child; one that ends before it is reaped by the shell.
  const parent = startSleeper('sleep 0.3 & echo $!; exec sleep 60');
  const [chunk]: unknown[] = await once(parent.stdout, 'data');
  const pid = Number(String(chunk));
  await vi.waitFor(() => expect(identityOf(pid)).toBeUndefined(), { timeout: 10_000, interval: 10 });
  // Still in the process table: signal 0 finds it.
  expect(process.kill(pid, 0)).toBe(true);
});
