import { connect } from 'node:net';
import type { TaskRequest } from '@llama-orch/api-types';
import { createClient, OrchApiError, type TaskEvent } from '@llama-orch/openapi-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { longPrompt, longTask, shortTask, variedPrompt } from './long-answers.ts';
import { readMetric } from './metric.ts';
import { drainArrived, openRaw } from './raw-http.ts';
import { createRandom, runSeed, type SeededRandom } from './seeded-random.ts';
import { type Stack, startStack } from './stack.ts';
import { readStream } from './stream-reader.ts';
import { startTokenGate, type TokenGate } from './token-gate.ts';
import { modelDigest } from './workspace.ts';

let stack: Stack;
let gate: TokenGate;
beforeAll(async () => {
  gate = await startTokenGate();
  // A second way to the worker of `haiku-a`, in a lane of its own.
  const gated = {
    id: 'gated',
    runtime: { kind: 'external', url: gate.url, digest: modelDigest },
    allow_cpu: false,
    sampler_profile_version: 'v1-greedy',
    queue: { capacity: 1, full_policy: 'drop-lru' },
  };
  const pools = [{ id: 'haiku-a' }, { id: 'haiku-b' }, { id: 'embed', workloads: ['embedding'] }, gated];
  stack = await startStack({ pools, queueCapacity: 4, ctxLimit: 4_096, awaitPools: ['haiku-a', 'haiku-b', 'embed'] });
  gate.openTo(stack.worker('haiku-a').url);
  await stack.untilReady(['gated']);
});
afterAll(async () => {
  await stack?.stop();
  await gate?.close();
});

const submit = async (request: TaskRequest): Promise<string> => (await stack.client.submit(request)).task_id;

/** The text of a task that nothing disturbs. */
async function undisturbed(request: TaskRequest): Promise<string> {
  const { result } = await stack.client.waitForResult(await submit(request), { pollMs: 50 });
  return result?.text ?? '';
}

const isBusy = async (workerUrl: string): Promise<boolean> => {
  const slots = (await (await fetch(`${workerUrl}/slots`)).json()) as readonly { readonly is_processing: boolean }[];
  return slots.some((slot) => slot.is_processing);
};

/** The engine itself shows its slot free within a second (ORCH-3017). */
async function expectFreed(poolId: string): Promise<void> {
  const { url } = stack.worker(poolId);
  await eventually(`the slot of ${poolId} to be free`, async () => !(await isBusy(url)), { withinMs: 1_000 });
}

test('[ORCH-2002] a worker held after its third token shows exactly three tokens at the client', async () => {
  const request = longTask(40, { sampler_profile_version: 'v1-greedy', seed: 1 });
  const whole = await undisturbed(request);
  gate.holdAfterTokens(3);
  const taskId = await submit(request);
  const reader = readStream(stack.client, taskId);
  await reader.untilTokens(3);
  // A task on the other worker goes all the way meanwhile: time passes, and nothing more comes.
  await undisturbed(shortTask({ pin_pool_id: 'haiku-b' }));
  expect(reader.tokenCount).toBe(3);
  expect(whole.startsWith(reader.text)).toBe(true);
  expect((await stack.client.task(taskId)).state).toBe('running');
  gate.release();
  await reader.untilEnd();
  expect(reader.text).toBe(whole);
});

test('[ORCH-3005] under drop-lru the oldest waiting task makes room, and its reader hears of it', async () => {
  const greedy = { sampler_profile_version: 'v1-greedy' };
  gate.holdAfterTokens(1);
  const running = readStream(stack.client, await submit(longTask(20, greedy)));
  await running.untilTokens(1);
  const victim = readStream(stack.client, await submit(shortTask(greedy)));
  const newcomer = readStream(stack.client, await submit(shortTask(greedy)));
  await victim.untilOver();
  expect(victim.events).toMatchObject([
    { event: 'error', data: { code: 'QUEUE_FULL_DROP_LRU', retriable: true, policy_label: 'drop-lru' } },
  ]);
  gate.release();
  await Promise.all([running.untilEnd(), newcomer.untilEnd()]);
});

