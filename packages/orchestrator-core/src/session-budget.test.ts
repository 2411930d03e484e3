/** Budgets of sessions, and what a task is charged in the end, seen from outside the scheduler. */
import { expect, test } from 'vitest';
import type { TaskEnd } from './effect.ts';
import { aConfig, aPool, aReplica, aTenant, broken, Driver, only, succeeded } from './fixture.ts';
import type { Price, SessionBudgets, SessionUsage } from './model.ts';

const none: SessionBudgets = { tokens: null, slotMs: null, cost: null };
const free: Price = { perInputToken: 0, perOutputToken: 0, perSlotMs: 0 };

const aDriver = (budgets: Partial<SessionBudgets>, price: Partial<Price> = {}, slots = 4): Driver =>
  new Driver(
    aConfig({
      pools: [aPool({ slots, price: { ...free, ...price } })],
      defaultTenant: aTenant({ sessionBudgets: { ...none, ...budgets } }),
    }),
  );

/** A task of session `s` that reads 10 tokens and may write 20. */
const inSession = (taskKey: string) => ({ taskKey, sessionKey: 's', promptTokens: 10, maxTokens: 20 });
const left = (driver: Driver): SessionBudgets | undefined => driver.scheduler.session('s', driver.nowMs)?.budgetsLeft;

test('[ORCH-3099] a task that the session’s tokens do not cover is refused for good, and the limit is named', () => {
  const driver = aDriver({ tokens: 50 });
  only(driver.enqueue(inSession('a')), 'accept');
  driver.end('a', succeeded({ tokensIn: 12, tokensOut: 13 }));
  expect(left(driver)).toEqual({ ...none, tokens: 25 });
  const refusal = only(driver.enqueue(inSession('b')), 'refuse');
  expect(refusal).toMatchObject({ error: 'session-budget-spent', policyLabel: 'reject' });
  expect(refusal.details).toEqual({ limit: 'session_tokens', allowed: 50, used: 25, needed: 30 });
  only(driver.enqueue({ ...inSession('c'), maxTokens: 15 }), 'accept');
  only(driver.enqueue({ ...inSession('d'), sessionKey: 'another' }), 'accept');
});

test('[ORCH-3099] tokens that living tasks only hold refuse for a while', () => {
  const driver = aDriver({ tokens: 50 });
  driver.enqueue(inSession('a'));
  expect(left(driver)).toEqual({ ...none, tokens: 20 });
  const refusal = only(driver.enqueue(inSession('b')), 'refuse');
  expect(refusal).toMatchObject({ error: 'quota-exceeded', details: { limit: 'session_tokens', allowed: 50, used: 30, needed: 30 } });
  expect(refusal.retryAfterMs).toBeGreaterThan(0);
  driver.end('a', succeeded({ tokensIn: 10, tokensOut: 5 }));
  only(driver.enqueue(inSession('b')), 'accept');
});

test('[ORCH-3099] slot time is spent by what a task really took', () => {
  const driver = aDriver({ slotMs: 1000 });
  driver.enqueue(inSession('a'));
  driver.wait(600).end('a');
  expect(left(driver)).toEqual({ ...none, slotMs: 400 });
  // By now the lane knows that such a task takes 600 ms.
  const refusal = only(driver.enqueue(inSession('b')), 'refuse');
  expect(refusal).toMatchObject({ error: 'session-budget-spent', details: { limit: 'session_time_ms', allowed: 1000, used: 600 } });
});

test('[ORCH-3099] before anything was measured a task needs only some time left', () => {
  const driver = aDriver({ slotMs: 1 });
  expect(only(driver.enqueue(inSession('a')), 'accept').taskKey).toBe('a');
});

test('[ORCH-3099] cost is tokens and slot time at the model’s price', () => {
  const driver = aDriver({ cost: 10 }, { perInputToken: 0.1, perOutputToken: 0.2, perSlotMs: 0.01 });
  driver.enqueue(inSession('a'));
  expect(left(driver)?.cost).toBeCloseTo(10 - 10 * 0.1 - 20 * 0.2 - 0.01);
  driver.wait(100).end('a', succeeded({ tokensIn: 10, tokensOut: 5 }));
  expect(left(driver)?.cost).toBeCloseTo(10 - 1 - 1 - 1);
});

test('[ORCH-3099] a model without a price is served though the cost is spent', () => {
  const driver = aDriver({ cost: 1 });
  driver.enqueue(inSession('a'));
  driver.wait(60_000).end('a');
  expect(only(driver.enqueue(inSession('b')), 'accept').taskKey).toBe('b');
});

