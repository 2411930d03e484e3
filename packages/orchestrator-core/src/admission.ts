/**
 * Who is admitted, and why not (spec 4.2, 4.4). Pure: it reads lanes and tenants and answers with values; the scheduler
 * takes from buckets and queues only after the last answer was yes.
 */
import type { ErrorKind } from '@llama-orch/api-types';
import { CLASSES } from './fairness.ts';
import { forecastWaitMs, gapMs } from './forecast.ts';
import type { Lane, Pool } from './lane.ts';
import type { FullPolicy, SessionUsage, TaskSpec } from './model.ts';
import { chooseReplica } from './placement.ts';
import type { TokenBucket } from './rate-limit.ts';
import type { Replica } from './replica.ts';
import type { Session } from './session.ts';
import { checkBudgets, toSessionUsage } from './session-budget.ts';
import type { Task } from './task.ts';
import type { Tenant } from './tenant.ts';
import { fitTokens } from './token-budget.ts';

export type Refusal = {
  readonly kind: 'refused';
  readonly error: ErrorKind;
  readonly message: string;
  readonly retryAfterMs: number | null;
  readonly policyLabel: FullPolicy | null;
  readonly queuePosition: number | null;
  readonly details: Readonly<Record<string, unknown>>;
};

/** A lane that can serve the task, and the tokens in force there. */
export type LaneFit = { readonly lane: Lane; readonly ctxTokens: number; readonly maxTokens: number };

export type Candidates = { readonly kind: 'candidates'; readonly fits: readonly LaneFit[] };

/**
 * The lanes that could ever serve a task; refused by the first demand that no lane meets any more.
 *
 * 1. No lane of the model → `unknown-model`.
 * 2. Workload, engine, pinned pool → `model-not-served`.
 * 3. `strict` needs a lane that is not `none` → `determinism-not-served`.
 * 4. Sampler profile → `unknown-sampler-profile`.
 * 5. `ctx` → `ctx-above-limit`.
 * 6. Prompt and answer → `prompt-too-long`.
 *
 * @param lanes - All lanes of the task's model.
 * @param pinned - The pool that the task is pinned to; `null` when it is to none, or to one that nobody configured.
 * @req ORCH-3014, ORCH-3015, ORCH-3061
 */
export function findCandidates(lanes: readonly Lane[], task: TaskSpec, pinned: Pool | null): Candidates | Refusal {
  let fits: LaneFit[] | null = null;
  /** The first demand that no lane has met so far. */
  let unmet = 1;
  let limit = 0;
  let tooLong: TooLong | null = null;
  for (const lane of lanes) {
    const met = meets(lane, task, pinned);
    unmet = Math.max(unmet, met + 1);
    if (met < 4) continue;
    const budget = fitTokens(lane.shape.ctxTokens, task);
    if (budget.kind === 'fits') {
      const fit = { lane, ctxTokens: budget.ctxTokens, maxTokens: budget.maxTokens };
      // Mostly there is one: a literal fits it exactly, a push makes room for seventeen.
      if (fits === null) fits = [fit];
      else fits.push(fit);
    } else if (budget.kind === 'ctx-above-limit') limit = Math.max(limit, budget.limit);
    else if (tooLong === null || budget.ctxTokens > tooLong.ctxTokens) tooLong = budget;
  }
  return fits !== null ? { kind: 'candidates', fits } : refuseCandidates(unmet, lanes, task, pinned, limit, tooLong);
}

type TooLong = { readonly promptTokens: number; readonly maxTokens: number; readonly ctxTokens: number };

/** The last demand of {@link findCandidates} up to 4 that this lane meets, all before it included. */
function meets(lane: Lane, task: TaskSpec, pinned: Pool | null): 1 | 2 | 3 | 4 {
  const { shape } = lane;
  const serves =
    shape.workloads.includes(task.workload) &&
    (task.engine === null || shape.engine === task.engine) &&
    (task.pinPoolId === null || pinned?.lane === lane);
  if (!serves) return 1;
  if (task.determinism === 'strict' && shape.determinism === 'none') return 2;
  return task.samplerProfileVersion === null || shape.samplerProfileVersion === task.samplerProfileVersion ? 4 : 3;
}

