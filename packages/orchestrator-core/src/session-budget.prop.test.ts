/** Accounts against plain sums: whatever happens to the tasks of a session, what is charged is what they used. */
/* oxlint-disable vitest/no-standalone-expect -- the checks run inside the properties below */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aConfig, aPool, aTenant, broken, Driver, succeeded } from './fixture.ts';

type Living = { readonly key: string; readonly session: string; readonly demand: number; readonly promptTokens: number; attempt: number };

const TOKENS = 300;
const COST = 500;
const PER_MINUTE = 1_000_000;

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('enqueue' as const),
      session: fc.constantFrom('s1', 's2'),
      promptTokens: fc.integer({ min: 0, max: 60 }),
      maxTokens: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('succeed', 'cancel', 'break', 'refused by its engine', 'progress'),
      index: fc.nat(),
      tokensIn: fc.integer({ min: 0, max: 90 }),
      tokensOut: fc.integer({ min: 0, max: 90 }),
    }),
  },
);

test('[ORCH-3099] [ORCH-3036] accounts and buckets hold exactly what was used, and nobody is admitted beyond them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const driver = new Driver(
        aConfig({
          pools: [aPool({ slots: 3, price: { perInputToken: 1, perOutputToken: 2, perSlotMs: 0 } })],
          defaultTenant: aTenant({ tokensPerMinute: PER_MINUTE, sessionBudgets: { tokens: TOKENS, slotMs: null, cost: COST } }),
        }),
      );
      const living: Living[] = [];
      const written = new Map<string, number>();
      const used = new Map([
        ['s1', { tokens: 0, cost: 0 }],
        ['s2', { tokens: 0, cost: 0 }],
      ]);
      const held = new Map<string, { tokens: number; cost: number }>();
      const heldBy = (session: string) => {
        const sum = { tokens: 0, cost: 0 };
        for (const task of living) {
          if (task.session !== session) continue;
          sum.tokens += held.get(task.key)?.tokens ?? 0;
          sum.cost += held.get(task.key)?.cost ?? 0;
        }
        return sum;
      };
      const over = (task: Living, tokensIn: number, tokensOut: number): void => {
        living.splice(living.indexOf(task), 1);
        const account = used.get(task.session);
        if (account === undefined) throw new Error('an unknown session');
        account.tokens += tokensIn + tokensOut;
        account.cost += tokensIn + 2 * tokensOut;
      };
      const running = (key: string): boolean => driver.scheduler.task(key, driver.nowMs)?.state === 'running';

      for (const [number, each] of steps.entries()) {
        if (each.kind === 'enqueue') {
          const { session, promptTokens, maxTokens } = each;
          const key = `k${number}`;
          const spent = used.get(session) ?? { tokens: 0, cost: 0 };
          const blocked = heldBy(session);
          const demand = { tokens: promptTokens + maxTokens, cost: promptTokens + 2 * maxTokens };
          const never = spent.tokens + demand.tokens > TOKENS || spent.cost + demand.cost > COST;
          const notNow = spent.tokens + blocked.tokens + demand.tokens > TOKENS || spent.cost + blocked.cost + demand.cost > COST;
          const answer = driver
            .enqueue({ taskKey: key, sessionKey: session, promptTokens, maxTokens })
            .find(({ kind }) => kind === 'accept' || kind === 'refuse');
          if (answer?.kind === 'accept') {
            expect(notNow, 'nobody is admitted beyond a budget').toBe(false);
            living.push({ key, session, demand: demand.tokens, promptTokens, attempt: 1 });
            held.set(key, demand);
          } else {
            expect(notNow, 'nobody is refused within one').toBe(true);
            const error = answer?.kind === 'refuse' ? answer.error : null;
            if (!never) expect(error).toBe('quota-exceeded');
            if (error === 'session-budget-spent') expect(never).toBe(true);
          }
        } else {
          const task = living[each.index % Math.max(1, living.length)];
          if (task === undefined) continue;
          const { tokensIn, tokensOut } = each;
          const ran = driver.scheduler.task(task.key, driver.nowMs)?.attempt !== 0;
          const seen = running(task.key) ? (written.get(`${task.key}#${task.attempt}`) ?? 0) : 0;
          if (each.kind === 'cancel') {
            driver.send({ kind: 'cancel', taskKey: task.key });
            driver.send({ kind: 'slotFreed', replicaId: 'a/1', taskKey: task.key, attempt: task.attempt });
            over(task, ran ? task.promptTokens : 0, seen);
          } else if (running(task.key)) {
            if (each.kind === 'progress') {
              driver.send({ kind: 'progress', taskKey: task.key, attempt: task.attempt, tokensOut });
              written.set(`${task.key}#${task.attempt}`, seen + tokensOut);
            } else if (each.kind === 'succeed') {
              driver.end(task.key, succeeded({ tokensIn, tokensOut }), task.attempt);
              over(task, tokensIn, tokensOut);
            } else {
              const outcome = each.kind === 'break' ? broken() : broken({ error: 'engine-rejected', mayRunAgain: false });
              const ends = driver
                .end(task.key, outcome, task.attempt)
                .some((effect) => effect.kind === 'finish' && effect.taskKey === task.key);
              if (ends) over(task, task.promptTokens, seen);
              else task.attempt += 1;
            }
          }
        }
        for (const [session, spent] of used) {
          const figures = driver.scheduler.session(session, driver.nowMs);
          if (figures === undefined) continue;
          const blocked = heldBy(session);
          expect(figures.budgetsLeft).toEqual({
            tokens: Math.max(0, TOKENS - spent.tokens - blocked.tokens),
            slotMs: null,
            cost: Math.max(0, COST - spent.cost - blocked.cost),
          });
        }
        const charged =
          [...used.values()].reduce((sum, { tokens }) => sum + tokens, 0) + living.reduce((sum, { demand }) => sum + demand, 0);
        const level = driver.scheduler.budgets(driver.nowMs).find(({ unit }) => unit === 'tokens')?.level ?? PER_MINUTE;
        expect(PER_MINUTE - level, 'the bucket lacks what was used and what is reserved, never less than nothing').toBe(charged);
      }
    }),
    { numRuns: Number(process.env['FC_RUNS'] ?? 150) },
  );
}, 60_000);
