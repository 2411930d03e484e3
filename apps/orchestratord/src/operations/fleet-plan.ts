/**
 * Which pools are served as what, and what agents are to run for them: the one place that tells scheduler, fleet, agents and catalog of a
 * change, in the order that loses nothing. When something changes is decided by its callers.
 */
import type { Config } from '@llama-orch/config-schema';
import type { Catalog } from '../admission/catalog.ts';
import { toCoreConfig } from '../admission/core-config.ts';
import type { Clock } from '../clock.ts';
import type { DesiredEntry } from '../fleet/desired-pools.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { type ServedPool, servedPools } from '../fleet/served-pool.ts';
import type { SchedulerLoop } from '../scheduler-loop.ts';

export type FleetPlanOptions = {
  readonly fleet: Fleet;
  readonly loop: SchedulerLoop;
  readonly catalog: Catalog;
  readonly clock: Clock;
};

export class FleetPlan {
  readonly #options: FleetPlanOptions;
  #config: Config;
  #wanted: readonly ServedPool[];
  /** Pools that are served otherwise than the config says, while they are rolled out. */
  readonly #heldBack = new Map<string, ServedPool>();
  /** What the agent still has to run for a pool, where that is not what is served. */
  readonly #running = new Map<string, ServedPool>();
  readonly #successors = new Map<string, ServedPool>();

  constructor(config: Config, options: FleetPlanOptions) {
    this.#options = options;
    this.#config = config;
    this.#wanted = servedPools(config);
  }

  /** As the config says. */
  wanted(poolId: string): ServedPool | undefined {
    return this.#wanted.find(({ pool }) => pool.id === poolId);
  }

  served(): readonly ServedPool[] {
    return this.#wanted.map((wanted) => {
      const held = this.#heldBack.get(wanted.pool.id);
      return held === undefined ? wanted : { ...held, canary: wanted.canary };
    });
  }

  servedAs(poolId: string): ServedPool | undefined {
    return this.#heldBack.get(poolId) ?? this.wanted(poolId);
  }

  /** Pools whose worker is not the one of the config. */
  pending(): string[] {
    return [...this.#heldBack.keys()];
  }

  setConfig(config: Config): void {
    this.#config = config;
    this.#wanted = servedPools(config);
  }

  /** Serve it like this until it is released, whatever the config says. */
  holdBack(served: ServedPool): void {
    this.#heldBack.set(served.pool.id, served);
  }

  release(poolId: string): void {
    this.#heldBack.delete(poolId);
  }

  /** Have the agent run this, whatever is served; `null` = what is served. */
  keepRunning(poolId: string, served: ServedPool | null): void {
    if (served === null) this.#running.delete(poolId);
    else this.#running.set(poolId, served);
  }

  setSuccessor(poolId: string, served: ServedPool | null): void {
    if (served === null) this.#successors.delete(poolId);
    else this.#successors.set(poolId, served);
  }

  /**
   * Tell everybody, atomically for every task that comes.
   *
   * 1. The scheduler: from now on tasks are admitted and placed by the new pools.
   * 2. The fleet: workers of pools that changed are offered to the scheduler, which knows these pools now.
   * 3. What names mean. 4. The agents, whose workers follow in their own time.
   *
   * @req ORCH-3031, ORCH-2107
   */
  apply(): void {
    const { fleet, loop, catalog, clock } = this.#options;
    const served = this.served();
    loop.apply({ kind: 'configured', nowMs: clock.nowMs(), config: toCoreConfig(this.#config, served) }); // 1
    fleet.configure(served); // 2
    catalog.configure(this.#config.models, served); // 3
    this.tellAgents(); // 4
  }

  tellAgents(): void {
    const served = this.served();
    const entries: DesiredEntry[] = served.map((entry) => ({
      served: this.#running.get(entry.pool.id) ?? entry,
      successor: this.#successors.get(entry.pool.id) ?? null,
    }));
    const known = new Set(served.map(({ pool }) => pool.id));
    for (const [id, gone] of this.#running) if (!known.has(id)) entries.push({ served: gone, successor: null });
    this.#options.fleet.desired.configure(entries);
  }
}
