import { expect, test } from 'vitest';
import { chooseWorker } from './ci-haiku.ts';

const answers = (): Promise<boolean> => Promise.resolve(true);
const isSilent = (): Promise<boolean> => Promise.resolve(false);

test('[ORCH-3059] a GPU worker that answers is preferred, in CI too', async () => {
  for (const isCi of [true, false])
    expect(await chooseWorker('http://gpu-1:8080', isCi, answers)).toEqual({ kind: 'gpu', url: 'http://gpu-1:8080' });
});

test('[ORCH-1102] only CI falls back to the CPU, and says why', async () => {
  expect(await chooseWorker('', true, answers)).toMatchObject({
    kind: 'cpu',
    reason: expect.stringContaining('HAIKU_WORKER_URL') as string,
  });
  expect(await chooseWorker('http://gpu-1:8080', true, isSilent)).toMatchObject({
    kind: 'cpu',
    reason: 'no engine answers at http://gpu-1:8080',
  });
  expect(await chooseWorker('', false, answers)).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('ci:haiku:cpu') as string,
  });
});

test('a worker that is no URL is refused', async () => {
  expect(await chooseWorker('gpu-1:8080', true, answers)).toMatchObject({ kind: 'refused' });
});
