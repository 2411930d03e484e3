/** How many tasks a second are admitted or refused, and what one costs beside the least that `node:http` can answer. */
import { join } from 'node:path';
import { type Bench, openStage, roundsOf, type Stage, startOwnServer } from '../bench.ts';
import { modelRef } from '../controller.ts';
import { FigureList } from '../figure.ts';
import { HttpConnection } from '../http-connection.ts';
import type { Measure } from '../measure.ts';
import { cpuMs } from '../process-cost.ts';
import { pairwise, ratio } from '../statistics.ts';
import { assertStatus, submitTask, toPost, toTask } from '../target.ts';

const clients = 8;

/** One round of one target. */
type Sample = { readonly perSecond: number; readonly usCpu: number };

/** Every task waits behind one that never ends, so that admission alone is measured. */
export const admission: Measure = {
  name: 'admission',
  summary: `tasks admitted and refused a second, ${clients} clients`,
  async run(bench) {
    const list = new FigureList(admission.name);
    const count = bench.isQuick ? 1_500 : 4_000;
    const bare: Sample[] = [];
    const admitted: Sample[] = [];
    const refused: Sample[] = [];
    const roomy = await openFullStage(bench, 'roomy', 10 * count * (bench.rounds + 1));
    const full = await openFullStage(bench, 'full', 1);
    const server = await startOwnServer(bench, admission.name, 'bare-accept', bench.cores?.relay ?? null, []);
    try {
      await postMany({ port: server.port, pid: server.pid }, count, 202);
      await postMany(controllerOf(roomy), count, 202);
      await postMany(controllerOf(full), count, 429);
      for (const round of roundsOf(bench)) {
        bare.push(await postMany({ port: server.port, pid: server.pid }, count, 202));
        admitted.push(await postMany(controllerOf(roomy), count, 202));
        refused.push(await postMany(controllerOf(full), count, 429));
        const told = [bare, admitted, refused].map((samples) => samples.at(-1)?.perSecond.toFixed(0)).join(', ');
        bench.tell(`admission ${round}/${bench.rounds}: a second: bare, admitted, refused: ${told}`);
      }
    } finally {
      await Promise.all([server.stop(), roomy.stop(), full.stop()]);
    }
    addFigures(list, { bare, admitted, refused });
    return list;
  },
};

/** A controller whose one slot is taken for good. With a capacity of 1, its queue is full too. */
async function openFullStage(bench: Bench, name: string, queueCapacity: number): Promise<Stage> {
  const stage = await openStage(bench, { name: join(admission.name, name), targets: ['controller'], slots: 1, queueCapacity });
  const { port } = stage.target('controller');
  const connection = await HttpConnection.open(port);
  const wish = { modelRef, pace: 'silent', tokens: 10 } as const;
  await submitTask(connection, port, wish);
  if (queueCapacity === 1) await submitTask(connection, port, wish);
  connection.close();
  return stage;
}

function controllerOf(stage: Stage): Server {
  const { port, pid } = stage.target('controller');
  if (pid === null) throw new Error('The controller is a process.');
  return { port, pid };
}

type Server = { readonly port: number; readonly pid: number };

async function postMany({ port, pid }: Server, count: number, expected: number): Promise<Sample> {
  const connections = await Promise.all(Array.from({ length: clients }, () => HttpConnection.open(port)));
  const request = toPost('/v1/tasks', port, toTask(modelRef, 'silent', 10));
  let left = count;
  const before = { cpu: cpuMs(pid), at: performance.now() };
  await Promise.all(
    connections.map(async (connection) => {
      for (; left > 0; left -= 1) assertStatus(await connection.exchange({ request }), expected, 'POST /v1/tasks');
    }),
  );
  const sample = { perSecond: (count * 1_000) / (performance.now() - before.at), usCpu: ((cpuMs(pid) - before.cpu) * 1_000) / count };
  for (const connection of connections) connection.close();
  return sample;
}

function addFigures(list: FigureList, samples: Readonly<Record<'bare' | 'admitted' | 'refused', readonly Sample[]>>): void {
  const usCpu = (name: keyof typeof samples): readonly number[] => samples[name].map((sample) => sample.usCpu);
  const words = {
    bare: 'bare node:http with JSON',
    admitted: 'controller, admitted',
    refused: 'controller, refused (queue full)',
  } as const;
  for (const name of ['admitted', 'refused', 'bare'] as const) {
    list.add(
      words[name],
      'per second',
      samples[name].map(({ perSecond }) => perSecond),
    );
    list.add(words[name], 'µs CPU each', usCpu(name));
  }
  list.add('admitted over bare', '× CPU', pairwise(usCpu('admitted'), usCpu('bare'), ratio));
  list.add('refused over bare', '× CPU', pairwise(usCpu('refused'), usCpu('bare'), ratio));
}
