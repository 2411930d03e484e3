/**
 * What operators may change while the controller runs (spec section 3): drains, reloads, rollbacks, the config, canaries. Each call is
 * checked whole, safe to repeat, and either changes something at once or begins an operation that can be watched.
 */
import { type Canary, type ConfigApplied, type ConfigGeneration, OrchError, type PoolOperation } from '@llama-orch/api-types';
import { type Config, didYouMean, type PoolConfig, validateConfig } from '@llama-orch/config-schema';
import type { Logger } from '@llama-orch/service-kit';
import type { Clock } from '../clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { isSameWorker, type ServedPool, servedPools } from '../fleet/served-pool.ts';
import type { CanaryFigures } from './canary-figures.ts';
import { type ConfigDiff, diffConfigs, isEmptyDiff, restartRequired } from './config-diff.ts';
import type { ConfigHistory, ConfigSource } from './config-history.ts';
import { leftRemoved, restoreSecrets, withoutSecrets } from './config-secrets.ts';
import type { Drains } from './drains.ts';
import type { FleetPlan } from './fleet-plan.ts';
import type { OperationLog } from './operation-log.ts';
import type { Rollouts } from './rollouts.ts';

type ApplyOptions = {
  readonly source: ConfigSource;
  readonly correlationId: string;
  readonly expectedGeneration?: number | undefined;
  readonly dryRun?: boolean | undefined;
};

