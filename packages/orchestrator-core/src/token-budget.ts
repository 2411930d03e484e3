/** Whether a prompt and its answer fit a context (ORCH-3014, 3015). It counts nothing itself: tokens come counted. */
import type { TaskSpec } from './model.ts';

/** Tokens of an answer when the client names no `max_tokens`, as far as the context leaves them. */
export const DEFAULT_MAX_TOKENS = 256;

export type TokenBudget =
  | { readonly kind: 'fits'; readonly ctxTokens: number; readonly maxTokens: number }
  | { readonly kind: 'ctx-above-limit'; readonly limit: number }
  | { readonly kind: 'prompt-too-long'; readonly promptTokens: number; readonly maxTokens: number; readonly ctxTokens: number };

/**
 * Fit a task into a lane's context.
 *
 * 1. `ctx` above the lane's → `ctx-above-limit`.
 * 2. `completion`: prompt + `max_tokens` within `ctx`; the default is 256 or what is left, and something must be left.
 * 3. Other workloads write no tokens (`maxTokens: 0`): the prompt alone must fit.
 *
 * @param laneCtxTokens - Context of one slot, tokens.
 * @req ORCH-3014, ORCH-3015
 */
export function fitTokens(laneCtxTokens: number, task: TaskSpec): TokenBudget {
  // 1
  if (task.ctxTokens !== null && task.ctxTokens > laneCtxTokens) return { kind: 'ctx-above-limit', limit: laneCtxTokens };
  const ctxTokens = task.ctxTokens ?? laneCtxTokens;
  const { promptTokens } = task;
  const left = ctxTokens - promptTokens;
  // 2
  if (task.workload === 'completion') {
    const maxTokens = task.maxTokens ?? Math.min(DEFAULT_MAX_TOKENS, Math.max(1, left));
    if (maxTokens > left) return { kind: 'prompt-too-long', promptTokens, maxTokens, ctxTokens };
    return { kind: 'fits', ctxTokens, maxTokens };
  }
  // 3
  if (left < 0) return { kind: 'prompt-too-long', promptTokens, maxTokens: 0, ctxTokens };
  return { kind: 'fits', ctxTokens, maxTokens: 0 };
}
