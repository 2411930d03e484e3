/**
 * What each agent should run, as a generation number and a list, and the agents that wait for the next one
 * (ORCH-2109). It decides nothing: config and restart requests come in, wire shapes go out.
 */
import type { DesiredPool, DesiredState } from '@llama-orch/api-types';
import type { PoolConfig } from '@llama-orch/config-schema';
import { toDesiredPool } from '@llama-orch/service-kit';
import type { ServedPool } from './served-pool.ts';

/** What an agent is to run for one pool. */
export type DesiredEntry = {
  readonly served: ServedPool;
  /** To be started beside it, and to follow it later (ORCH-2102). */
  readonly successor: ServedPool | null;
};

type Waiter = { readonly host: string; readonly wake: () => void };

/**
 * Generations start at the controller's start time, so that one of an earlier controller never equals one of this.
 *
 * @req ORCH-2109, ORCH-3017
 */
export class DesiredPools {
  #entries: readonly DesiredEntry[];
  readonly #minStartCount = new Map<string, number>();
  readonly #generations = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  #closed = false;
  readonly #firstGeneration: number;

  constructor(entries: readonly DesiredEntry[], startedAtEpochMs: number) {
    this.#entries = entries;
    this.#firstGeneration = startedAtEpochMs;
  }

  generation(host: string): number {
    return this.#generations.get(host) ?? this.#firstGeneration;
  }

  state(host: string): DesiredState {
    return { generation: this.generation(host), pools: this.#poolsOf(host) };
  }

  /** Other pools from now on; the agents whose pools differ hear of it at once, the others do not. */
  configure(entries: readonly DesiredEntry[]): void {
    const hosts = new Set([...this.#entries, ...entries].map(({ served }) => served.pool.host));
    const before = new Map([...hosts].map((host) => [host, JSON.stringify(this.#poolsOf(host))]));
    this.#entries = entries;
    for (const host of hosts) if (before.get(host) !== JSON.stringify(this.#poolsOf(host))) this.#wake(host);
  }

  /** Ask for another worker than start `startCount` of the pool; asking again for the same one changes nothing. */
  requestRestart(pool: PoolConfig, startCount: number): void {
    if ((this.#minStartCount.get(pool.id) ?? 0) > startCount) return;
    this.#minStartCount.set(pool.id, startCount + 1);
    this.#wake(pool.host);
  }

  /**
   * Wait until `host` has another generation than `known`.
   *
   * @returns the state, or `undefined` when `waitMs` passed or `signal` fired first.
   */
  async whenChanged(host: string, known: number, waitMs: number, signal: AbortSignal): Promise<DesiredState | undefined> {
    if (this.generation(host) !== known) return this.state(host);
    if (waitMs <= 0 || signal.aborted || this.#closed) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { host, wake: resolve };
    const timer = setTimeout(resolve, waitMs);
    signal.addEventListener('abort', waiter.wake, { once: true });
    this.#waiters.add(waiter);
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', waiter.wake);
    this.#waiters.delete(waiter);
    return this.generation(host) === known ? undefined : this.state(host);
  }

  /** Answer every waiter now, and whoever asks later at once. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.wake();
  }

  #wake(host: string): void {
    this.#generations.set(host, this.generation(host) + 1);
    for (const waiter of this.#waiters) if (waiter.host === host) waiter.wake();
  }

  #poolsOf(host: string): DesiredPool[] {
    return this.#entries
      .filter(({ served }) => served.pool.host === host)
      .map(({ served, successor }) => ({
        ...this.#toDesired(served),
        ...(successor !== null && { successor: this.#toDesired(successor) }),
      }));
  }

  #toDesired(served: ServedPool): DesiredPool {
    return toDesiredPool(served, this.#minStartCount.get(served.pool.id) ?? 0);
  }
}
