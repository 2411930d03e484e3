/**
 * Fails a test file that leaves something running behind: a listening socket, a child process, a signal listener. It is a
 * setup file of every vitest project and knows no test.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect } from 'vitest';

const watchedResources = new Set(['TCPServerWrap', 'ProcessWrap']);
const watchedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a process needs to end after it was told to; nothing waits this long when all is well. */
const patienceMs = 3_000;

const listenersBefore = countListeners();

// Hooks run last defined first, and a setup file is first: so this sees what all others have left.
afterAll(async () => {
  const deadlineMs = performance.now() + patienceMs;
  while (leftovers().length > 0 && performance.now() < deadlineMs) await delay(20);
  expect(leftovers(), 'left behind by this file: close servers, end child processes, remove signal listeners').toEqual([]);
});

function leftovers(): readonly string[] {
  const resources = process.getActiveResourcesInfo().filter((name) => watchedResources.has(name));
  return countListeners() > listenersBefore ? [...resources, 'signal listener'] : resources;
}

function countListeners(): number {
  return watchedSignals.reduce((sum, signal) => sum + process.listenerCount(signal), 0);
}
