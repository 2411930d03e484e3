/**
 * Slots, queue and cancel of a real worker: two slots so long that nothing ends by itself within a test. The model was
 * trained for 1,024 tokens; what it writes beyond is noise, which does not matter here.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Answer, collect, eventually, get, member, metrics, post, stream } from './testing/client.ts';
import { startWorker, stopWorkers } from './testing/worker-process.ts';

const slotCtxTokens = 16_384;
const endless = { prompt: 'Tell me about the sea.', temperature: 0, ignore_eos: true };
const longPrompt = { prompt: Array.from({ length: 15_000 }, (_, at) => 300 + (at % 1000)), temperature: 0, n_predict: 1 };
let url = '';

beforeAll(async () => {
  ({ url } = await startWorker(['-c', String(2 * slotCtxTokens), '-np', '2', '--metrics']));
});
afterAll(stopWorkers);
afterEach(async () => {
  await eventually('no test leaves a slot busy', async () => (await busySlots()) === 0);
});

const slotList = async (): Promise<readonly unknown[]> => {
  const { body }: { readonly body: unknown } = await get(`${url}/slots`);
  return Array.isArray(body) ? Array.from<unknown>(body) : [];
};
const busySlots = async (): Promise<number> => (await slotList()).filter((slot) => member(slot, 'is_processing') === true).length;
const waiting = async (): Promise<number> => (await metrics(url)).get('requests_deferred') ?? -1;

/** A streamed request that a test can leave; `first` resolves with its first event. */
function begin(body: Record<string, unknown>): { readonly first: Promise<unknown>; readonly leave: () => Promise<void> } {
  const client = new AbortController();
  const events = stream(url, body, client.signal);
  const first = events.next();
  first.catch(() => {});
  return {
    first,
    leave: async () => {
      client.abort();
      await first.catch(() => {});
      await events.return(undefined).catch(() => {});
    },
  };
}

test('[ORCH-3019] shows busy slots, refuses with fail_on_no_slot when none is free, and queues the rest', async () => {
  const [one, two] = [begin(endless), begin(endless)];
  await Promise.all([one.first, two.first]);
  const three = begin(endless);
  await eventually('the third request waits', async () => (await waiting()) === 1);
  expect(await busySlots()).toBe(2);
  expect(await get(`${url}/slots?fail_on_no_slot=1`)).toMatchObject({
    status: 503,
    body: { error: { code: 503, message: 'no slot available', type: 'unavailable_error' } },
  });
  expect((await get(`${url}/health`)).status).toBe(200);
  expect((await metrics(url)).get('requests_processing')).toBe(2);
  await one.leave();
  await three.first;
  expect(await waiting()).toBe(0);
  await Promise.all([two.leave(), three.leave()]);
});

test('shows what a busy slot works on', async () => {
  const one = begin({ ...endless, n_predict: 5000, seed: 77, id_slot: 1 });
  await one.first;
  const [idle, busy] = await slotList();
  expect(idle).toMatchObject({ id: 0, n_ctx: slotCtxTokens, is_processing: false });
  expect(busy).toMatchObject({
    id: 1,
    is_processing: true,
    id_task: expect.any(Number),
    params: { seed: 77, n_predict: 5000 },
    next_token: [{ has_next_token: true, n_decoded: expect.any(Number), n_remain: expect.any(Number) }],
  });
  await one.leave();
});

test('lets a request for a busy slot wait while another slot is free', async () => {
  const one = begin({ ...endless, id_slot: 0 });
  await one.first;
  const same = begin({ ...endless, id_slot: 0 });
  await eventually('the second request waits', async () => (await waiting()) === 1);
  const other = await post(`${url}/completion`, { prompt: 'x', n_predict: 1, id_slot: 1 });
  expect(other.at('id_slot')).toBe(1);
  expect(await waiting()).toBe(1);
  await one.leave();
  await same.first;
  await same.leave();
});

test('decodes in all slots at once', async () => {
  const before = await metrics(url);
  const [left, right] = await Promise.all([0, 1].map((slot) => collect(stream(url, { ...endless, n_predict: 200, id_slot: slot }))));
  expect([left?.length, right?.length]).toEqual([201, 201]);
  const decodes = ((await metrics(url)).get('n_decode_total') ?? 0) - (before.get('n_decode_total') ?? 0);
  expect(decodes).toBeLessThan(300);
});

test('[ORCH-3017] frees the slot of a stream whose client leaves while it decodes, and counts its tokens then', async () => {
  const before = (await metrics(url)).get('tokens_predicted_total') ?? 0;
  const one = begin(endless);
  await one.first;
  expect((await metrics(url)).get('tokens_predicted_total')).toBe(before);
  await one.leave();
  await eventually('the slot is free', async () => (await busySlots()) === 0);
  expect((await metrics(url)).get('tokens_predicted_total')).toBeGreaterThan(before);
});

test('[ORCH-3017] frees the slot of a client that leaves in the middle of its prompt', async () => {
  const one = begin({ ...longPrompt, id_slot: 1, cache_prompt: false });
  const progress = async (): Promise<number> => Number(member((await slotList())[1], 'n_prompt_tokens_processed'));
  await eventually('the prompt is being computed', async () => (await progress()) > 0);
  await one.leave();
  await eventually('the slot is free', async () => (await busySlots()) === 0);
  const kept = Number(member((await slotList())[1], 'n_prompt_tokens'));
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(longPrompt.prompt.length);
});

test('[ORCH-3017] forgets a client that leaves the queue', async () => {
  const [one, two] = [begin(endless), begin(endless)];
  await Promise.all([one.first, two.first]);
  const predicted = (await metrics(url)).get('tokens_predicted_total');
  const three = begin(endless);
  await eventually('the third request waits', async () => (await waiting()) === 1);
  await three.leave();
  await eventually('nobody waits', async () => (await waiting()) === 0);
  expect(await busySlots()).toBe(2);
  expect((await metrics(url)).get('tokens_predicted_total')).toBe(predicted);
  await Promise.all([one.leave(), two.leave()]);
});

test('frees the slot of a client that leaves without having asked for a stream', async () => {
  const client = new AbortController();
  const answer: Promise<Answer | string> = post(`${url}/completion`, endless, client.signal).catch(() => 'left');
  await eventually('the request runs', async () => (await busySlots()) === 1);
  client.abort();
  expect(await answer).toBe('left');
  await eventually('the slot is free', async () => (await busySlots()) === 0);
});

test('goes on decoding for others while a long prompt is computed', async () => {
  const one = begin({ ...longPrompt, id_slot: 1, cache_prompt: false });
  await eventually('the prompt is being computed', async () => Number(member((await slotList())[1], 'n_prompt_tokens_processed')) > 0);
  const events = await collect(stream(url, { ...endless, n_predict: 10, id_slot: 0 }));
  expect(events).toHaveLength(11);
  expect(await busySlots()).toBe(1);
  await one.leave();
});

test('sends ping comments while a prompt is computed', async () => {
  const client = new AbortController();
  const response = await fetch(`${url}/completion`, {
    method: 'POST',
    body: JSON.stringify({ ...longPrompt, stream: true, sse_ping_interval: 1 }),
    signal: client.signal,
  });
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  expect(new TextDecoder().decode(value)).toBe(':\n\n');
  client.abort();
});
