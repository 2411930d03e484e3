/** When planning signals go out: on the clock of the test, over a real port. */
import { afterEach, expect, test, vi } from 'vitest';
import { createTestController, settle, type TestController } from './testing/test-controller.ts';

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

/** A client of the one running task, and how many events of each name it has. */
const readRunning = async (t: TestController): Promise<(event: string) => number> => {
  const served = await t.serve();
  open.push(served);
  const { task_id: id } = await t.submit();
  t.workers.last.start().tokens('first');
  const response = await fetch(`${served.url}/v1/tasks/${id}/stream`);
  let text = '';
  void (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) text += decoder.decode(bytes, { stream: true });
  })().catch(() => undefined);
  const count = (event: string): number => text.split(`event: ${event}\n`).length - 1;
  await vi.waitFor(() => expect(count('token')).toBe(1));
  return count;
};

test('[ORCH-3100] metrics of a running task come once a second, and at once where no token carries them', async () => {
  const t = createTestController();
  await t.ready('a');
  const count = await readRunning(t);
  t.controller.housekeep();
  for (let second = 1; second <= 3; second += 1) {
    t.clock.now += 1_000;
    t.controller.housekeep();
    t.controller.housekeep();
    // The first one waits for a token, since a token came since the last look.
    await vi.waitFor(() => expect(count('metrics')).toBe(second - 1));
  }
  t.clock.now += 999;
  t.controller.housekeep();
  t.workers.last.tokens('second');
  await vi.waitFor(() => expect(count('token')).toBe(2));
  expect(count('metrics')).toBe(2);
});

test('[ORCH-3100] metrics that waited for a token are followed by none for another second', async () => {
  const t = createTestController();
  await t.ready('a');
  const count = await readRunning(t);
  let tokens = 1;
  const token = async (): Promise<void> => {
    t.workers.last.tokens('more');
    tokens += 1;
    await vi.waitFor(() => expect(count('token')).toBe(tokens));
  };
  t.clock.now += 1_000;
  t.controller.housekeep();
  // They ride on a token that comes 900 ms after they were due.
  t.clock.now += 900;
  await token();
  expect(count('metrics')).toBe(1);
  t.clock.now += 100;
  t.controller.housekeep();
  await token();
  expect(count('metrics')).toBe(1);
  t.clock.now += 1_000;
  t.controller.housekeep();
  await token();
  expect(count('metrics')).toBe(2);
  await settle();
});
