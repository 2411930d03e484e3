/** What the journal keeps of a task's attempts. */
import { WorkerError } from '@llama-orch/adapter-api';
import { expect, test } from 'vitest';
import { RecordingJournal } from './testing/recording-journal.ts';
import { createTestController, settle } from './testing/test-controller.ts';

test('[ORCH-3302] where an attempt failed is in the journal before the task runs again, and with its next attempt', async () => {
  const journal = new RecordingJournal();
  const t = createTestController({ pools: [{ id: 'a' }, { id: 'b' }], journal });
  await t.ready('a', 'b');
  await t.submit({ seed: 4 });
  t.workers.last.start();
  await settle();
  t.workers.last.fail(new WorkerError('worker-reset', 'socket closed', { mayRunAgain: true }));
  await settle();
  const pins = journal.history.flatMap((entry) => ('kind' in entry && entry.kind === 'pinned' ? [entry] : []));
  expect(pins.map(({ attempt, failedOn }) => ({ attempt, failedOn: failedOn.map(({ poolId }) => poolId) }))).toEqual([
    { attempt: 1, failedOn: [] },
    { attempt: 1, failedOn: [pins[0]?.replicaId.split('/')[0]] },
    { attempt: 2, failedOn: [pins[0]?.replicaId.split('/')[0]] },
  ]);
  await t.controller.close();
});
