/**
 * What remains of a session's budgets, as session info, `metrics` events and headers show it. Pure reads.
 */
import type { Budgets } from '@llama-orch/api-types';
import type { SessionFigures } from '@llama-orch/orchestrator-core';

/** Fractions of a cost unit that are still shown. */
const costDigits = 6;

/** @req ORCH-2004, ORCH-3099 */
export const toBudgets = ({ budgetsLeft }: SessionFigures): Budgets => ({
  tokens_remaining: whole(budgetsLeft.tokens),
  time_ms_remaining: whole(budgetsLeft.slotMs),
  cost_remaining: budgetsLeft.cost === null ? null : Number(budgetsLeft.cost.toFixed(costDigits)),
});

/** `null` where the session has no budget at all. */
export const budgetsOf = (figures: SessionFigures | undefined): Budgets | null => {
  if (figures === undefined) return null;
  const budgets = toBudgets(figures);
  return Object.values(budgets).every((left) => left === null) ? null : budgets;
};

/** One header for each budget there is. */
export const budgetHeaders = (figures: SessionFigures | undefined): Record<string, string> => {
  const budgets = budgetsOf(figures);
  const headers: Record<string, string> = {};
  if (budgets === null) return headers;
  const { tokens_remaining: tokens, time_ms_remaining: timeMs, cost_remaining: cost } = budgets;
  if (tokens !== null) headers['x-budget-tokens-remaining'] = String(tokens);
  if (timeMs !== null) headers['x-budget-time-remaining-ms'] = String(timeMs);
  if (cost !== null) headers['x-budget-cost-remaining'] = String(cost);
  return headers;
};

const whole = (left: number | null): number | null => (left === null ? null : Math.floor(left));
