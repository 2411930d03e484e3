/** What a relayed token costs in processor time, beside a bare relay and nginx: at a reading pace, and as fast as it goes. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, openStage, roundsOf, type Stage } from '../bench.ts';
import type { Pace } from '../engine-wire.ts';
import { FigureList, type Findings } from '../figure.ts';
import { Load, warmUp } from '../load.ts';
import type { Measure } from '../measure.ts';
import { cpuMs } from '../process-cost.ts';
import { pairwise, ratio } from '../statistics.ts';
import type { Target, TargetName } from '../target.ts';

/** A load, and what it may cost. */
type CpuLoad = {
  readonly name: string;
  readonly streams: number;
  readonly pace: Pace;
  /** How it is called in figures. */
  readonly words: string;
  /** Most processor time per token, in that of the bare relay; `null` = only shown. */
  readonly targetRatio: number | null;
  /** Most cores; `null` = not asked. */
  readonly targetCores: number | null;
};

const relays: readonly TargetName[] = ['bare relay', 'nginx', 'controller'];

/** Every token wakes the relay by itself, which is most of its cost. */
export const relayCpuPaced = cpuMeasure({
  name: 'cpu-paced',
  streams: 1_000,
  pace: 20,
  words: '1,000 streams × 20 tokens/s',
  targetRatio: 1.3,
  targetCores: 0.7,
});

/** As fast as a good GPU decodes 16 streams: one wake-up brings several streams' tokens, one each. */
export const relayCpuFast = cpuMeasure({
  name: 'cpu-fast',
  streams: 16,
  pace: 4_000,
  words: '16 streams × 4,000 tokens/s',
  targetRatio: 1.5,
  targetCores: null,
});

/** No engine is so fast: reads hold many tokens, so a relay that only copies bytes has nothing to do for each. */
export const relayCpuFlood = cpuMeasure({
  name: 'cpu-flood',
  streams: 16,
  pace: 'fast',
  words: '16 streams without a pace',
  targetRatio: null,
  targetCores: null,
});

/** One round of one target. */
type Sample = { readonly usPerToken: number; readonly cores: number; readonly tokensPerSecond: number };
type Samples = ReadonlyMap<TargetName, readonly Sample[]>;

function cpuMeasure(load: CpuLoad): Measure {
  const { name, words } = load;
  return { name, summary: `processor time per relayed token, ${words}`, run: (bench) => compare(bench, load) };
}

async function compare(bench: Bench, load: CpuLoad): Promise<Findings> {
  const list = new FigureList(load.name);
  if (bench.isQuick && load.targetRatio === null) {
    list.skip(load.words, 'has no target, so --quick leaves it out');
    return list;
  }
  const stage = await openStage(bench, { name: load.name, targets: relays, slots: load.streams });
  const samples = new Map<TargetName, Sample[]>(stage.targets.map((target) => [target.name, []]));
  try {
    for (const target of stage.targets) await warmUp(target);
    for (const round of roundsOf(bench)) {
      for (const target of stage.targets) {
        if (target.pid === null) continue;
        const sample = await sampleOnce(bench, stage, target, target.pid, load);
        samples.get(target.name)?.push(sample);
        bench.tell(
          `${load.name} ${round}/${bench.rounds}: ${target.name} ${sample.usPerToken.toFixed(1)} µs/token, ${sample.cores.toFixed(2)} cores`,
        );
      }
    }
  } finally {
    await stage.stop();
  }
  if (bench.nginx.kind === 'missing') list.skip('nginx', bench.nginx.reason);
  addFigures(list, samples, load);
  return list;
}

async function sampleOnce(bench: Bench, stage: Stage, target: Target, pid: number, { streams, pace }: CpuLoad): Promise<Sample> {
  const sentBefore = (await stage.engine.count()).tokensSent;
  const load = await Load.open(stage.engine, target, { count: streams, pace });
  await pause(bench.isQuick ? 300 : 1_000);
  const before = { cpu: cpuMs(pid), at: performance.now(), tokens: load.tokens };
  await pause(bench.isQuick ? 1_500 : 3_000);
  const sample = toSample(cpuMs(pid) - before.cpu, performance.now() - before.at, load.tokens - before.tokens);
  const received = await load.end();
  // A relay that loses tokens is cheap.
  const sent = (await stage.engine.count()).tokensSent - sentBefore;
  if (sent !== received) throw new Error(`${target.name}: the engine sent ${sent} tokens, the clients got ${received}.`);
  return sample;
}

function toSample(cpu: number, wallMs: number, tokens: number): Sample {
  return { usPerToken: (cpu * 1_000) / tokens, cores: cpu / wallMs, tokensPerSecond: (tokens * 1_000) / wallMs };
}

function addFigures(list: FigureList, samples: Samples, { words, targetRatio, targetCores }: CpuLoad): void {
  const us = (name: TargetName): readonly number[] => (samples.get(name) ?? []).map(({ usPerToken }) => usPerToken);
  const overBare = (name: TargetName): readonly number[] => pairwise(us(name), us('bare relay'), ratio);
  list.add(`controller over bare relay, ${words}`, '× CPU per token', overBare('controller'), targetRatio);
  if (samples.has('nginx')) list.add(`nginx over bare relay, ${words}`, '× CPU per token', overBare('nginx'));
  for (const [name, rounds] of samples) {
    const target = name === 'controller' ? targetCores : null;
    list.add(
      `${name}, ${words}`,
      'cores',
      rounds.map(({ cores }) => cores),
      target,
    );
    list.add(
      name,
      'µs CPU per token',
      rounds.map(({ usPerToken }) => usPerToken),
    );
    list.add(
      name,
      'tokens/s',
      rounds.map(({ tokensPerSecond }) => tokensPerSecond),
    );
  }
}