test('[ORCH-2002] an embedding ends with one vector for each input, and no token', async () => {
  const inputs = ['rain on the roof', 'a cat sleeps', 'rain on the roof'];
  const reader = readStream(stack.client, await submit({ model_ref: 'haiku-tiny', workload: 'embedding', inputs }));
  const { embeddings } = await reader.untilEnd();
  expect(reader.events.map(({ event }) => event)).toEqual(['started', 'end']);
  expect(embeddings).toHaveLength(3);
  expect(embeddings?.[0]).toEqual(embeddings?.[2]);
  expect(embeddings?.[0]).not.toEqual(embeddings?.[1]);
});

test('[ORCH-2002] a worker that is stopped shows the client all it had written, and goes on where it was', async () => {
  const request = longTask(800, { seed: 11 });
  const whole = await undisturbed(request);
  const received = () => readMetric(`${stack.url}/metrics`, 'tokens_out_total');
  const before = await received();
  const reader = readStream(stack.client, await submit(request));
  const { pool_id: poolId } = await reader.untilStarted();
  await reader.untilTokens(3);
  stack.signalWorker(poolId, 'SIGSTOP');
  let looks = 0;
  await eventually('the client to have every token that the controller got', async () => {
    const count = reader.tokenCount;
    const same = (await received()) - before === count && reader.tokenCount === count;
    looks = same ? looks + 1 : 0;
    return looks >= 5;
  });
  expect(reader.tokenCount).toBeGreaterThanOrEqual(3);
  expect(reader.tokenCount).toBeLessThan(800);
  expect(whole.startsWith(reader.text)).toBe(true);
  stack.signalWorker(poolId, 'SIGCONT');
  await reader.untilEnd();
  expect(reader.text).toBe(whole);
});

test('[ORCH-3026] a task canceled in the queue never starts', async () => {
  const running = await Promise.all([submit(longTask(3_000)), submit(longTask(3_000))]);
  const readers = running.map((id) => readStream(stack.client, id));
  await Promise.all(readers.map((reader) => reader.untilTokens(1)));
  const queued = await submit(shortTask());
  expect(await stack.client.task(queued)).toMatchObject({ state: 'queued', attempts: 0 });
  const reader = readStream(stack.client, queued);
  await stack.client.cancel(queued);
  expect(await stack.client.task(queued)).toMatchObject({ state: 'canceled', attempts: 0, started: null });
  await reader.untilOver();
  expect(reader.events.map(({ event }) => event)).toEqual(['end']);
  expect(reader.events[0]?.data).toMatchObject({ finish_reason: 'canceled', stream_digest: null });
  await Promise.all(running.map((id) => stack.client.cancel(id)));
  await Promise.all(readers.map((each) => each.untilEnd()));
  await Promise.all(['haiku-a', 'haiku-b'].map(expectFreed));
});

test('[ORCH-3017] a task canceled while its prompt is read gives no token and frees its slot within a second', async () => {
  const { url } = stack.worker('haiku-b');
  const taskId = await submit({
    model_ref: 'haiku-tiny',
    prompt: longPrompt(3_000),
    max_tokens: 16,
    sampler_profile_version: 'v1',
    pin_pool_id: 'haiku-b',
  });
  const reader = readStream(stack.client, taskId);
  await eventually('the engine to read the prompt', () => isBusy(url));
  expect(reader.tokenCount).toBe(0);
  await stack.client.cancel(taskId);
  await expectFreed('haiku-b');
  await reader.untilOver();
  expect(reader.events.map(({ event }) => event).filter((event) => event !== 'started')).toEqual(['end']);
  expect(reader.events.at(-1)?.data).toMatchObject({ finish_reason: 'canceled' });
});

