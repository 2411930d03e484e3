/**
 * Weighted fair sharing of a lane's slot-milliseconds: over classes, inside a class over tenants (ORCH-3075). It knows
 * tags and weights, not tasks.
 *
 * Start-time fair queueing (Goyal, Vin and Cheng, 1996) on both levels. A queue's *tag* is the virtual time at which its
 * next task starts: each dispatch moves it by cost / weight, the lowest tag goes first. *Virtual time* is the tag of the
 * latest dispatch. A queue that was idle or blocked starts again at virtual time: no credit for what it did not use. Each
 * tag that does not move is overtaken by those that do, so nobody starves.
 */
import type { HeapNode } from './heap.ts';
import type { Priority } from './model.ts';
import type { GateFlow } from './queue.ts';
import type { Tenant } from './tenant.ts';

/** Classes from the most to the least urgent; the index is used inside the core. */
export const CLASSES: readonly Priority[] = ['interactive', 'batch'];

/** One tenant's share of one class of one lane. */
export class Flow implements HeapNode {
  readonly tenant: Tenant;
  readonly share: ClassShare;
  tag = 0;
  /** Its queued tasks, and their tokens to read and to write at most. */
  queued = 0;
  promptTokens = 0;
  outTokens = 0;
  /** Queued tasks that were never dispatched: what `drop-lru` may take. */
  droppable = 0;
  /** Its queues that hold tasks, one per gate. */
  readonly gateFlows: GateFlow[] = [];
  /** Place in the class's heap of droppable tasks per weight. */
  heapIndex = -1;

  constructor(tenant: Tenant, share: ClassShare) {
    this.tenant = tenant;
    this.share = share;
  }
}

/** One class's share of one lane. */
export class ClassShare {
  readonly klass: number;
  tag = 0;
  /** Virtual time among the tenants of the class. */
  virtualTime = 0;

  constructor(klass: number) {
    this.klass = klass;
  }
}

/** Weight of each class by index; one object for all lanes, written at a reload. */
export type ClassWeights = [interactive: number, batch: number];

/** The shares of one lane. */
export class LaneShares {
  readonly classes: readonly [ClassShare, ClassShare] = [new ClassShare(0), new ClassShare(1)];
  readonly #weights: ClassWeights;
  #virtualTime = 0;

  constructor(weights: ClassWeights) {
    this.#weights = weights;
  }

  weight(klass: number): number {
    return klass === 0 ? this.#weights[0] : this.#weights[1];
  }

  /** Start tag of the class's next task. */
  classStart(klass: number): number {
    return Math.max(this.#virtualTime, this.classes[klass === 0 ? 0 : 1].tag);
  }

  /** A flow got its first queued task: what it did not use is gone. */
  wake(flow: Flow): void {
    flow.tag = Math.max(flow.tag, flow.share.virtualTime);
  }

  /** One task of the flow takes a slot for `costMs` > 0 as predicted. */
  charge(flow: Flow, costMs: number): void {
    const { share } = flow;
    const classStart = this.classStart(share.klass);
    this.#virtualTime = classStart;
    share.tag = classStart + costMs / this.weight(share.klass);
    const start = Math.max(flow.tag, share.virtualTime);
    share.virtualTime = start;
    flow.tag = start + costMs / flow.tenant.spec.weight;
  }

  /** It took `extraMs` more (or, negative, less) than charged. */
  correct(flow: Flow, extraMs: number): void {
    flow.share.tag += extraMs / this.weight(flow.share.klass);
    flow.tag += extraMs / flow.tenant.spec.weight;
  }
}

/** Above this many waiting tenants their work ahead is bounded, not summed: admission stays O(log n). */
const SUMMED_TENANTS = 32;

/** Slot-milliseconds per token to read, and per token that may be written. */
export type TokenCosts = { readonly promptMs: number; readonly outMs: number };

/**
 * Slot-milliseconds of *other* tenants that go before a task whose flow starts it at `startTag`: each has what its tag
 * lies behind, at most what it has queued, and the task it begins is served whole.
 *
 * @param waiting - FIFOs of the class that hold tasks.
 * @param totals - Of the class: what all tenants have queued (without `self`), and the weights of all that wait.
 */
export function workOfOthersMs(
  waiting: readonly { readonly flow: Flow }[],
  self: Flow | undefined,
  startTag: number,
  totals: { readonly othersMs: number; readonly activeWeight: number; readonly virtualTime: number },
  costs: TokenCosts,
): number {
  if (waiting.length > SUMMED_TENANTS) {
    return Math.min(totals.othersMs, Math.max(0, startTag - totals.virtualTime) * totals.activeWeight);
  }
  let aheadMs = 0;
  for (const { flow } of waiting) {
    if (flow === self || flow.tag > startTag) continue;
    const queuedMs = flow.promptTokens * costs.promptMs + flow.outTokens * costs.outMs;
    const behindMs = (startTag - flow.tag) * flow.tenant.spec.weight;
    aheadMs += Math.min(queuedMs, behindMs + queuedMs / flow.queued);
  }
  return aheadMs;
}