export type ControlPlaneOptions = {
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

export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  /** Changes of the config are one at a time. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
  }

  /** Take up what an earlier run left: drained pools stay drained, interrupted rollouts say so. */
  restore(): void {
    const { drains, operations, history } = this.#options;
    for (const operation of operations.unfinished()) {
      if (operation.kind === 'drain') continue;
      const message = 'The controller was restarted meanwhile. The pool runs what GET /v1/config says.';
      operations.fail(operation, { kind: 'operation-conflict', message });
    }
    drains.restore(new Set(history.current.config.pools.map(({ id }) => id)));
  }

  /** Look at what goes on. */
  poke(): void {
    this.#options.drains.poke();
    this.#options.rollouts.poke();
  }

  onMoved(poolId: string): void {
    this.#options.drains.onMoved(poolId);
    this.#options.rollouts.onMoved(poolId);
  }

  // ---- operations ----

  operations(): PoolOperation[] {
    return this.#options.operations.list();
  }

  operation(id: string): PoolOperation {
    return this.#options.operations.get(id);
  }

  /** @req ORCH-2101 */
  drain(poolId: string, deadlineMs: number, correlationId: string): PoolOperation {
    this.#pool(poolId);
    this.#assertFree(poolId);
    return this.#options.drains.drain(poolId, deadlineMs, correlationId);
  }

  /** @req ORCH-2101 */
  resume(poolId: string, correlationId: string): PoolOperation {
    this.#pool(poolId);
    return this.#options.drains.resume(poolId, correlationId);
  }

  /**
   * @param modelRef - A name or a digest of the config's `models`.
   * @req ORCH-2102
   */
  reload(poolId: string, modelRef: string, correlationId: string): PoolOperation {
    const { operations, history, rollouts } = this.#options;
    const served = this.#pool(poolId);
    const { config } = history.current;
    const model = modelNamed(config, modelRef);
    const going = rollouts.of(poolId);
    if (going !== undefined) {
      if (going.kind === 'reload' && going.new_model_ref === modelRef) return operations.get(going.operation_id);
      throw conflict(poolId, going);
    }
    if (served.pool.model === model && served.model.digest === config.models[model]?.digest) {
      const done = operations.last(poolId, ['reload']);
      if (done?.new_model_ref === modelRef && done.state === 'succeeded') return operations.get(done.operation_id);
    }
    const pool: PoolConfig = { ...configuredPool(config, poolId), model, ...atModel(config, model, served) };
    const next = checked(withPool(config, pool));
    const operation = operations.begin({ kind: 'reload', poolId, phase: 'waiting', correlationId, newModelRef: modelRef });
    return this.#roll(operation, next, poolId, 'reload');
  }

  /** @req ORCH-2106, ORCH-3033 */
  rollback(poolId: string, correlationId: string): PoolOperation {
    const { operations, history, rollouts } = this.#options;
    this.#pool(poolId);
    const going = rollouts.of(poolId);
    if (going?.kind === 'rollback') return operations.get(going.operation_id);
    if (going !== undefined) {
      if (!rollouts.cancel(poolId, 'Rolled back before the new worker served.')) throw conflict(poolId, going);
      // What was going on had changed nothing yet, unless it was the config's: then the pool goes back to what it was.
      if (going.kind === 'reload') {
        const operation = operations.begin({ kind: 'rollback', poolId, phase: 'done', correlationId, generation: history.current.number });
        operations.succeed(operation);
        return operations.get(operation.operation_id);
      }
    }
    const before = history.previousOf(poolId);
    if (before === null)
      throw new OrchError('no-previous-generation', { message: `Pool ${poolId} never was configured otherwise.`, poolId });
    const next = alone(poolId, history.current.config, before);
    const operation = operations.begin({ kind: 'rollback', poolId, phase: 'waiting', correlationId });
    return this.#roll(operation, next, poolId, 'rollback');
  }

  /** Have one pool become what `next` says of it; the config follows once its worker is known to be good. */
  #roll(operation: ReturnType<OperationLog['begin']>, next: Config, poolId: string, source: ConfigSource): PoolOperation {
    const { operations, rollouts } = this.#options;
    const after = servedPools(next).find(({ pool }) => pool.id === poolId) ?? null;
    const commit = (): Promise<void> =>
      this.#inOrder(async () => {
        const { history, plan } = this.#options;
        if (after === null) return;
        // Other pools may have changed since.
        const { config } = history.current;
        const merged = alone(poolId, config, after);
        const generation = await this.#push(merged, source, null, diffConfigs(config, merged));
        operation.generation = generation;
        plan.setConfig(merged);
        this.#options.onConfig(merged);
      });
    const served = this.#options.plan.servedAs(poolId);
    if (after !== null && served !== undefined && isSameWorker(served, after)) void this.#settle(operation, poolId, commit);
    else {
      rollouts.begin({ operation, poolId, after, commit });
      rollouts.poke();
    }
    return operations.get(operation.operation_id);
  }

  /** The pool's worker is right already: only the config has to follow. */
  async #settle(operation: ReturnType<OperationLog['begin']>, poolId: string, commit: () => Promise<void>): Promise<void> {
    const { operations, plan, log } = this.#options;
    try {
      await commit();
    } catch (cause) {
      log.error({ event: 'rollout_failed', pool_id: poolId, err: cause }, 'a config generation could not be made');
      const message = 'The new generation could not be journaled; nothing was changed.';
      return operations.fail(operation, { kind: 'journal-unavailable', message });
    }
    plan.release(poolId);
    plan.apply();
    operations.succeed(operation);
  }

  // ---- config ----

  /** @req ORCH-2107, ORCH-3043 */
  config(): ConfigGeneration {
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
      if (faults.length > 0) throw invalid(faults);
      return this.#apply(checked(restored), options, null);
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
  rollbackConfig(correlationId: string): Promise<ConfigApplied> {
    return this.#inOrder(() => {
      const { previous } = this.#options.history;
      if (previous === null) throw new OrchError('no-previous-generation');
      return this.#apply(previous.config, { source: 'rollback', correlationId }, null);
    });
  }

  // ---- canaries ----

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
      return this.#apply(checked({ ...config, canaries }), { source: 'canary', correlationId }, null);
    });
  }

  // ---- applying ----

  async #apply(next: Config, options: ApplyOptions, file: Config | null): Promise<ConfigApplied> {
    const { history, started, rollouts } = this.#options;
    const { number: active, config: before } = history.current;
    if (options.expectedGeneration !== undefined && options.expectedGeneration !== active) {
      throw new OrchError('generation-conflict', {
        message: `Expected generation ${options.expectedGeneration}, generation ${active} is active.`,
      });
    }
    const fault = this.#options.faultOf(next) ?? movedPool(before, next);
    if (fault !== null) throw invalid([fault]);
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
      if (going !== undefined) throw conflict(poolId, going);
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

  #pool(poolId: string): ServedPool {
    const served = this.#options.plan.servedAs(poolId);
    if (served !== undefined) return served;
    throw new OrchError('not-found', { message: `No pool ${JSON.stringify(poolId.slice(0, 100))}.` });
  }

  #assertFree(poolId: string): void {
    const going = this.#options.rollouts.of(poolId);
    if (going !== undefined) throw conflict(poolId, going);
  }

  #inOrder<Value>(change: () => Promise<Value> | Value): Promise<Value> {
    const result = this.#changes.then(change);
    this.#changes = result.catch(() => undefined);
    return result;
  }
}