test('[ORCH-3099] what the client did not get is not charged: canceled in the queue, dropped, broken attempts', () => {
  const driver = aDriver({ tokens: 1000, slotMs: 100_000 }, {}, 1);
  driver.enqueue(inSession('a'));
  driver.enqueue(inSession('b'));
  driver.wait(700).send({ kind: 'cancel', taskKey: 'b' });
  expect(left(driver)).toEqual({ tokens: 970, slotMs: 99_999, cost: null });
  driver.end('a', broken());
  driver.wait(1000).tick();
  driver.wait(50).end('a', succeeded({ tokensIn: 10, tokensOut: 5 }), 2);
  expect(driver.scheduler.session('s', driver.nowMs)?.used).toEqual({ tokens: 15, slotMs: 50, cost: 0 });
});

test('[ORCH-3099] [ORCH-3036] a task stopped in the middle is charged what was seen of it', () => {
  const driver = aDriver({ tokens: 1000, slotMs: 100_000 });
  driver.enqueue(inSession('a'));
  driver.wait(300).send({ kind: 'progress', taskKey: 'a', attempt: 1, tokensOut: 7 });
  driver.send({ kind: 'cancel', taskKey: 'a' });
  expect(driver.scheduler.session('s', driver.nowMs)?.used).toEqual({ tokens: 17, slotMs: 300, cost: 0 });
});

test('[ORCH-3099] a deleted session begins anew, a rolled over one does not', () => {
  const driver = aDriver({ tokens: 100 });
  const { maxTurns } = aConfig().sessions;
  for (let turn = 0; turn <= maxTurns; turn++) {
    only(driver.enqueue(inSession(`t${turn}`)), 'accept');
    driver.end(`t${turn}`, succeeded({ tokensIn: 1, tokensOut: 1 }));
  }
  expect(driver.scheduler.session('s', driver.nowMs)).toMatchObject({ turns: 1, budgetsLeft: { tokens: 100 - 2 * (maxTurns + 1) } });
  driver.send({ kind: 'sessionDeleted', sessionKey: 's' });
  driver.enqueue(inSession('again'));
  expect(left(driver)).toEqual({ ...none, tokens: 70 });
});

test('[ORCH-3099] a reload binds at once, and sessions without budgets show none', () => {
  const driver = aDriver({});
  driver.enqueue(inSession('a'));
  expect(left(driver)).toEqual(none);
  driver.send({ kind: 'configured', config: aConfig({ defaultTenant: aTenant({ sessionBudgets: { ...none, tokens: 40 } }) }) });
  expect(left(driver)).toEqual({ ...none, tokens: 40 });
  // What was admitted without budgets is not counted.
  only(driver.enqueue(inSession('b')), 'accept');
  only(driver.enqueue(inSession('c')), 'refuse');
});

test('[ORCH-3099] [ORCH-3302] what a session had used is known after a restart', () => {
  const before = aDriver({ tokens: 50 });
  before.enqueue(inSession('a'));
  before.end('a', succeeded({ tokensIn: 10, tokensOut: 15 }));
  const figures = before.scheduler.session('s', before.nowMs);
  const used = figures?.used as SessionUsage;
  const after = new Driver(aConfig({ defaultTenant: aTenant({ sessionBudgets: { ...none, tokens: 50 } }) }), []);
  const session = { sessionKey: 's', turns: 1, lastUsedMs: 0, account: { tenantId: 't', used } };
  after.send({ kind: 'restored', state: { tasks: [], sessions: [session], budgets: [], spends: [] } });
  after.send({ kind: 'replicaUp', replica: aReplica() });
  expect(left(after)).toEqual({ ...none, tokens: 25 });
  only(after.enqueue(inSession('b')), 'refuse');
});

test('[ORCH-3036] tokens per minute are settled with what the engine counted, up and down', () => {
  const driver = new Driver(aConfig({ pools: [aPool({ slots: 4 })], defaultTenant: aTenant({ tokensPerMinute: 100 }) }));
  const level = (): number => driver.scheduler.budgets(driver.nowMs).find(({ unit }) => unit === 'tokens')?.level ?? 100;
  const end = (key: string, tokensIn: number, tokensOut: number): TaskEnd =>
    only(driver.end(key, succeeded({ tokensIn, tokensOut })), 'finish').end;
  driver.enqueue({ taskKey: 'a', promptTokens: 40, maxTokens: 20 });
  expect(level()).toBe(40);
  // Its prompt was counted by its bytes: the engine saw fewer tokens.
  end('a', 12, 3);
  expect(level()).toBe(85);
  driver.enqueue({ taskKey: 'b', promptTokens: 10, maxTokens: 20 });
  end('b', 90, 20);
  expect(level()).toBe(-25);
  expect(only(driver.enqueue({ taskKey: 'c' }), 'refuse')).toMatchObject({
    error: 'rate-limited',
    details: { limit: 'tokens_per_minute' },
  });
});