function refuseCandidates(
  unmet: number,
  lanes: readonly Lane[],
  task: TaskSpec,
  pinned: Pool | null,
  limit: number,
  tooLong: TooLong | null,
): Refusal {
  switch (unmet) {
    case 1:
      return refuse('unknown-model', `Expected a configured model, got ${task.modelDigest}. Use a model that the capabilities list.`);
    case 2: {
      const wanted = [task.workload, task.engine, task.pinPoolId === null ? null : `pool ${task.pinPoolId}`].filter(
        (part) => part !== null,
      );
      const message = `No pool serves this model with ${wanted.join(', ')}. Drop engine or pool, or use a listed combination.`;
      return refuse('model-not-served', message);
    }
    case 3: {
      const message = 'Only pools with determinism "none" serve this model. Send determinism "best_effort".';
      return refuse('determinism-not-served', message, { accepted_determinism: ['best_effort'] });
    }
    case 4: {
      const known = [...new Set(lanes.filter((lane) => meets(lane, task, pinned) === 3).map(({ shape }) => shape.samplerProfileVersion))];
      const message = `Expected one of ${known.join(', ')}, got ${task.samplerProfileVersion}.`;
      return refuse('unknown-sampler-profile', message, { accepted_sampler_profiles: known });
    }
    default:
  }
  if (tooLong === null) {
    return refuse('ctx-above-limit', `Expected a ctx of at most ${limit} tokens, got ${task.ctxTokens}.`, { limit });
  }
  const { promptTokens, maxTokens, ctxTokens } = tooLong;
  return refuse(
    'prompt-too-long',
    `Prompt (${promptTokens} tokens) and max_tokens (${maxTokens}) do not fit ctx (${ctxTokens}). Shorten the prompt or lower max_tokens.`,
    { prompt_tokens: promptTokens, max_tokens: maxTokens, ctx: ctxTokens },
  );
}

/**
 * The candidates that can serve now or may soon.
 *
 * 1. A pinned pool must be Ready, or a breaker of it wait for a probe → else `pool-unready`.
 * 2. A lane needs a Ready replica or a pool that may get one → else `pool-unavailable` (ORCH-3018).
 *
 * @param recoveryMs - Retry hint: how long pools took to come back, as measured.
 */
export function findAvailable(candidates: Candidates, pinned: Pool | null, recoveryMs: number, nowMs: number): Candidates | Refusal {
  // 1
  if (pinned !== null && !pinned.ready && pinned.replica?.canTake !== true) {
    const message = `The pinned pool ${pinned.id} is not Ready. Send it again later, or without pin_pool_id.`;
    const retryAfterMs = Math.ceil(pinned.breakerPauseMs(nowMs) || recoveryMs);
    return { ...refuse('pool-unready', message, { pool_id: pinned.id }), retryAfterMs };
  }
  // 2
  if (candidates.fits.every(({ lane }) => lane.available)) return candidates;
  const fits = candidates.fits.filter(({ lane }) => lane.available);
  if (fits.length > 0) return { kind: 'candidates', fits };
  const message = 'Every pool of this model is drained, broken or silent. Look at their health and send it again later.';
  return { ...refuse('pool-unavailable', message), retryAfterMs: Math.ceil(recoveryMs) };
}

/** Where a task would go. Times in milliseconds; `waitMs` is 0 when it can start now. */
export type Route = LaneFit & {
  readonly replica: Replica | null;
  readonly waitMs: number;
  readonly serviceMs: number;
  /** Whether it needs no place in the queue, or there is one. */
  readonly roomy: boolean;
};

export type RouteQuestion = {
  readonly task: TaskSpec;
  readonly tenant: Tenant;
  readonly klass: number;
  readonly session: Session | undefined;
  readonly pinned: Pool | null;
  readonly recoveryMs: number;
  readonly nowMs: number;
};

/**
 * The lane with the earliest predicted finish, those with room first; ties go to the first in config order.
 *
 * @req ORCH-3008
 */
export function chooseRoute(candidates: Candidates, question: RouteQuestion): Route {
  let best: Route | null = null;
  for (const fit of candidates.fits) {
    const route = toRoute(fit, question);
    if (best === null || (route.roomy && !best.roomy) || (route.roomy === best.roomy && finishMs(route) < finishMs(best))) best = route;
  }
  if (best === null) throw new Error('a route needs a candidate');
  return best;
}

function toRoute(fit: LaneFit, question: RouteQuestion): Route {
  const { lane, ctxTokens, maxTokens } = fit;
  const { task, tenant, klass, session, pinned, recoveryMs, nowMs } = question;
  const replica = chooseReplica(lane, { session, attempts: 0, failedOn: [] }, (pinned?.pins ?? lane.queue.open).scope);
  const serviceMs = lane.model(klass).workMs(task.promptTokens, outBudgetOf(task, maxTokens));
  if (replica !== null) return { lane, ctxTokens, maxTokens, replica, waitMs: 0, serviceMs, roomy: true };
  const waitMs = forecastWaitMs(lane, { tenant, klass, pool: pinned, fraction: 1 }, recoveryMs, nowMs);
  return { lane, ctxTokens, maxTokens, replica, waitMs, serviceMs, roomy: hasRoom(lane, klass) };
}

