/**
 * Who has which slot: a FIFO queue in front of a fixed number of slots. Single owner of "busy". Knows neither the
 * decoder nor HTTP; what a slot works on is an opaque description for `/slots`.
 */

/** What `/slots` shows of a request, kept after its end as llama-server does. */
export interface SlotTask {
  readonly id: number;
}

export type Slot<Task extends SlotTask> = { readonly id: number; readonly isBusy: boolean; readonly task: Task | undefined };

export type Claim = {
  /** -1 = any; others are taken modulo the number of slots. */
  readonly idSlot: number;
  /** Length of the prompt in tokens, and how much of its beginning a slot's KV holds. */
  readonly promptTokens: number;
  readonly cachedTokens: (slot: number) => number;
};

type MutableSlot<Task extends SlotTask> = { readonly id: number; isBusy: boolean; task: Task | undefined; lastUsed: number };
type Waiter = { readonly claim: Claim; readonly grant: (slot: number) => void };

/** Below this part of the prompt a warm slot is not worth more than the least recently used one (llama-server's default). */
const minSimilarity = 0.1;

export class SlotPool<Task extends SlotTask> {
  readonly #slots: MutableSlot<Task>[];
  readonly #waiting = new Set<Waiter>();
  #releases = 0;

  constructor(count: number) {
    this.#slots = Array.from({ length: count }, (_, id) => ({ id, isBusy: false, task: undefined, lastUsed: -1 }));
  }

  /**
   * Resolves with a slot, which is then busy until `release`; `undefined` when `signal` aborts first (at once, and the
   * place in the queue is gone). First come, first served, but a request for one slot does not hold up the others.
   */
  claim(claim: Claim, signal: AbortSignal): Promise<number | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(undefined);
        return;
      }
      const onAbort = (): void => {
        this.#waiting.delete(waiter);
        resolve(undefined);
      };
      const waiter: Waiter = {
        claim,
        grant: (slot) => {
          signal.removeEventListener('abort', onAbort);
          resolve(slot);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiter);
      this.#grantAll();
    });
  }

  release(id: number): void {
    const slot = this.#slots[id];
    if (slot?.isBusy !== true) throw new Error(`slot ${id} is not busy`);
    slot.isBusy = false;
    slot.lastUsed = this.#releases++;
    this.#grantAll();
  }

  describe(id: number, task: Task): void {
    const slot = this.#slots[id];
    if (slot !== undefined) slot.task = task;
  }

  get slots(): readonly Slot<Task>[] {
    return this.#slots;
  }

  get busyCount(): number {
    return this.#slots.filter((slot) => slot.isBusy).length;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  #grantAll(): void {
    for (const waiter of this.#waiting) {
      const slot = this.#choose(waiter.claim);
      if (slot === undefined) continue;
      this.#waiting.delete(waiter);
      slot.isBusy = true;
      waiter.grant(slot.id);
    }
  }

  #choose(claim: Claim): MutableSlot<Task> | undefined {
    const wanted = claim.idSlot === -1 ? undefined : claim.idSlot % this.#slots.length;
    const idle = this.#slots.filter((slot) => !slot.isBusy && (wanted === undefined || slot.id === wanted));
    let best: MutableSlot<Task> | undefined;
    let bestSimilarity = minSimilarity;
    for (const slot of idle) {
      const similarity = claim.cachedTokens(slot.id) / claim.promptTokens;
      if (similarity > bestSimilarity) [best, bestSimilarity] = [slot, similarity];
    }
    // Of slots that are equally old the last one, as llama-server does.
    return (
      best ??
      idle.reduce<MutableSlot<Task> | undefined>(
        (old, slot) => (old === undefined || slot.lastUsed <= old.lastUsed ? slot : old),
        undefined,
      )
    );
  }
}
