/**
 * Which replicas may take a task: the free heaps of lanes, every count derived from readiness, cooldowns, and since when pools and lanes
 * cannot serve. It knows no config and places nothing.
 */
import type { Lane } from './lane.ts';
import type { Replica } from './replica.ts';

export class Readiness {
  readonly #replicas: ReadonlyMap<string, Replica>;
  readonly #onOffer: (replica: Replica) => void;
  #cooling: Replica[] = [];
  /** When the next cooldown ends. */
  coolUntilMs = Infinity;

  /**
   * @param replicas - All that are not gone.
   * @param onOffer - The replica may be able to take a task now.
   */
  constructor(replicas: ReadonlyMap<string, Replica>, onOffer: (replica: Replica) => void) {
    this.#replicas = replicas;
    this.#onOffer = onOffer;
  }

  /** A slot was taken, released or shown free. */
  onSlots(replica: Replica): void {
    const { free } = replica.lane;
    if (replica.pool.leaving) {
      if (replica.heapIndex !== -1) free.remove(replica);
      if (replica.canFinish) this.#onOffer(replica);
      return;
    }
    if (replica.canTake) {
      if (replica.heapIndex === -1) free.push(replica);
      else free.update(replica);
      this.#onOffer(replica);
    } else if (replica.heapIndex !== -1) free.remove(replica);
  }

  /** An attempt broke on the replica: it gets nothing for a while. */
  cool(replica: Replica, nowMs: number): void {
    if (!replica.cooling) this.#cooling.push(replica);
    replica.cool(nowMs);
    this.coolUntilMs = Math.min(this.coolUntilMs, replica.coolUntilMs);
    this.onSlots(replica);
  }

  /** End the cooldowns that are over. */
  warmUp(nowMs: number): void {
    const still: Replica[] = [];
    this.coolUntilMs = Infinity;
    for (const replica of this.#cooling) {
      if (replica.gone || !replica.cooling) continue;
      if (replica.coolUntilMs > nowMs) {
        still.push(replica);
        this.coolUntilMs = Math.min(this.coolUntilMs, replica.coolUntilMs);
        continue;
      }
      replica.warmUp();
      this.onSlots(replica);
    }
    this.#cooling = still;
  }

  /** Its breaker changed, or its pool's. */
  onBreaker(replica: Replica, nowMs: number): void {
    this.change(replica, nowMs, () => {
      replica.shed = replica.breaker.state !== 'closed' || replica.pool.breaker.state !== 'closed';
    });
  }

  /** Change what decides readiness, and keep every count derived from it true. */
  change(replica: Replica, nowMs: number, mutate: () => void): void {
    const { lane } = replica;
    this.count(replica, -1);
    mutate();
    this.count(replica, 1);
    this.onSlots(replica);
    this.refreshLane(lane, nowMs);
    // Fewer Ready ones: a replica that re-runs avoided may now be the only one left for them.
    for (const gate of lane.queue.reruns) {
      for (const { replicaId } of gate.scope.avoid) {
        const avoided = this.#replicas.get(replicaId);
        if (avoided?.canTake === true) this.#onOffer(avoided);
      }
    }
  }

  /** Add what a Ready replica stands for to the counts, or take it off. */
  count(replica: Replica, by: 1 | -1, lane = replica.lane): void {
    if (!replica.ready) return;
    lane.readyReplicas += by;
    lane.readySlots += by * replica.slots;
    replica.set.readyReplicas += by;
  }

  /** Since when each pool of the lane, and the lane itself, cannot serve. */
  refreshLane(lane: Lane, nowMs: number): void {
    let hopeful = 0;
    for (const pool of [...lane.pools, ...lane.leaving]) {
      if (pool.ready) pool.unreadySinceMs = Number.NaN;
      else if (Number.isNaN(pool.unreadySinceMs)) pool.unreadySinceMs = nowMs;
      if (pool.hopeful) {
        hopeful += 1;
        pool.deadSinceMs = Infinity;
      } else if (pool.deadSinceMs === Infinity) pool.deadSinceMs = nowMs;
    }
    lane.hopefulPools = hopeful;
    if (hopeful > 0) lane.deadSinceMs = Infinity;
    else if (lane.deadSinceMs === Infinity) lane.deadSinceMs = nowMs;
  }
}