function finishMs(route: Route): number {
  return route.waitMs + route.serviceMs;
}

/** Tokens a task is expected to write at most. */
export function outBudgetOf(task: TaskSpec, maxTokens: number): number {
  return task.expectedTokens === null ? maxTokens : Math.min(maxTokens, Math.max(1, task.expectedTokens));
}

/** What a task takes from its tenant. */
export type Demand = { readonly tokens: number; readonly kvBytes: number; readonly waits: boolean };

/**
 * Rates, then quotas; nothing is taken here, so a refusal costs its tenant nothing.
 *
 * 1. Requests of the tenant, requests of the class, model tokens of the tenant → `rate-limited`.
 * 2. Tasks admitted and not ended, tasks queued, bytes of KV → `quota-exceeded`.
 *
 * @param classBucket - `null` = no limit.
 * @req ORCH-3006, ORCH-3036
 */
export function checkLimits(lane: Lane, tenant: Tenant, classBucket: TokenBucket | null, demand: Demand, nowMs: number): Refusal | null {
  // 1
  const { requests, tokens, spec } = tenant;
  const rated =
    overRate('tenant_rate', requests, 1, nowMs) ??
    overRate('class_rate', classBucket, 1, nowMs) ??
    overRate('tokens_per_minute', tokens, demand.tokens, nowMs);
  if (rated !== null) return rated;
  // 2
  return (
    overQuota('max_concurrent_tasks', spec.maxConcurrentTasks, tenant.live, 1, lane, nowMs) ??
    overQuota('max_queued_tasks', spec.maxQueuedTasks, tenant.queued, demand.waits ? 1 : 0, lane, nowMs) ??
    overQuota('max_kv_bytes', spec.maxKvBytes, tenant.kvBytes, demand.kvBytes, lane, nowMs)
  );
}

function overRate(limit: string, bucket: TokenBucket | null, amount: number, nowMs: number): Refusal | null {
  const waitMs = bucket === null ? 0 : bucket.waitMs(amount, nowMs);
  if (waitMs === 0) return null;
  const message = `The rate limit ${limit} is used up. Wait as advised, then send it again.`;
  return overLimit('rate-limited', limit, message, Math.min(waitMs, LONGEST_WAIT_MS), {});
}

function overQuota(limit: string, allowed: number | null, used: number, needed: number, lane: Lane, nowMs: number): Refusal | null {
  if (allowed === null || needed === 0 || used + needed <= allowed) return null;
  const message = `The quota ${limit} of ${allowed} is used up (${used} in use). Wait until some of the tenant's tasks have ended.`;
  return overLimit('quota-exceeded', limit, message, gapMs(lane, nowMs), { allowed, used });
}

/**
 * What a task may use of its session's budgets: tokens at most, slot time as predicted (before anything was measured only that
 * there is some left), and what both cost. `null` = its tenant's sessions have no budgets.
 */
export function demandOf(
  tenant: Tenant,
  lane: Lane,
  task: { readonly promptTokens: number; readonly maxTokens: number; readonly serviceMs: number },
): SessionUsage | null {
  const { tokens, slotMs, cost } = tenant.spec.sessionBudgets;
  if (tokens === null && slotMs === null && cost === null) return null;
  const heldMs = lane.measured ? Math.max(1, Math.round(task.serviceMs)) : 1;
  return toSessionUsage({ tokensIn: task.promptTokens, tokensOut: task.maxTokens, slotMs: heldMs }, lane.price);
}

/**
 * 1. A budget that is spent, or that the task would overdraw → `session-budget-spent`: waiting does not help, the advised wait
 *    is for the new session.
 * 2. One that only running and waiting tasks of the session hold → `quota-exceeded`: they give back what they do not use.
 *
 * @req ORCH-3099
 */
export function checkSession(
  lane: Lane,
  tenant: Tenant,
  session: Session | undefined,
  demand: SessionUsage | null,
  nowMs: number,
): Refusal | null {
  if (demand === null) return null;
  const check = checkBudgets(tenant.spec.sessionBudgets, session?.account, demand);
  if (check.kind === 'fits') return null;
  const { budget, allowed, used } = check;
  const needed = demand[budget];
  const limit = LIMIT_NAMES[budget];
  const sums = `of ${allowed}: ${used} are ${check.kind === 'spent' ? 'used' : 'used or held by its tasks'} and ${needed} are needed`;
  // 1
  if (check.kind === 'spent') {
    const message = `The session's budget ${limit} does not allow the task, ${sums}. Start a new session, or ask for less.`;
    return overLimit('session-budget-spent', limit, message, gapMs(lane, nowMs), { allowed, used, needed });
  }
  // 2
  const message = `The session's budget ${limit} is held, ${sums}. Wait until some of the session's tasks have ended.`;
  return overLimit('quota-exceeded', limit, message, gapMs(lane, nowMs), { allowed, used, needed });
}

