/**
 * What each agent should run, as a generation number and a list, and the agents that wait for the next one
 * (ORCH-2109). It decides nothing: config and restart requests come in, wire shapes go out.
 */
import type { DesiredPool, DesiredState } from '@llama-orch/api-types';
import type { Config, PoolConfig } from '@llama-orch/config-schema';
import { toConfiguredPool, toDesiredPool } from '@llama-orch/service-kit';

type Waiter = { readonly host: string; readonly wake: () => void };

/**
 * Generations start at the controller's start time, so that one of an earlier controller never equals one of this.
 *
 * @req ORCH-2109, ORCH-3017
 */
export class DesiredPools {
  readonly #config: Config;
  readonly #minStartCount = new Map<string, number>();
  readonly #generations = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  readonly #firstGeneration: number;

  constructor(config: Config, startedAtEpochMs: number) {
    this.#config = config;
    this.#firstGeneration = startedAtEpochMs;
  }

  generation(host: string): number {
    return this.#generations.get(host) ?? this.#firstGeneration;
  }

  state(host: string): DesiredState {
    const pools = this.#config.pools.filter((pool) => pool.host === host).map((pool) => this.#toDesired(pool));
    return { generation: this.generation(host), pools };
  }

  /** Ask for another worker than start `startCount` of the pool; asking again for the same one changes nothing. */
  requestRestart(pool: PoolConfig, startCount: number): void {
    if ((this.#minStartCount.get(pool.id) ?? 0) > startCount) return;
    this.#minStartCount.set(pool.id, startCount + 1);
    this.#generations.set(pool.host, this.generation(pool.host) + 1);
    for (const waiter of this.#waiters) if (waiter.host === pool.host) waiter.wake();
  }

  /**
   * Wait until `host` has another generation than `known`.
   *
   * @returns the state, or `undefined` when `waitMs` passed or `signal` fired first.
   */
  async whenChanged(host: string, known: number, waitMs: number, signal: AbortSignal): Promise<DesiredState | undefined> {
    if (this.generation(host) !== known) return this.state(host);
    if (waitMs <= 0 || signal.aborted) return undefined;
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

  /** Answer every waiter now. */
  close(): void {
    for (const waiter of this.#waiters) waiter.wake();
  }

  #toDesired(pool: PoolConfig): DesiredPool {
    return toDesiredPool(toConfiguredPool(pool, this.#config.models), this.#minStartCount.get(pool.id) ?? 0);
  }
}
