/**
 * The end of a container from outside: what SIGKILL cannot do, for the process it ends is only the client that started it. It
 * owns the one command; when it is due is decided elsewhere.
 */
import { execFile } from 'node:child_process';
import type { ContainerRef } from './launchers/launch.ts';

/** A daemon that is slow to end a container is waited for; one that hangs is an error, and is tried again. */
const timeoutMs = 30_000;

/**
 * Remove a container, running or not. One that is not there, and a container engine that is not installed, are no error:
 * there is nothing left to end.
 */
export const removeContainer = ({ program, name }: ContainerRef): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(program, ['rm', '--force', name], { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
      if (error === null || error.code === 'ENOENT' || /no such container|no container with name/i.test(stderr)) return resolve();
      reject(new Error(`${program} rm --force ${name} failed: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });
