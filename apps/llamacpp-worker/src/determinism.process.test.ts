/** [ORCH-3045] on the real model: text depends on prompt, parameters and seed alone, not on slots, load, cache or process. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, post, stream } from './testing/client.ts';
import { startWorker, stopWorkers } from './testing/worker-process.ts';

let single = '';
let parallel = '';
beforeAll(async () => {
  const workers = await Promise.all([startWorker(['-c', '1024', '-np', '1']), startWorker(['-c', '4096', '-np', '4'])]);
  [single = '', parallel = ''] = workers.map((worker) => worker.url);
});
afterAll(stopWorkers);

/** Long enough that flash attention leaves its short path, with an answer as long as the context allows. */
const longText = Array.from(
  { length: 24 },
  (_, nth) => `the ${nth} old pine waits in snow and a fox sings "x${nth}k2" near the stone.`,
).join(' ');
const bodies = [
  ...[1, 2, 3, 4, 5, 6].map((seed) => ({ prompt: 'Tell me about the sea.\n', temperature: 0.7, seed, n_predict: 60 })),
  { prompt: 'Tell me about the sea.\n', temperature: 0, n_predict: 60 },
  { prompt: 'Tell me about the sea.\n', temperature: 0.7, seed: 0, n_predict: 60, repeat_penalty: 1.3, presence_penalty: 0.2 },
  { prompt: longText, temperature: 0.9, seed: 42, n_predict: 150, ignore_eos: true },
  { prompt: longText, temperature: 0, n_predict: 150, ignore_eos: true },
];

async function textOf(url: string, body: object): Promise<string> {
  const answer = await post(`${url}/completion`, body);
  expect(answer.status).toBe(200);
  return String(answer.at('content'));
}

async function alone(): Promise<string[]> {
  const texts: string[] = [];
  for (const body of bodies) texts.push(await textOf(single, { ...body, cache_prompt: false }));
  return texts;
}

test('[ORCH-3045] equal seeds give equal text in another process, at every slot, under load, with and without the cache', async () => {
  const wanted = await alone();
  expect(await alone()).toEqual(wanted);

  const load = new AbortController();
  const noise = [0, 1].map((nth) =>
    (async () => {
      for (let seed = 0; !load.signal.aborted; seed++) {
        await collect(stream(parallel, { prompt: longText.slice(nth * 50, 300 + nth * 400 + seed), seed, n_predict: 40 }, load.signal));
      }
    })().catch(() => {}),
  );
  const runs = [0, 1, 2, 3].flatMap((idSlot) =>
    bodies.map((body, nth) => ({ body: { ...body, id_slot: idSlot, cache_prompt: idSlot % 2 === 0 }, nth })),
  );
  const texts = await Promise.all(runs.map(async ({ body, nth }) => ({ nth, text: await textOf(parallel, body) })));
  load.abort();
  await Promise.all(noise);
  for (const { nth, text } of texts) expect(text).toBe(wanted[nth]);
});

test('[ORCH-3045] unlike seeds give unlike text, and so does no seed', async () => {
  const seeded = await Promise.all(
    Array.from({ length: 12 }, (_, seed) =>
      textOf(parallel, { prompt: 'Tell me about the sea.\n', temperature: 0.7, seed, n_predict: 60 }),
    ),
  );
  expect(new Set(seeded).size).toBe(12);
  const body = { prompt: 'Tell me about the sea.\n', temperature: 0.7, n_predict: 60 };
  const unseeded = await Promise.all([{}, {}, { seed: -1 }, { seed: 4_294_967_295 }].map((seed) => textOf(parallel, { ...body, ...seed })));
  expect(new Set(unseeded).size).toBeGreaterThan(1);
});