test('[ORCH-3026] after the 204 of a cancel no token of a decoding task reaches any socket, and its slot is free within a second', async () => {
  const taskId = await submit(longTask(3_000, { pin_pool_id: 'haiku-b' }));
  const streams = await Promise.all([openRaw(stack.url), openRaw(stack.url), openRaw(stack.url)]);
  for (const stream of streams) stream.send(`GET /v1/tasks/${taskId}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  const tokens = (text: string): number => text.split('event: token').length - 1;
  await eventually('tokens on every stream', () => streams.every(({ received }) => tokens(received) >= 5));
  await stack.client.cancel(taskId);
  await drainArrived();
  const atAnswer = streams.map(({ received }) => received.length);
  await expectFreed('haiku-b');
  await eventually('the end on every stream', () => streams.every(({ received }) => received.includes('event: end')));
  streams.forEach(({ received }, index) => expect(received.slice(atAnswer[index])).not.toContain('event: token'));
  for (const stream of streams) stream.close();
  expect(await stack.client.task(taskId)).toMatchObject({ state: 'canceled', result: { finish_reason: 'canceled', text: null } });
  // The slot serves again.
  expect(await undisturbed(shortTask({ pin_pool_id: 'haiku-b', seed: 5 }))).not.toBe('');
});

test('[ORCH-2003] a cancel is idempotent, and without effect once a task has ended', async () => {
  const taskId = await submit(shortTask());
  const before = await stack.client.waitForResult(taskId, { pollMs: 20 });
  await stack.client.cancel(taskId);
  await stack.client.cancel(taskId);
  expect(await stack.client.task(taskId)).toEqual(before);
  expect(before.state).toBe('succeeded');
});

/** A task whose answer is long and says something else everywhere, with that answer. What the model makes of a prompt is not ours to choose. */
async function longVariedTask(random: SeededRandom): Promise<{ readonly request: TaskRequest; readonly text: string }> {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const request = longTask(600, { prompt: variedPrompt(random), seed: random.between(0, 1_000_000) });
    const text = await undisturbed(request);
    if (text.length >= 500 && new Set(text.match(/.{1,20}/gs)).size >= 20) return { request, text };
  }
  throw new Error('expected one of 30 prompts to have a long, varied answer');
}

test('[ORCH-2010] reconnects at 50 random events give byte-equal text, live and from the log', async () => {
  const seed = runSeed(process.env);
  const random = createRandom(seed);
  const why = `repeat with E2E_SEED=${seed}`;
  const { request, text: whole } = await longVariedTask(random);
  const taskId = await submit(request);

  // Live: each connection is cut after a few events.
  const events: TaskEvent[] = [];
  let connections = 0;
  let lastEventId: string | undefined;
  while (events.at(-1)?.event !== 'end') {
    let left = connections < 50 ? random.between(1, 8) : Number.POSITIVE_INFINITY;
    connections += 1;
    for await (const event of stack.client.streamTask(taskId, lastEventId === undefined ? {} : { lastEventId })) {
      if (event.id === null) continue;
      events.push(event);
      lastEventId = event.id;
      left -= 1;
      if (left === 0) break;
    }
  }
  expect(connections, why).toBeGreaterThan(50);
  const textOf = (list: readonly TaskEvent[]): string => list.map((event) => (event.event === 'token' ? event.data.t : '')).join('');
  expect(textOf(events), why).toBe(whole);
  const indexes = events.flatMap((event) => (event.event === 'token' ? [event.data.i] : []));
  expect(indexes, why).toEqual(indexes.map((_, i) => i));

  // From the log: what follows each of 50 events is what followed it before.
  for (let nth = 0; nth < 50; nth += 1) {
    const at = random.between(0, events.length - 2);
    const rest: TaskEvent[] = [];
    for await (const event of stack.client.streamTask(taskId, { lastEventId: events[at]?.id ?? '' })) rest.push(event);
    expect(textOf(rest), `${why}, event ${at}`).toBe(textOf(events.slice(at + 1)));
    expect(rest.at(-1)).toEqual(events.at(-1));
  }
});

test('[ORCH-2002] clients that never read cost no memory, and nobody else waits for them', async () => {
  const rss = () => readMetric(`${stack.url}/metrics`, 'process_resident_memory_bytes');
  const subscribers = () => readMetric(`${stack.url}/metrics`, 'stream_subscribers', { labels: { engine: 'llamacpp' } });
  const taskId = await submit(longTask(1_500, { seed: 3 }));
  const reader = readStream(stack.client, taskId);
  await reader.untilEnd();
  const whole = reader.text;
  const streamBytes = Buffer.byteLength(await (await fetch(`${stack.url}/v1/tasks/${taskId}/stream`)).text());

  const before = await rss();
  // Each asks for the stream so often that the system's own buffers cannot hold the answers.
  const asks = 120;
  const clients = Array.from({ length: 12 }, () => connect(Number(new URL(stack.url).port), '127.0.0.1'));
  for (const socket of clients) {
    socket.on('error', () => socket.destroy());
    socket.write(`GET /v1/tasks/${taskId}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(asks));
  }
  await eventually('a stream for every client', async () => (await subscribers()) >= clients.length);
  const fresh = readStream(stack.client, taskId);
  await fresh.untilEnd();
  expect(fresh.text).toBe(whole);
  expect(await undisturbed(shortTask())).not.toBe('');
  const grown = (await rss()) - before;
  const asked = clients.length * asks * streamBytes;
  expect(asked).toBeGreaterThan(100 * 2 ** 20);
  expect(grown, `${clients.length} clients asked for ${asked} bytes`).toBeLessThan(64 * 2 ** 20);
  for (const socket of clients) socket.destroy();
  await eventually('no stream left', async () => {
    const text = await (await fetch(`${stack.url}/metrics`)).text();
    return !/^stream_subscribers\{.*\} [1-9]/m.test(text);
  });
});

