/**
 * Changes of the config and of the canaries in it: each checked whole, one at a time, in force as one generation or not at all. What needs
 * another worker is begun as a rollout and not waited for.
 */
import { type Canary, type ConfigApplied, type ConfigGeneration, OrchError } from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';
import type { Logger } from '@llama-orch/service-kit';
import type { Clock } from '../clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { isSameWorker, type ServedPool, servedPools } from '../fleet/served-pool.ts';
import type { CanaryFigures } from './canary-figures.ts';
import { type ConfigDiff, diffConfigs, isEmptyDiff, restartRequired } from './config-diff.ts';
import { checkedConfig, invalidConfig, movedPool, withServedPool } from './config-edits.ts';
import type { ConfigHistory, ConfigSource } from './config-history.ts';
import { leftRemoved, restoreSecrets, withoutSecrets } from './config-secrets.ts';
import type { Drains } from './drains.ts';
import type { FleetPlan } from './fleet-plan.ts';
import { operationConflict, type OperationLog } from './operation-log.ts';
import type { Rollouts } from './rollouts.ts';

type ApplyOptions = {
  readonly source: ConfigSource;
  readonly correlationId: string;
  readonly expectedGeneration?: number | undefined;
  readonly dryRun?: boolean | undefined;
};

export type ConfigChangesOptions = {
  readonly history: ConfigHistory;
  /** What this process was started with. */
  readonly started: Config;
  readonly operations: OperationLog;
  readonly plan: FleetPlan;
  readonly drains: Drains;
  readonly rollouts: Rollouts;
  readonly canaries: CanaryFigures;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly log: Logger;
  /** Why this process could not run with the config, as JSON pointer and text; `null` = it can. */
  readonly faultOf: (config: Config) => { readonly path: string; readonly message: string } | null;
  /** Another config is in force. */
  readonly onConfig: (config: Config) => void;
};

