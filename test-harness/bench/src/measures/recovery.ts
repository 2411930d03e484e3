/** How long a controller that was killed needs until it serves again, with everything that waited, and what its journal costs before. */
import { join } from 'node:path';
import { type Bench, openStage, roundsOf } from '../bench.ts';
import { type ControllerSpec, modelRef, startController } from '../controller.ts';
import { FigureList } from '../figure.ts';
import { HttpConnection } from '../http-connection.ts';
import type { Measure } from '../measure.ts';
import { assertStatus, submitTask, toPost } from '../target.ts';

const depths = { full: 100_000, quick: 20_000 };
/** Target of the project, for 100,000 queued tasks. */
const targetMs = 5_000;
const clients = 64;
const promptChars = 1_000;

type Round = { readonly admittedPerSecond: number; readonly emptyMs: number; readonly recoveredMs: number };

export const recovery: Measure = {
  name: 'recovery',
  summary: `start of a killed controller with ${depths.full.toLocaleString('en')} queued tasks`,
  async run(bench) {
    const list = new FigureList(recovery.name);
    const depth = bench.isQuick ? depths.quick : depths.full;
    const rounds: Round[] = [];
    for (const round of roundsOf(bench, bench.isQuick ? 1 : 2)) {
      const found = await crashAndRecover(bench, round, depth);
      rounds.push(found);
      bench.tell(
        `recovery ${round}: listens ${found.recoveredMs.toFixed(0)} ms after its start, ${found.emptyMs.toFixed(0)} without tasks`,
      );
    }
    const all = (read: (round: Round) => number): readonly number[] => rounds.map(read);
    const target = bench.isQuick ? null : targetMs;
    list.add(
      `from start to listening, ${depth} queued tasks`,
      'ms',
      all(({ recoveredMs }) => recoveredMs),
      target,
    );
    list.add(
      'from start to listening, no tasks',
      'ms',
      all(({ emptyMs }) => emptyMs),
    );
    list.add(
      `admitted with the durable journal, ${clients} clients`,
      'per second',
      all(({ admittedPerSecond }) => admittedPerSecond),
    );
    return list;
  },
};

/** One task runs and says nothing; all others wait behind it, before the crash and after it. */
async function crashAndRecover(bench: Bench, round: number, depth: number): Promise<Round> {
  const name = `${recovery.name}-${round}`;
  const stage = await openStage(bench, { name, targets: [], slots: 1 });
  const spec: ControllerSpec = {
    dir: join(bench.dir, name),
    enginePort: stage.engine.port,
    core: bench.cores?.relay ?? null,
    slots: 1,
    queueCapacity: depth + clients,
    journal: 'sqlite',
    nodeFlags: bench.controllerFlags,
  };
  try {
    const first = await startController(spec);
    const connection = await HttpConnection.open(first.program.port);
    await submitTask(connection, first.program.port, { modelRef, pace: 'silent', tokens: 10 });
    connection.close();
    const admittedPerSecond = await fill(first.program.port, depth);
    await first.kill();
    const second = await startController(spec);
    const queued = await queuedTasks(second.program.port);
    await second.stop();
    if (queued !== depth) throw new Error(`${queued} tasks are queued after the crash, ${depth} were before.`);
    return { admittedPerSecond, emptyMs: first.program.listeningMs, recoveredMs: second.program.listeningMs };
  } finally {
    await stage.stop();
  }
}

async function fill(port: number, depth: number): Promise<number> {
  const connections = await Promise.all(Array.from({ length: clients }, () => HttpConnection.open(port)));
  const task = { model_ref: modelRef, prompt: 'p'.repeat(promptChars), max_tokens: 10, determinism: 'best_effort' };
  const request = toPost('/v1/tasks', port, task);
  const startedMs = performance.now();
  let left = depth;
  await Promise.all(
    connections.map(async (connection) => {
      while (left > 0) {
        left -= 1;
        assertStatus(await connection.exchange({ request }), 202, 'POST /v1/tasks');
      }
      connection.close();
    }),
  );
  return (depth * 1_000) / (performance.now() - startedMs);
}

/** As the controller counts them. */
async function queuedTasks(port: number): Promise<number> {
  const connection = await HttpConnection.open(port);
  const { body } = await connection.exchange({ request: `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n` });
  connection.close();
  return [...body.matchAll(/^queue_depth\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}
