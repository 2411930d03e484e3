/** How much later the first token comes than without a relay, and than through nginx: alone, and beside other streams. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, openStage, roundsOf, type Stage } from '../bench.ts';
import { FigureList } from '../figure.ts';
import { HttpConnection } from '../http-connection.ts';
import { Load, warmUp } from '../load.ts';
import type { Measure } from '../measure.ts';
import { percentile } from '../statistics.ts';
import type { Target, TargetName } from '../target.ts';

/** Targets of the project, ms over nginx. */
const targetMs = { p50: 1, p99: 6 };

const names: readonly TargetName[] = ['direct', 'nginx', 'bare relay', 'controller'];
const backgroundStreams = 100;
const backgroundPace = 20;
/** Between two probes: what the last one left to do is not the next one's. */
const restMs = 2;

/** Times of one round, ms. */
type Times = Map<TargetName, number[]>;

/** The prompt is in the request, so the time is that of admission, placement and relay; the engine answers at once. */
export const firstToken: Measure = {
  name: 'first-token',
  summary: `time to the first token, idle and beside ${backgroundStreams} streams`,
  async run(bench) {
    const list = new FigureList(firstToken.name);
    if (bench.nginx.kind === 'missing') list.skip('over nginx', bench.nginx.reason);
    const stage = await openStage(bench, { name: firstToken.name, targets: names, slots: backgroundStreams + 8 });
    try {
      for (const target of stage.targets) await warmUp(target);
      addFigures(list, 'idle', await runRounds(bench, 'idle', () => probeIdle(stage, bench.isQuick ? 100 : 300)));
      const count = bench.isQuick ? 60 : 200;
      addFigures(list, `beside ${backgroundStreams} streams`, await runRounds(bench, 'busy', () => probeBusy(stage, count)));
    } finally {
      await stage.stop();
    }
    return list;
  },
};

async function runRounds(bench: Bench, what: string, runOne: () => Promise<Times>): Promise<readonly Times[]> {
  const rounds: Times[] = [];
  for (const round of roundsOf(bench)) {
    const times = await runOne();
    rounds.push(times);
    const medians = Array.from(times, ([name, all]) => `${name} ${percentile(all, 0.5).toFixed(2)}`);
    bench.tell(`first-token ${what} ${round}/${bench.rounds}: ms until the first token, median: ${medians.join(', ')}`);
  }
  return rounds;
}

/** One probe of each in turn, so that whatever else the machine does meets them all. */
async function probeIdle({ targets }: Stage, count: number): Promise<Times> {
  const connections = await Promise.all(targets.map(({ port }) => HttpConnection.open(port)));
  const times: Times = new Map(targets.map(({ name }) => [name, []]));
  for (let index = 0; index < count; index += 1) {
    for (const [at, target] of targets.entries()) {
      times.get(target.name)?.push(await probe(target, connections[at] as HttpConnection));
      await pause(restMs);
    }
  }
  for (const connection of connections) connection.close();
  return times;
}

/** The streams beside a probe go through the same relay, so one relay is probed at a time. */
async function probeBusy({ engine, targets }: Stage, count: number): Promise<Times> {
  const times: Times = new Map(targets.map(({ name }) => [name, []]));
  for (const target of targets) {
    const load = await Load.open(engine, target, { count: backgroundStreams, pace: backgroundPace });
    const connection = await HttpConnection.open(target.port);
    await pause(200);
    for (let index = 0; index < count; index += 1) {
      times.get(target.name)?.push(await probe(target, connection));
      await pause(restMs);
    }
    connection.close();
    await load.end();
  }
  return times;
}

/** @returns ms from the first byte of the request to the first token at the client. */
async function probe(target: Target, connection: HttpConnection): Promise<number> {
  const startedMs = performance.now();
  let firstMs: number | null = null;
  await target.stream(connection, { pace: 'fast', tokens: 2, onTokens: () => void (firstMs ??= performance.now() - startedMs) });
  if (firstMs === null) throw new Error(`${target.name}: the stream ended without a token.`);
  return firstMs;
}

/** Beside the other's median: a percentile of differences would blame a relay for the other's bad moments. */
function addFigures(list: FigureList, when: string, rounds: readonly Times[]): void {
  const added = (name: TargetName, base: TargetName, share: number): readonly number[] =>
    rounds.map((times) => percentile(times.get(name) ?? [], share) - percentile(times.get(base) ?? [], 0.5));
  const has = (name: TargetName): boolean => rounds.every((times) => times.has(name));
  if (has('nginx')) {
    list.add(`controller over nginx, ${when}, p50`, 'ms', added('controller', 'nginx', 0.5), targetMs.p50);
    list.add(`controller over nginx, ${when}, p99`, 'ms', added('controller', 'nginx', 0.99), targetMs.p99);
  }
  for (const name of names) {
    if (name === 'direct' || !has(name)) continue;
    list.add(`${name} over direct, ${when}, p50`, 'ms', added(name, 'direct', 0.5));
    list.add(`${name} over direct, ${when}, p99`, 'ms', added(name, 'direct', 0.99));
  }
  list.add(
    `direct, ${when}, p50`,
    'ms',
    rounds.map((times) => percentile(times.get('direct') ?? [], 0.5)),
  );
}