export class ConfigChanges {
  readonly #options: ConfigChangesOptions;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: ConfigChangesOptions) {
    this.#options = options;
  }

  /** @req ORCH-2107, ORCH-3043 */
  active(): ConfigGeneration {
    const { history, plan, started } = this.#options;
    const { number, appliedAtEpochMs, source, config } = history.current;
    return {
      generation: number,
      applied_at: new Date(appliedAtEpochMs).toISOString(),
      source,
      previous_generation: history.previous?.number ?? null,
      pending_pools: plan.pending(),
      restart_required: restartRequired(started, config),
      config: withoutSecrets(config),
    };
  }

  /**
   * Apply a config as it was sent: checked whole, then in force, pool by pool where workers must be replaced.
   *
   * @throws OrchError with every fault, and nothing has changed.
   * @req ORCH-2107, ORCH-3030, ORCH-3031
   */
  applyValue(value: unknown, options: ApplyOptions): Promise<ConfigApplied> {
    return this.#inOrder(() => {
      const { config: active } = this.#options.history.current;
      const restored = restoreSecrets(value, active);
      const faults = leftRemoved(restored).map((path) => ({ path, message: 'nothing in the active config to put here' }));
      if (faults.length > 0) throw invalidConfig(faults);
      return this.#apply(checkedConfig(restored), options, null);
    });
  }

  /**
   * Apply the config file, which was read and checked.
   *
   * @req ORCH-2107
   */
  applyFile(file: Config, correlationId: string): Promise<ConfigApplied> {
    return this.#inOrder(() => this.#apply(file, { source: 'signal', correlationId }, file));
  }

  /** @req ORCH-2106, ORCH-3031 */
  rollback(correlationId: string): Promise<ConfigApplied> {
    return this.#inOrder(() => {
      const { previous } = this.#options.history;
      if (previous === null) throw new OrchError('no-previous-generation');
      return this.#apply(previous.config, { source: 'rollback', correlationId }, null);
    });
  }

  /** @req ORCH-3033 */
  canaries(): Canary[] {
    const { history, canaries } = this.#options;
    return history.current.config.canaries.map((canary) => canaries.view(canary));
  }

  /** @req ORCH-3033 */
  promote(canaryId: string, correlationId: string): Promise<ConfigApplied> {
    return this.#changeCanary(canaryId, correlationId, (canary) => ({ ...canary, percent: 100 }));
  }

  /** @req ORCH-3033 */
  abort(canaryId: string, correlationId: string): Promise<ConfigApplied> {
    return this.#changeCanary(canaryId, correlationId, (canary) => {
      const aborted = { ...canary, percent: 0 };
      delete aborted.label;
      return aborted;
    });
  }

  /**
   * The config says of one pool what is served of it now; nothing else changes.
   *
   * @returns The generation that says so, once it is stable.
   */
  commitPool(served: ServedPool, source: ConfigSource): Promise<number> {
    return this.#inOrder(async () => {
      const { history, plan, onConfig } = this.#options;
      // Other pools may have changed since.
      const { config } = history.current;
      const merged = withServedPool(config, served);
      const generation = await this.#push(merged, source, null, diffConfigs(config, merged));
      plan.setConfig(merged);
      onConfig(merged);
      return generation;
    });
  }

  #changeCanary(
    canaryId: string,
    correlationId: string,
    change: (canary: Config['canaries'][number]) => Config['canaries'][number],
  ): Promise<ConfigApplied> {
    return this.#inOrder(() => {
      const { config } = this.#options.history.current;
      if (!config.canaries.some(({ id }) => id === canaryId))
        throw new OrchError('not-found', { message: `No canary ${JSON.stringify(canaryId.slice(0, 100))}.` });
      const canaries = config.canaries.map((canary) => (canary.id === canaryId ? change(canary) : canary));
      return this.#apply(checkedConfig({ ...config, canaries }), { source: 'canary', correlationId }, null);
    });
  }

  async #apply(next: Config, options: ApplyOptions, file: Config | null): Promise<ConfigApplied> {
    const { history, started, rollouts } = this.#options;
    const { number: active, config: before } = history.current;
    if (options.expectedGeneration !== undefined && options.expectedGeneration !== active) {
      throw new OrchError('generation-conflict', {
        message: `Expected generation ${options.expectedGeneration}, generation ${active} is active.`,
      });
    }
    const fault = this.#options.faultOf(next) ?? movedPool(before, next);
    if (fault !== null) throw invalidConfig([fault]);
    const diff = diffConfigs(before, next);
    const answer = {
      previous_generation: history.previous?.number ?? null,
      diff,
      restart_required: restartRequired(started, next),
      operations: [] as string[],
    };
    if (isEmptyDiff(diff) || options.dryRun === true) {
      if (file !== null && options.dryRun !== true) await history.acknowledge(file);
      return { ...answer, generation: active, dry_run: options.dryRun ?? false };
    }
    for (const poolId of [...diff.added, ...diff.changed, ...diff.removed]) {
      const going = rollouts.of(poolId);
      if (going !== undefined) throw operationConflict(poolId, going);
    }
    const generation = await this.#push(next, options.source, file, diff);
    const operations = this.#activate(next, before, diff, { generation, correlationId: options.correlationId });
    return { ...answer, generation, previous_generation: active, dry_run: false, operations };
  }

  async #push(config: Config, source: ConfigSource, file: Config | null, diff: ConfigDiff): Promise<number> {
    const { history, clock, log } = this.#options;
    try {
      const { number } = await history.push({ appliedAtEpochMs: clock.epochMs(), source, config }, file);
      log.info({ event: 'config_applied', generation: number, source, diff }, `config generation ${number} is active`);
      return number;
    } catch (cause) {
      throw new OrchError('journal-unavailable', { cause });
    }
  }

  /** Everything that needs no other worker counts at once; the others are held back until their new worker is good. */
  #activate(
    next: Config,
    before: Config,
    diff: ConfigDiff,
    facts: { readonly generation: number; readonly correlationId: string },
  ): string[] {
    const { plan, operations, rollouts, drains, fleet, canaries } = this.#options;
    const started: string[] = [];
    const known = new Map(servedPools(before).map((served) => [served.pool.id, plan.servedAs(served.pool.id) ?? served]));
    plan.setConfig(next);
    const begin = (poolId: string) => {
      const operation = operations.begin({ kind: 'replace', poolId, phase: 'waiting', ...facts });
      started.push(operation.operation_id);
      return operation;
    };
    for (const poolId of diff.changed) {
      const after = plan.wanted(poolId);
      const served = known.get(poolId);
      if (after === undefined || served === undefined) continue;
      if (isSameWorker(served, after)) {
        plan.release(poolId);
        continue;
      }
      plan.holdBack(served);
      rollouts.begin({ operation: begin(poolId), poolId, after, commit: null });
    }
    for (const poolId of diff.removed) {
      const served = known.get(poolId);
      drains.forget(poolId);
      plan.release(poolId);
      if (served === undefined || fleet.pool(poolId)?.worker == null) continue;
      rollouts.beginRemoval(begin(poolId), served);
    }
    canaries.keep(new Set(next.canaries.map(({ id }) => id)));
    plan.apply();
    this.#options.onConfig(next);
    rollouts.poke();
    return started;
  }

  /** After every change that was asked for before. */
  #inOrder<Value>(change: () => Promise<Value> | Value): Promise<Value> {
    const result = this.#changes.then(change);
    this.#changes = result.catch(() => undefined);
    return result;
  }
}
