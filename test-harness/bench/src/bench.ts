/**
 * One run's surroundings, and the things that its measures compare: the engine and every way to it, started together and
 * stopped together. It measures nothing.
 */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelRef, type RunningController, startController } from './controller.ts';
import type { Cores } from './cores.ts';
import { HttpConnection } from './http-connection.ts';
import { configureNginx, type NginxAnswer } from './nginx.ts';
import { type Program, startProgram } from './program.ts';
import { assertStatus, controllerTarget, engineTarget, type Target, type TargetName, toPost } from './target.ts';

export type Bench = {
  readonly cores: Cores | null;
  readonly nginx: NginxAnswer;
  /** Folder of this run's configs and logs. */
  readonly dir: string;
  /** Rounds of each measure, see {@link roundsOf}. */
  readonly rounds: number;
  readonly isQuick: boolean;
  /** Flags for the controller's Node. */
  readonly controllerFlags: readonly string[];
  /** Whether the run's time is used up: measures end after the round they are in. */
  readonly isLate: () => boolean;
  /** Tells people what is going on. */
  readonly tell: (text: string) => void;
};

export type StageSpec = {
  /** Names the stage's folder. */
  readonly name: string;
  readonly targets: readonly TargetName[];
  /** Streams at a time. */
  readonly slots: number;
  readonly queueCapacity?: number;
};

/** The engine, and the targets that could be had. */
export type Stage = {
  readonly engine: EngineControl;
  readonly targets: readonly Target[];
  target(name: TargetName): Target;
  stop(): Promise<void>;
};

export type EngineCount = { readonly tokensSent: number; readonly open: number };

export interface EngineControl {
  readonly port: number;
  count(): Promise<EngineCount>;
  /** Answers that begin from now on say nothing until {@link EngineControl.go}. */
  hold(): Promise<void>;
  go(): Promise<void>;
  /** End every open answer with its final event. */
  endAll(): Promise<void>;
}

/**
 * The numbers of the rounds, from 1 on, until there are enough or the time is used up. There is always a first one.
 *
 * @param most - Where a measure is so long that it makes fewer.
 */
export function* roundsOf(bench: Bench, most = Number.POSITIVE_INFINITY): Generator<number, void, void> {
  const rounds = Math.min(bench.rounds, most);
  for (let round = 1; round <= rounds && (round === 1 || !bench.isLate()); round += 1) yield round;
}

export async function openStage(bench: Bench, spec: StageSpec): Promise<Stage> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    const engine = await startEngine(bench, spec.name, stops);
    const targets: Target[] = [];
    for (const name of spec.targets) {
      const target = await startTarget(bench, spec, name, engine.port, stops);
      if (target !== null) targets.push(target);
    }
    const find = (name: TargetName): Target => {
      const found = targets.find((target) => target.name === name);
      if (found === undefined) throw new Error(`The stage ${spec.name} has no ${name}.`);
      return found;
    };
    return { engine, targets, target: find, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Processes share the file limit's number, not its files: each may hold this many sockets, with some to spare. */
export function socketLimit(): number {
  const limit = /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '1024';
  return (limit === 'unlimited' ? 1_000_000 : Number(limit)) - 150;
}

/** A server of the bench's own, in a process of its own. */
export async function startOwnServer(
  bench: Bench,
  stage: string,
  name: string,
  core: number | null,
  args: readonly string[],
): Promise<Program> {
  return startProgram({
    name,
    command: process.execPath,
    args: [fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url)), ...args],
    core,
    outputFile: join(bench.dir, stage, `${name}.log`),
    listening: /^listening on (\d+)$/m,
  });
}

async function startEngine(bench: Bench, stage: string, stops: (() => Promise<void>)[]): Promise<EngineControl> {
  const program = await startOwnServer(bench, stage, 'engine', bench.cores?.load ?? null, []);
  stops.push(program.stop);
  const { port } = program;
  const connection = await HttpConnection.open(port);
  stops.push(async () => connection.close());
  const tellEngine = async (what: string): Promise<void> => {
    assertStatus(await connection.exchange({ request: toPost(`/bench/${what}`, port, {}) }), 200, `POST /bench/${what}`);
  };
  return {
    port,
    async count() {
      const answer = await connection.exchange({ request: `GET /bench/count HTTP/1.1\r\n\r\n` });
      const { tokens_sent: tokensSent, open } = JSON.parse(answer.body) as { tokens_sent: number; open: number };
      return { tokensSent, open };
    },
    hold: () => tellEngine('hold'),
    go: () => tellEngine('go'),
    endAll: () => tellEngine('end'),
  };
}

async function startTarget(
  bench: Bench,
  spec: StageSpec,
  name: TargetName,
  enginePort: number,
  stops: (() => Promise<void>)[],
): Promise<Target | null> {
  const core = bench.cores?.relay ?? null;
  const dir = join(bench.dir, spec.name);
  switch (name) {
    case 'direct':
      return engineTarget('direct', enginePort, null);
    case 'bare relay': {
      const program = await startOwnServer(bench, spec.name, 'bare-relay', core, [String(enginePort)]);
      stops.push(program.stop);
      return engineTarget('bare relay', program.port, program.pid);
    }
    case 'nginx': {
      if (bench.nginx.kind === 'missing') return null;
      const port = await freePort();
      const args = await configureNginx(join(dir, 'nginx'), port, enginePort);
      const outputFile = join(dir, 'nginx.log');
      const program = await startProgram({ name, command: bench.nginx.nginx.program, args, core, outputFile, listening: null });
      stops.push(program.stop);
      await whenListening(port);
      return engineTarget('nginx', port, program.pid);
    }
    case 'controller': {
      const { program, stop } = await startStageController(bench, spec, enginePort);
      stops.push(stop);
      return controllerTarget(program.port, program.pid, modelRef);
    }
  }
}

function startStageController(bench: Bench, spec: StageSpec, enginePort: number): Promise<RunningController> {
  return startController({
    dir: join(bench.dir, spec.name),
    enginePort,
    core: bench.cores?.relay ?? null,
    slots: spec.slots,
    queueCapacity: spec.queueCapacity ?? 1_000,
    nodeFlags: bench.controllerFlags,
  });
}

/** nginx wants a number; the port is free a moment before, which is enough on a loopback of our own. */
async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await new Promise<number>((resolve) => {
    probe.listen(0, '127.0.0.1', () => resolve((probe.address() as AddressInfo).port));
  });
  await new Promise((closed) => probe.close(closed));
  return port;
}

async function whenListening(port: number): Promise<void> {
  const until = performance.now() + 5_000;
  for (;;) {
    try {
      (await HttpConnection.open(port)).close();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}
