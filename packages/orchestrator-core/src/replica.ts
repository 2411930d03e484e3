/** One live worker as the scheduler sees it: its slots, and whether it may get a task. It places nothing itself. */
import { Breaker } from './breaker.ts';
import type { HeapNode } from './heap.ts';
import type { Lane, Pool } from './lane.ts';
import type { ReplicaSpec } from './model.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Session } from './session.ts';
import type { Attempt } from './task.ts';
import { nextTimeoutMs } from './watchdog.ts';

/** Pause after the first attempt that a worker broke, doubled by each in a row up to the longest. */
const FIRST_COOLDOWN_MS = 1000;
const LONGEST_COOLDOWN_MS = 30_000;
/** Weight of the newest observation in `slowness`. */
const SLOWNESS_RATE = 1 / 16;

/**
 * A slot is running, releasing or free; `running + releasing <= slots` but where a report lowers `slots` below what runs.
 *
 * A replica gets tasks while it is Ready: not gone (its worker ended), not paused (silent agent), not draining, not cooling (it
 * broke an attempt a moment ago: without that pause a dying worker, which always has free slots, would swallow the queue),
 * not condemned (a slot was not released in time; a restart was asked for) and its breakers are closed.
 */
export class Replica implements HeapNode {
  readonly id: string;
  readonly pool: Pool;
  lane: Lane;
  set: ReplicaSet;
  engineVersion: string;
  /** Slots its engine shows; the lower of this and the pool's binds (ORCH-3019). */
  shownSlots: number;
  slots: number;
  /** See {@link ReplicaSpec}. */
  readonly spread: number;
  /** Slots neither running nor releasing; below 0 where a report lowered `slots`. Kept, not derived: every placement reads it. */
  freeSlots = 0;
  /** What runs here; at most `slots`. */
  readonly attempts: Attempt[] = [];
  /** No limit of these attempts can have passed before. */
  watchAtMs = Infinity;
  releasing = 0;
  gone = false;
  paused = false;
  /** Its pool is drained. */
  draining: boolean;
  cooling = false;
  coolUntilMs = 0;
  /** Attempts broken in a row. */
  failures = 0;
  /** Releasing slots past their grace. */
  overdue = 0;
  readonly breaker = new Breaker();
  /** Its breaker or its pool's is not closed: at most one attempt at a time, to see. */
  shed: boolean;
  /** A restart was asked for, because work fails here. */
  restartAsked = false;
  /** Measured slot time over predicted slot time; 1 = as fast as its lane. */
  slowness = 1;
  /** Sessions whose cache lies in an idle slot, the least recently used first; at most `slots`. */
  readonly residents: Session[] = [];
  heapIndex = -1;

  constructor(spec: ReplicaSpec, pool: Pool, set: ReplicaSet) {
    this.id = spec.replicaId;
    this.pool = pool;
    this.lane = pool.lane;
    this.set = set;
    this.engineVersion = spec.engineVersion;
    this.shownSlots = spec.slots;
    this.slots = 0;
    this.spread = spec.spread ?? 0;
    this.draining = pool.draining !== 'no';
    this.shed = pool.breaker.state !== 'closed';
    this.boundSlots();
  }

  /** After a report or a reload changed either bound. */
  boundSlots(): void {
    this.slots = Math.max(0, Math.min(this.shownSlots, this.pool.spec.slots));
    this.freeSlots = this.slots - this.attempts.length - this.releasing;
  }

  get running(): number {
    return this.attempts.length;
  }

  /** Its worker may get work; a short cooldown does not end it. */
  get serves(): boolean {
    return !this.gone && !this.paused && !this.draining;
  }

  /** Ready in the sense of ORCH-3010. */
  get ready(): boolean {
    return this.serves && !this.shed && !this.pool.leaving;
  }

  get canTake(): boolean {
    return this.canFinish && !this.pool.leaving;
  }

  /** Whether it may take a task that waits; of a leaving pool only what is left to it. */
  get canFinish(): boolean {
    if (this.freeSlots <= 0 || !this.serves || this.cooling || this.overdue > 0) return false;
    return !this.shed || (this.breaker.admits && this.pool.breaker.admits);
  }

  begin(attempt: Attempt): void {
    this.attempts.push(attempt);
    this.freeSlots -= 1;
    this.watchAtMs = Math.min(this.watchAtMs, nextTimeoutMs(attempt));
    if (!this.shed) return;
    this.breaker.begin(attempt);
    this.pool.breaker.begin(attempt);
  }

  end(attempt: Attempt): void {
    const index = this.attempts.indexOf(attempt);
    const last = this.attempts.pop();
    if (last !== undefined && last !== attempt) this.attempts[index] = last;
    this.freeSlots += 1;
    this.breaker.release(attempt);
    this.pool.breaker.release(attempt);
  }

  /** The slot of an attempt that has ended is not yet shown free. */
  onReleasing(): void {
    this.releasing += 1;
    this.freeSlots -= 1;
  }

  onReleased(): void {
    this.releasing -= 1;
    this.freeSlots += 1;
  }

  /** An attempt broke here. */
  cool(nowMs: number): void {
    this.failures += 1;
    this.cooling = true;
    this.coolUntilMs = nowMs + Math.min(LONGEST_COOLDOWN_MS, FIRST_COOLDOWN_MS * 2 ** (this.failures - 1));
  }

  warmUp(): void {
    this.cooling = false;
  }

  /** An attempt went well and held its slot for `actualMs` where `predictedMs` were expected of the lane. */
  observe(predictedMs: number, actualMs: number): void {
    this.failures = 0;
    this.slowness += SLOWNESS_RATE * (actualMs / Math.max(1, predictedMs) - this.slowness);
  }
}
