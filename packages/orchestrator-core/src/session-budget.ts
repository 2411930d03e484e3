/**
 * What a session may use altogether, what its tasks hold of that while they live, and what they used (ORCH-3099). It knows no
 * tasks and no prices of its own: demands and usages come counted.
 */
import type { Price, SessionBudgets, SessionUsage } from './model.ts';

/** What one task used, as far as known. */
export type TaskUsage = { readonly tokensIn: number; readonly tokensOut: number; readonly slotMs: number };

/** One session's account. What is held is at most used, so the next task finds only what is surely left. */
export class SessionAccount {
  #used: SessionUsage = NOTHING;
  #held: SessionUsage = NOTHING;

  /** By tasks that ended. */
  get used(): SessionUsage {
    return this.#used;
  }

  /** By tasks that were admitted and have not ended. */
  get held(): SessionUsage {
    return this.#held;
  }

  /** What an earlier run of the controller had counted. */
  restore(used: SessionUsage): void {
    this.#used = used;
  }

  hold(demand: SessionUsage): void {
    this.#held = sum(this.#held, demand, 1);
  }

  /** A task ended: what it held is free, what it used is gone. */
  settle(held: SessionUsage, used: SessionUsage): void {
    this.#held = sum(this.#held, held, -1);
    this.#used = sum(this.#used, used, 1);
  }
}

const NOTHING: SessionUsage = { tokens: 0, slotMs: 0, cost: 0 };

/** A billionth of slack: sums of fractions must not keep the last task out. */
const SLACK = 1e-9;

export type BudgetCheck =
  | { readonly kind: 'fits' }
  /** `spent`: it would not fit what is left even when nothing were held, so waiting does not help. */
  | { readonly kind: 'spent' | 'held'; readonly budget: keyof SessionUsage; readonly allowed: number; readonly used: number };

/**
 * Whether a task fits what is left of each budget, in the order tokens, time, cost.
 *
 * @param account - `undefined` for a session that has none yet.
 * @req ORCH-3099
 */
export function checkBudgets(budgets: SessionBudgets, account: SessionAccount | undefined, demand: SessionUsage): BudgetCheck {
  const used = account?.used ?? NOTHING;
  const held = account?.held ?? NOTHING;
  for (const budget of ['tokens', 'slotMs', 'cost'] as const) {
    const allowed = budgets[budget];
    if (allowed === null || demand[budget] === 0) continue;
    const most = allowed * (1 + SLACK);
    if (used[budget] + demand[budget] > most) return { kind: 'spent', budget, allowed, used: used[budget] };
    if (used[budget] + held[budget] + demand[budget] > most) return { kind: 'held', budget, allowed, used: used[budget] + held[budget] };
  }
  return { kind: 'fits' };
}

/** What is left of each budget, never below 0; `null` where there is none. */
export function budgetsLeft(budgets: SessionBudgets, account: SessionAccount | undefined): SessionBudgets {
  const left = (budget: keyof SessionUsage): number | null => {
    const allowed = budgets[budget];
    return allowed === null ? null : Math.max(0, allowed - (account?.used[budget] ?? 0) - (account?.held[budget] ?? 0));
  };
  return { tokens: left('tokens'), slotMs: left('slotMs'), cost: left('cost') };
}

/** What a task used, at a price. */
export function toSessionUsage({ tokensIn, tokensOut, slotMs }: TaskUsage, price: Price): SessionUsage {
  const cost = tokensIn * price.perInputToken + tokensOut * price.perOutputToken + slotMs * price.perSlotMs;
  return { tokens: tokensIn + tokensOut, slotMs, cost };
}

/** Subtracting what was added leaves at least 0, whatever fractions do. */
function sum(a: SessionUsage, b: SessionUsage, sign: 1 | -1): SessionUsage {
  const of = (budget: keyof SessionUsage): number => Math.max(0, a[budget] + sign * b[budget]);
  return { tokens: of('tokens'), slotMs: of('slotMs'), cost: of('cost') };
}
