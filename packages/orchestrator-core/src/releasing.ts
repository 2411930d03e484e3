/**
 * Slots whose attempt is over for the scheduler but not yet shown free by the engine (ORCH-3017). It keeps them and their
 * grace; it restarts nothing.
 */
import { IndexedHeap, type HeapNode } from './heap.ts';
import type { TaskKey } from './model.ts';
import type { Replica } from './replica.ts';

/** One releasing slot. */
export class ReleasingSlot implements HeapNode {
  readonly key: string;
  readonly replica: Replica;
  readonly dueMs: number;
  overdue = false;
  heapIndex = -1;

  constructor(key: string, replica: Replica, dueMs: number) {
    this.key = key;
    this.replica = replica;
    this.dueMs = dueMs;
  }
}

/** All releasing slots, by attempt and by the end of their grace. */
export class ReleasingSlots {
  readonly #byAttempt = new Map<string, ReleasingSlot>();
  readonly #byDue = new IndexedHeap<ReleasingSlot>((a, b) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.key < b.key));

  add(taskKey: TaskKey, attempt: number, replica: Replica, nowMs: number): void {
    const slot = new ReleasingSlot(keyOf(taskKey, attempt), replica, nowMs + replica.pool.spec.cancelGraceMs);
    this.#byAttempt.set(slot.key, slot);
    this.#byDue.push(slot);
  }

  /** Forget the slot of an attempt; `undefined` when it is not releasing. */
  take(taskKey: TaskKey, attempt: number): ReleasingSlot | undefined {
    const slot = this.#byAttempt.get(keyOf(taskKey, attempt));
    if (slot !== undefined) this.#forget(slot);
    return slot;
  }

  /** The next slot whose grace is over; each is returned once and stays releasing. */
  nextOverdue(nowMs: number): ReleasingSlot | undefined {
    const slot = this.#byDue.peek();
    if (slot === undefined || slot.dueMs > nowMs) return undefined;
    this.#byDue.remove(slot);
    slot.overdue = true;
    return slot;
  }

  /** The replica is gone, and its slots with it. */
  forgetReplica(replica: Replica): void {
    for (const slot of this.#byAttempt.values()) {
      if (slot.replica === replica) this.#forget(slot);
    }
  }

  #forget(slot: ReleasingSlot): void {
    this.#byAttempt.delete(slot.key);
    if (slot.heapIndex !== -1) this.#byDue.remove(slot);
  }
}

function keyOf(taskKey: TaskKey, attempt: number): string {
  return `${attempt}/${taskKey}`;
}
