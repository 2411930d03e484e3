import { expect, test } from 'vitest';
import { playAgent } from './play-agent.ts';
import { playedStatus } from './played-status.ts';

const status = playedStatus({ hostname: 'gpu-1' }, [], { instance_id: '7d0c6f0e-53c4-4d8b-9c69-1ef3d3a1e6f2', interval_ms: 1 });
/** As a request that is given up: it rejects when the signal says so. */
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));

test('[ORCH-2109] it reports again and again, over a call that fails, and asks for what follows the generation it knows', async () => {
  const over = new AbortController();
  const reports: unknown[] = [];
  const asked: number[] = [];
  const answers = [{ generation: 4 }, null, { generation: 6 }];
  await playAgent(
    {
      async reportStatus(name, sent) {
        reports.push([name, sent]);
        if (reports.length === 2) throw new TypeError('fetch failed');
        if (reports.length === 4) over.abort();
      },
      async desiredPools(_, { generation, signal }) {
        asked.push(generation);
        return asked.length <= answers.length ? (answers[asked.length - 1] ?? null) : never(signal);
      },
    },
    { name: 'gpu-1', status, signal: over.signal },
  );
  expect(reports).toEqual(Array.from({ length: 4 }, () => ['gpu-1', status]));
  expect(asked).toEqual([0, 4, 4, 6]);
});

test('[ORCH-2109] it ends at once between two reports, with no call left under way', async () => {
  const over = new AbortController();
  let underWay = 0;
  const playing = playAgent(
    {
      async reportStatus() {
        setImmediate(() => over.abort());
      },
      async desiredPools(_, { signal }) {
        underWay += 1;
        return never(signal).finally(() => (underWay -= 1));
      },
    },
    { name: 'gpu-1', status: { ...status, interval_ms: 3_600_000 }, signal: over.signal },
  );
  await expect(playing).resolves.toBeUndefined();
  expect(underWay).toBe(0);
});