const LIMIT_NAMES: Readonly<Record<keyof SessionUsage, string>> = {
  tokens: 'session_tokens',
  slotMs: 'session_time_ms',
  cost: 'session_cost',
};

/** A wait that ends at all is worth naming; a bucket with rate 0 never refills. */
const LONGEST_WAIT_MS = 3_600_000;

function overLimit(error: ErrorKind, limit: string, message: string, waitMs: number, more: Readonly<Record<string, unknown>>): Refusal {
  return { ...refuse(error, message, { limit, ...more }), retryAfterMs: Math.ceil(waitMs), policyLabel: 'reject' };
}

/**
 * A deadline before the predicted start cannot be met.
 *
 * @param deadlineMs - From admission; `null` = none.
 * @param predictedStartMs - `null` before anything was measured: then nothing is refused.
 * @req ORCH-3079
 */
export function checkDeadline(deadlineMs: number | null, predictedStartMs: number | null): Refusal | null {
  if (deadlineMs === null || predictedStartMs === null || predictedStartMs < deadlineMs) return null;
  const message = `The deadline of ${deadlineMs} ms lies before the predicted start in ${predictedStartMs} ms. Allow more time.`;
  const details = { deadline_ms: deadlineMs, predicted_start_ms: predictedStartMs };
  return { ...refuse('deadline-unmeetable', message, details), retryAfterMs: Math.max(1, predictedStartMs - deadlineMs) };
}

export type Room = { readonly kind: 'room' } | { readonly kind: 'victim'; readonly victim: Task } | Refusal;

/** Whether one more task of the class fits the lane's queue. */
export function hasRoom(lane: Lane, klass: number): boolean {
  return lane.queue.size < lane.capacity && lane.queue.class(klass).rank.size < lane.classCap(klass);
}

/**
 * Room for a task that must wait.
 *
 * 1. Below the lane's capacity and the class's cap → room.
 * 2. `reject` → `queue-full`.
 * 3. `drop-lru`: in the lowest class not above the newcomer's that has any, the oldest task of the tenant furthest over its
 *    share of the queue; none → `queue-full-no-victim`.
 * 4. `shed-low-priority`: the youngest task of the class below the newcomer's; none → `queue-full`.
 *
 * A task that was ever dispatched is never a victim, and neither is one whose place would not help: where the class's cap
 * binds only its own class does, and re-runs above the capacity must drain first.
 *
 * @req ORCH-3005
 */
export function findRoom(lane: Lane, klass: number, nowMs: number): Room {
  // 1
  if (hasRoom(lane, klass)) return { kind: 'room' };
  const size = lane.queue.class(klass).rank.size;
  const capped = size >= lane.classCap(klass);
  const oneHelps = lane.queue.size - 1 < lane.capacity && size - 1 < lane.classCap(klass);
  let victim: Task | null = null;
  switch (lane.fullPolicy) {
    case 'reject': // 2
      break;
    case 'drop-lru': // 3
      for (let from = CLASSES.length - 1; oneHelps && victim === null && from >= klass; from--) {
        if (!capped || from === klass) victim = lane.queue.oldestOfGreediest(from);
      }
      break;
    case 'shed-low-priority': // 4
      for (let from = CLASSES.length - 1; oneHelps && !capped && victim === null && from > klass; from--) {
        victim = lane.queue.youngest(from);
      }
      break;
  }
  if (victim !== null) return { kind: 'victim', victim };
  const error = lane.fullPolicy === 'drop-lru' ? 'queue-full-no-victim' : 'queue-full';
  const message = `The queue holds ${lane.queue.size} of ${lane.capacity} tasks${capped ? ` and its class ${size}, its cap` : ''}. Wait as advised, then send it again.`;
  const details = { limit: capped ? 'class_cap' : 'queue_capacity', allowed: capped ? lane.classCap(klass) : lane.capacity };
  return {
    ...refuse(error, message, details),
    retryAfterMs: Math.ceil(gapMs(lane, nowMs)),
    policyLabel: lane.fullPolicy,
    queuePosition: size,
  };
}

function refuse(error: ErrorKind, message: string, details: Readonly<Record<string, unknown>> = {}): Refusal {
  return { kind: 'refused', error, message, retryAfterMs: null, policyLabel: null, queuePosition: null, details };
}