test('[ORCH-3008] two replicas both take work', async () => {
  const readers = await Promise.all([1, 2].map(async (seed) => readStream(stack.client, await submit(longTask(1_000, { seed })))));
  const started = await Promise.all(readers.map((reader) => reader.untilStarted()));
  expect(started.map(({ replica_id: id }) => id).toSorted()).toEqual(['haiku-a/1', 'haiku-b/1']);
  await Promise.all(readers.map((reader) => reader.untilEnd()));
});

test('[ORCH-3009] a session stays on its replica when that is free, and does not wait when it is busy', async () => {
  const first = await stack.client.submit(shortTask());
  const session = { session_id: first.session_id, determinism: 'best_effort' as const };
  const home = await readStream(stack.client, first.task_id).untilStarted();
  await stack.client.waitForResult(first.task_id, { pollMs: 20 });
  for (let turn = 2; turn <= 4; turn += 1) {
    // The other replica has done less, so only the session speaks for this one.
    const reader = readStream(stack.client, await submit(shortTask(session)));
    expect((await reader.untilStarted()).replica_id).toBe(home.replica_id);
    await reader.untilEnd();
  }
  expect(await stack.client.session(first.session_id)).toMatchObject({ turns: 4, replica_id: home.replica_id });

  const occupier = readStream(stack.client, await submit(longTask(2_000, { pin_pool_id: home.pool_id })));
  await occupier.untilTokens(1);
  const moved = readStream(stack.client, await submit(shortTask(session)));
  const elsewhere = await moved.untilStarted();
  expect(elsewhere.replica_id).not.toBe(home.replica_id);
  expect(elsewhere.kv_warmth).toBe(false);
  await moved.untilEnd();
  expect(occupier.events.at(-1)?.event).toBe('token');
  await occupier.untilEnd();
});

test('[ORCH-2007] 200 tasks against a queue of 8 all end, the refused ones sent again after the advised wait', async () => {
  let refusals = 0;
  const counting = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    if (response.status === 429) {
      refusals += 1;
      expect(Number(response.headers.get('x-backoff-ms'))).toBeGreaterThan(0);
      expect(Number(response.headers.get('retry-after'))).toBe(Math.ceil(Number(response.headers.get('x-backoff-ms')) / 1_000));
      expect(await response.clone().json()).toMatchObject({ code: 'ADMISSION_REJECT', retriable: true, policy_label: 'reject' });
    }
    return response;
  };
  const client = createClient({ baseUrl: stack.url, fetch: counting });
  const replicas = new Set<string>();
  const ends = await Promise.all(
    Array.from({ length: 200 }, async (_, seed) => {
      const { task_id: taskId } = await client.submitWhenAdmitted(shortTask({ seed }), { maxAttempts: 1_000 });
      // The client checks that no text was lost or doubled on the way.
      const reader = readStream(client, taskId);
      const end = await reader.untilEnd();
      replicas.add((await reader.untilStarted()).replica_id);
      return `${taskId} ${end.finish_reason}`;
    }),
  );
  expect(new Set(ends).size).toBe(200);
  expect(ends.every((end) => /(stop|length)$/.test(end))).toBe(true);
  expect(refusals).toBeGreaterThan(0);
  expect(replicas.size).toBe(2);
});

test('[ORCH-2007] a full queue refuses with the position and the advised wait', async () => {
  const ids = await Promise.all(Array.from({ length: 10 }, () => submit(longTask(1_500))));
  const refused = await stack.client.submit(shortTask()).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(OrchApiError);
  expect(refused).toMatchObject({ status: 429, retriable: true, envelope: { code: 'ADMISSION_REJECT', policy_label: 'reject' } });
  await Promise.all(ids.map((id) => stack.client.cancel(id)));
});
