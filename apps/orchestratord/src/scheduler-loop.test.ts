/** What the core is told of a task's tokens. */
import { WorkerError } from '@llama-orch/adapter-api';
import { expect, test, vi } from 'vitest';
import { createTestController, settle } from './testing/test-controller.ts';

test('[ORCH-3301] [ORCH-2013] the core hears of the first token of each attempt once, though a re-run’s first tokens are swallowed', async () => {
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b' }] });
  await t.ready('a', 'b');
  const handle = vi.spyOn(t.controller.scheduler, 'handle');
  await t.submit({ seed: 4 });
  t.workers.last.start();
  await settle();
  t.clock.now += 40;
  t.workers.last.tokens('one ').tokens('two ');
  await settle();
  t.workers.last.fail(new WorkerError('worker-reset', 'socket closed', { mayRunAgain: true }));
  await settle();
  t.clock.now += 10;
  t.workers.last.start();
  await settle();
  t.clock.now += 70;
  // Nothing of these goes to a client.
  t.workers.last.tokens('one ').tokens('two ');
  await settle();
  t.clock.now += 5;
  t.workers.last.tokens('three').end();
  await settle();
  const heard = handle.mock.calls.flatMap(([event]) =>
    event.kind === 'firstToken' || event.kind === 'started'
      ? [{ kind: event.kind, attempt: event.attempt, atMs: event.nowMs - 1_000 }]
      : [],
  );
  expect(heard).toEqual([
    { kind: 'started', attempt: 1, atMs: 0 },
    { kind: 'firstToken', attempt: 1, atMs: 40 },
    { kind: 'started', attempt: 2, atMs: 50 },
    { kind: 'firstToken', attempt: 2, atMs: 120 },
  ]);
});
