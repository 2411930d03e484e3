/** Budgets of sessions as a client meets them: headers, session info, `metrics` events, the refusal. */
import { expect, onTestFinished, test } from 'vitest';
import type { ErrorEnvelope, Session } from '@llama-orch/api-types';
import { createTestController, settle, type TestController } from './testing/test-controller.ts';

/** A prompt of one byte is counted as 9 tokens at most, so each of these may use 25. */
const body = { model_ref: 'm', prompt: 'p', max_tokens: 16 };

const model = { path: 'm.gguf', digest: `sha256:${'a'.repeat(64)}`, quant: 'Q8_0', ctx_limit: 1024 };

const submit = (t: TestController, fields: object = {}): Promise<Response> =>
  t.request('POST', '/v1/tasks', { body: { ...body, ...fields } });

const budgetHeadersOf = ({ headers }: Response): (string | null)[] =>
  ['tokens-remaining', 'time-remaining-ms', 'cost-remaining'].map((name) => headers.get(`x-budget-${name}`));

const budgetsOf = async (t: TestController, id: string): Promise<Session['budgets']> =>
  ((await (await t.request('GET', `/v1/sessions/${id}`)).json()) as Session).budgets;

test('[ORCH-3099] [ORCH-2004] what remains is shown in the headers of the 202 and in the session’s info', async () => {
  const t = createTestController({
    sessions: { budgets: { tokens: 100, time_ms: 60_000, cost: 10 } },
    models: { m: { ...model, price: { per_1k_tokens_in: 100, per_1k_tokens_out: 200 } } },
  });
  await t.ready('a');
  const id = '5f0f4b0e-2f63-4a41-8d53-0b1f6f1f5a11';
  const enqueue = () => submit(t, { task_id: '0b9b0a2e-7c1c-4c86-9d4e-6a3a1b7c9f10', session_id: id });
  const answer = await enqueue();
  // Less what the task may use at most; nothing was measured yet, so of time it holds next to nothing.
  expect(budgetHeadersOf(answer)).toEqual(['75', '59999', '5.9']);
  expect(await budgetsOf(t, id)).toEqual({ tokens_remaining: 75, time_ms_remaining: 59_999, cost_remaining: 5.9 });

  t.clock.now += 400;
  t.workers.last.start().tokens('one', 'two').end({ tokensIn: 4 });
  await settle();
  expect(await budgetsOf(t, id)).toEqual({ tokens_remaining: 94, time_ms_remaining: 59_600, cost_remaining: 9.2 });

  // The same enqueue again is the same task: it takes nothing, and shows what remains now.
  const again = await enqueue();
  expect([again.status, ...budgetHeadersOf(again)]).toEqual([202, '94', '59600', '9.2']);
});

test('[ORCH-3099] a spent budget refuses for good, names its limit, and another session is served', async () => {
  const t = createTestController({ sessions: { budgets: { tokens: 30 } } });
  await t.ready('a');
  const { session_id: id } = (await (await submit(t)).json()) as { session_id: string };
  const held = await submit(t, { session_id: id });
  expect([held.status, ((await held.json()) as ErrorEnvelope).retriable]).toEqual([429, true]);

  t.workers.last.start().tokens('one').end({ tokensIn: 9 });
  await settle();
  const spent = await submit(t, { session_id: id });
  expect([spent.status, budgetHeadersOf(spent)]).toEqual([429, [null, null, null]]);
  const envelope = (await spent.json()) as ErrorEnvelope;
  expect(envelope).toMatchObject({
    code: 'ADMISSION_REJECT',
    retriable: false,
    policy_label: 'reject',
    details: { limit: { name: 'session_tokens', value: 30 }, used: 10, needed: 25 },
  });
  expect(spent.headers.get('x-backoff-ms')).toBe(String(envelope.retry_after_ms));
  expect((await submit(t)).status).toBe(202);
  expect(await t.metric(/^tasks_rejected_total.*code="ADMISSION_REJECT"/)).toBe(2);
});

test('[ORCH-3099] a tenant’s own budgets go before those of all sessions', async () => {
  const t = createTestController({
    sessions: { budgets: { tokens: 30, time_ms: 1_000 } },
    tenants: [{ id: 'default', session_budgets: { tokens: 50 } }],
  });
  await t.ready('a');
  expect(budgetHeadersOf(await submit(t))).toEqual(['25', '999', null]);
});

test('[ORCH-3099] sessions without budgets send no headers and show null', async () => {
  const t = createTestController();
  await t.ready('a');
  const answer = await submit(t);
  expect(budgetHeadersOf(answer)).toEqual([null, null, null]);
  const { session_id: id } = (await answer.json()) as { session_id: string };
  expect(await budgetsOf(t, id)).toEqual({ tokens_remaining: null, time_ms_remaining: null, cost_remaining: null });
});

test('[ORCH-3099] [ORCH-3100] metrics events show what remains', async () => {
  const t = createTestController({ sessions: { budgets: { tokens: 100 } } });
  await t.ready('a');
  const server = await t.serve();
  onTestFinished(server.close);
  await submit(t);
  const { task_id: id } = (await (await submit(t)).json()) as { task_id: string };
  const response = await fetch(`${server.url}/v1/tasks/${id}/stream`);
  await expect.poll(() => t.controller.hub.count).toBe(1);
  t.clock.now += 6_000;
  t.controller.housekeep();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const text = new TextDecoder().decode((await reader.read()).value);
  expect(text).toContain('"budget":{"tokens_remaining":75,"time_ms_remaining":null,"cost_remaining":null}');
  await reader.cancel();
});