const conflict = (poolId: string, { kind, operation_id: id }: PoolOperation): OrchError =>
  new OrchError('operation-conflict', { message: `A ${kind} of pool ${poolId} goes on: operation ${id}.`, poolId });

const invalid = (faults: readonly { readonly path: string; readonly message: string }[]): OrchError =>
  new OrchError('invalid-params', {
    message: faults.map(({ path, message }) => `/config${path}: ${message}`).join('; '),
    details: { faults: faults.map(({ path, message }) => ({ path: `/config${path}`, message })) },
  });

/** @throws OrchError with every fault. */
const checked = (value: unknown): Config => {
  const result = validateConfig(value);
  if (!result.ok) throw invalid(result.faults);
  return result.config;
};

/** Agents count starts by themselves, so a pool that moved would give two workers one name. */
const movedPool = (before: Config, after: Config): { readonly path: string; readonly message: string } | null => {
  const hosts = new Map(before.pools.map(({ id, host }) => [id, host]));
  const index = after.pools.findIndex(({ id, host }) => (hosts.get(id) ?? host) !== host);
  if (index === -1) return null;
  return { path: `/pools/${index}/host`, message: 'a pool cannot move to another host; add one with another id, then remove this one' };
};

const withPool = (config: Config, pool: PoolConfig): Config => ({
  ...config,
  pools: config.pools.map((other) => (other.id === pool.id ? pool : other)),
});

/**
 * The config with one pool as it is in `served`, and nothing else changed.
 *
 * @throws OrchError where that would change what another pool loads.
 */
const alone = (poolId: string, config: Config, served: ServedPool): Config => {
  const { pool, model, draftModel } = served;
  const draft = pool.speculative?.draft_model;
  const models = { ...config.models, [pool.model]: model, ...(draft !== undefined && draftModel !== null && { [draft]: draftModel }) };
  const next = checked(withPool({ ...config, models }, pool));
  const other = diffConfigs(config, next).changed.find((id) => id !== poolId);
  if (other === undefined) return next;
  const message = `The model ${served.pool.model} of pool ${poolId} is also pool ${other}’s; go back with POST /v1/config/rollback.`;
  throw new OrchError('operation-conflict', { message, poolId });
};

const configuredPool = (config: Config, poolId: string): PoolConfig => {
  const pool = config.pools.find(({ id }) => id === poolId);
  if (pool === undefined) throw new OrchError('not-found');
  return pool;
};

/** What of a pool follows from its model: the quantisation, and a context that was the old model's own limit or is above the new one's. */
const atModel = (config: Config, name: string, { pool, model }: ServedPool): Partial<PoolConfig> => {
  const next = config.models[name];
  if (next === undefined) return {};
  const ctx = pool.ctx === model.ctx_limit ? next.ctx_limit : Math.min(pool.ctx, next.ctx_limit);
  const runtime = pool.runtime.kind === 'external' ? { ...pool.runtime, digest: next.digest } : pool.runtime;
  return { quant: next.quant, ctx, runtime };
};

const modelNamed = (config: Config, modelRef: string): string => {
  if (Object.hasOwn(config.models, modelRef)) return modelRef;
  const byDigest = Object.entries(config.models).find(([, { digest }]) => digest === modelRef);
  if (byDigest !== undefined) return byDigest[0];
  const message = `no model "${modelRef}" in \`models\` of the active config${didYouMean(modelRef, Object.keys(config.models))}`;
  throw new OrchError('unknown-model', { message, details: { faults: [{ path: '/new_model_ref', message }] } });
};
