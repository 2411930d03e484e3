/** What an open stream that says nothing costs in memory: a running task whose worker is silent, with its reader. */
import { type Bench, openStage, roundsOf, socketLimit, type Stage } from '../bench.ts';
import { FigureList } from '../figure.ts';
import { Load } from '../load.ts';
import type { Measure } from '../measure.ts';
import { settledRssBytes } from '../process-cost.ts';
import type { Target, TargetName } from '../target.ts';

const names: readonly TargetName[] = ['nginx', 'bare relay', 'controller'];
/** Targets of the project, KB per stream at so many streams. */
const loads = [
  { streams: 1_000, targetKb: 45, mostRounds: 3, isForQuick: true },
  { streams: 10_000, targetKb: 30, mostRounds: 2, isForQuick: false },
];
/** A relay holds a socket to the client and one to the engine for each stream. */
const socketsPerStream = 2;
const firstStreams = 50;
const settlePatienceMs = 3_000;

export const idleMemory: Measure = {
  name: 'idle-memory',
  summary: 'resident memory per open stream that says nothing',
  async run(bench) {
    const list = new FigureList(idleMemory.name);
    if (bench.nginx.kind === 'missing') list.skip('nginx', bench.nginx.reason);
    for (const { streams, targetKb, mostRounds, isForQuick } of loads) {
      if (bench.isQuick && !isForQuick) {
        list.skip(`${streams} streams`, 'takes too long for --quick');
        continue;
      }
      const most = Math.floor(socketLimit() / socketsPerStream);
      const count = Math.min(streams, most);
      if (count < streams) bench.tell(`idle-memory: ${count} of ${streams} streams; the limit of open files leaves room for no more`);
      addFigures(list, count, await runRounds(bench, count, bench.isQuick ? 1 : mostRounds), targetKb);
    }
    return list;
  },
};

/** KB per stream of one round. */
type Sizes = ReadonlyMap<TargetName, number>;

async function runRounds(bench: Bench, count: number, mostRounds: number): Promise<readonly Sizes[]> {
  const all: Sizes[] = [];
  for (const round of roundsOf(bench, mostRounds)) {
    // New processes for each round: memory that was freed once is not taken from the system again.
    const stage = await openStage(bench, { name: `${idleMemory.name}-${count}-${round}`, targets: names, slots: count + firstStreams });
    const sizes = new Map<TargetName, number>();
    try {
      for (const target of stage.targets) {
        if (target.pid === null) continue;
        const kb = await kbPerStream(stage, target, target.pid, count);
        sizes.set(target.name, kb);
        bench.tell(`idle-memory ${round}: ${target.name} ${kb.toFixed(1)} KB for each of ${count} streams`);
      }
    } finally {
      await stage.stop();
    }
    all.push(sizes);
  }
  return all;
}

async function kbPerStream({ engine }: Stage, target: Target, pid: number, count: number): Promise<number> {
  // The first streams load code and fill pools that all others share; they stay open, so nothing of them is used again.
  const first = await Load.open(engine, target, { count: firstStreams, pace: 'silent' });
  const before = await settledRssBytes(pid, settlePatienceMs);
  const load = await Load.open(engine, target, { count, pace: 'silent' });
  const after = await settledRssBytes(pid, settlePatienceMs);
  await load.end();
  first.closeConnections();
  return (after - before) / count / 1_000;
}

function addFigures(list: FigureList, count: number, rounds: readonly Sizes[], targetKb: number): void {
  for (const name of ['controller', 'nginx', 'bare relay'] as const) {
    const values = rounds.flatMap((sizes) => sizes.get(name) ?? []);
    if (values.length > 0) list.add(`${name}, ${count} idle streams`, 'KB per stream', values, name === 'controller' ? targetKb : null);
  }
}
