/**
 * When a task would start in a lane, from what is queued there and what was measured (ORCH-2013). It reads lanes and
 * changes nothing.
 */
import { workOfOthersMs } from './fairness.ts';
import type { Lane, Pool } from './lane.ts';
import { PRIOR_DECODE_MS, predictWaitMs } from './prediction.ts';
import type { Tenant } from './tenant.ts';

/** Slot time of a task before anything was measured: 64 output tokens at the prior rate. */
const PRIOR_SERVICE_MS = 64 * PRIOR_DECODE_MS;

export type WaitQuestion = {
  readonly tenant: Tenant;
  readonly klass: number;
  /** The only pool that may run it. */
  readonly pool: Pool | null;
  /** How much of what its tenant has queued goes first: 1 for a newcomer, less for a task in the middle. */
  readonly fraction: number;
};

/**
 * Milliseconds until a task that cannot start now starts; with priors where nothing was measured.
 *
 * 1. Ahead in its class: its tenant's own queued work, and of each other tenant what fairness serves before.
 * 2. The other class takes its weighted share, or less where it has less ({@link predictWaitMs}).
 * 3. A pinned task also waits for those pinned before it.
 * 4. A lane without a Ready replica first needs one.
 *
 * What was off on average lately is not corrected here (`ServiceModel.waitCorrection`): the forecast as it is made
 * is what the correction is learnt from.
 *
 * @param recoveryMs - Expected time until a starting pool is Ready.
 */
export function forecastWaitMs(lane: Lane, question: WaitQuestion, recoveryMs: number, nowMs: number): number {
  const { tenant, klass, pool, fraction } = question;
  const { queue } = lane;
  const model = lane.model(klass);
  const own = queue.class(klass);
  const flow = own.flows[tenant.index];
  const residualMs = model.meanServiceMs ?? PRIOR_SERVICE_MS;
  const slots = Math.max(1, lane.readySlots > 0 ? lane.readySlots : lane.configuredSlots);

  // 1
  let aheadMs = 0;
  if (own.rank.size > 0) {
    const { virtualTime } = queue.shares.classes[klass === 0 ? 0 : 1];
    const ownMs = flow === undefined ? 0 : fraction * model.workMs(flow.promptTokens, flow.outTokens);
    const startTag = Math.max(virtualTime, flow?.tag ?? 0) + ownMs / tenant.spec.weight;
    const totals = { othersMs: model.workMs(own.promptTokens, own.outTokens) - ownMs, activeWeight: own.activeWeight, virtualTime };
    const othersMs = workOfOthersMs(queue.open.heap(klass).items, flow, startTag, totals, model.costs);
    aheadMs = ownMs + othersMs;
  }

  // 2
  const otherKlass = 1 - klass;
  const other = queue.class(otherKlass);
  const laneMs = predictWaitMs({
    slots,
    aheadMs,
    otherMs: lane.model(otherKlass).workMs(other.promptTokens, other.outTokens),
    otherArrival: lane.arrival(otherKlass).perMs(nowMs),
    weight: queue.shares.weight(klass),
    otherWeight: queue.shares.weight(otherKlass),
    residualMs,
  });

  // 3
  const pinnedMs = pool === null ? 0 : (pool.pins.size + 1) * (residualMs / Math.max(1, pool.replica?.slots ?? pool.spec.slots));

  // 4
  return Math.max(laneMs, pinnedMs) + (lane.readyReplicas > 0 ? 0 : recoveryMs);
}

/**
 * Milliseconds between two tasks that leave the lane's queue: measured where it ever drained, else the mean slot time
 * (measured, or the documented prior) over its slots.
 *
 * @req ORCH-2007
 */
export function gapMs(lane: Lane, nowMs: number): number {
  const measured = lane.drain.perMs(nowMs);
  if (measured !== null) return 1 / measured;
  const serviceMs = lane.model(0).meanServiceMs ?? PRIOR_SERVICE_MS;
  return serviceMs / Math.max(1, lane.readySlots > 0 ? lane.readySlots : lane.configuredSlots);
}

/**
 * The advised pause before a client's next task: the time in which what is above half of the lane's capacity drains; 0
 * while it is less than half full.
 *
 * @req ORCH-2013
 */
export function backoffMs(lane: Lane, nowMs: number): number {
  const above = lane.queue.size - lane.capacity / 2;
  return above < 0 || lane.queue.size === 0 ? 0 : Math.ceil((above + 1) * gapMs(lane, nowMs));
}
