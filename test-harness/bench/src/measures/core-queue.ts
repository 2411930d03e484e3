/** What the scheduler core needs, alone, at a million queued tasks. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { roundsOf } from '../bench.ts';
import { FigureList } from '../figure.ts';
import type { Measure } from '../measure.ts';
import { pairwise, ratio } from '../statistics.ts';

const program = fileURLToPath(new URL('../servers/core-queue.ts', import.meta.url));
const depth = 1_000_000;
/** Targets of the project. */
const targets = { medianUs: 5, bytesPerTask: 1_024 };
const timeoutMs = 90_000;

type Round = {
  readonly medianUs: number;
  readonly p99Us: number;
  readonly fillUs: number;
  readonly bytesPerTask: number;
  readonly heapMedianUs: number;
};

export const coreQueue: Measure = {
  name: 'core-queue',
  summary: `the scheduler core at ${depth.toLocaleString('en')} queued tasks`,
  async run(bench) {
    const list = new FigureList(coreQueue.name);
    const rounds: Round[] = [];
    for (const round of roundsOf(bench, bench.isQuick ? 1 : 2)) {
      const args = ['--expose-gc', '--max-old-space-size=6144', program, String(depth), '200000'];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: timeoutMs });
      const found = JSON.parse(stdout) as Round;
      rounds.push(found);
      bench.tell(`core-queue ${round}: ${found.medianUs.toFixed(2)} µs, ${found.bytesPerTask.toFixed(0)} bytes per task`);
    }
    const all = (read: (round: Round) => number): readonly number[] => rounds.map(read);
    const medians = all(({ medianUs }) => medianUs);
    const heapMedians = all(({ heapMedianUs }) => heapMedianUs);
    list.add('enqueue + dequeue, median', 'µs', medians, targets.medianUs);
    list.add(
      'enqueue + dequeue, p99',
      'µs',
      all(({ p99Us }) => p99Us),
    );
    list.add(
      'filling the queue, mean',
      'µs per task',
      all(({ fillUs }) => fillUs),
    );
    list.add(
      'memory of a queued task without its prompt',
      'bytes',
      all(({ bytesPerTask }) => bytesPerTask),
      targets.bytesPerTask,
    );
    list.add('a plain binary heap of as many, push + pop, median', 'µs', heapMedians);
    list.add('core over plain heap', '×', pairwise(medians, heapMedians, ratio));
    return list;
  },
};
