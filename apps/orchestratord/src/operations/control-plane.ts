/**
 * What operators may do to pools while the controller runs (spec section 3): drains, reloads, rollbacks. Each call is checked whole, safe
 * to repeat, and begins an operation that can be watched; the config is changed by {@link ConfigChanges} alone.
 */
import { OrchError, type PoolOperation } from '@llama-orch/api-types';
import type { Config } from '@llama-orch/config-schema';
import { isSameWorker, type ServedPool, servedPools } from '../fleet/served-pool.ts';
import { ConfigChanges, type ConfigChangesOptions } from './config-changes.ts';
import { modelNamed, withModel, withServedPool } from './config-edits.ts';
import type { ConfigSource } from './config-history.ts';
import { type LiveOperation, operationConflict } from './operation-log.ts';

export class ControlPlane {
  readonly configs: ConfigChanges;
  readonly #options: ConfigChangesOptions;

  constructor(options: ConfigChangesOptions) {
    this.#options = options;
    this.configs = new ConfigChanges(options);
  }

  /** Take up what an earlier run left: drained pools stay drained, rollouts that had switched go on, the others say that they do not. */
  restore(): void {
    const { drains, operations, rollouts, history } = this.#options;
    for (const operation of operations.unfinished()) {
      if (operation.kind === 'drain' || rollouts.takeUp(operation)) continue;
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
      throw operationConflict(poolId, going);
    }
    if (served.pool.model === model && served.model.digest === config.models[model]?.digest) {
      const done = operations.last(poolId, ['reload']);
      if (done?.new_model_ref === modelRef && done.state === 'succeeded') return operations.get(done.operation_id);
    }
    const next = withModel(config, served, model);
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
      if (!rollouts.cancel(poolId, 'Rolled back before the new worker served.')) throw operationConflict(poolId, going);
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
    const next = withServedPool(history.current.config, before);
    const operation = operations.begin({ kind: 'rollback', poolId, phase: 'waiting', correlationId });
    return this.#roll(operation, next, poolId, 'rollback');
  }

  /** Have one pool become what `next` says of it; the config follows once its worker is known to be good. */
  #roll(operation: LiveOperation, next: Config, poolId: string, source: ConfigSource): PoolOperation {
    const { operations, rollouts } = this.#options;
    const after = servedPools(next).find(({ pool }) => pool.id === poolId) ?? null;
    const commit = async (): Promise<void> => {
      if (after !== null) operation.generation = await this.configs.commitPool(after, source);
    };
    const served = this.#options.plan.servedAs(poolId);
    if (after !== null && served !== undefined && isSameWorker(served, after)) void this.#settle(operation, poolId, commit);
    else {
      rollouts.begin({ operation, poolId, after, commit });
      rollouts.poke();
    }
    return operations.get(operation.operation_id);
  }

  /** The pool's worker is right already: only the config has to follow. */
  async #settle(operation: LiveOperation, poolId: string, commit: () => Promise<void>): Promise<void> {
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

  #pool(poolId: string): ServedPool {
    const served = this.#options.plan.servedAs(poolId);
    if (served !== undefined) return served;
    throw new OrchError('not-found', { message: `No pool ${JSON.stringify(poolId.slice(0, 100))}.` });
  }

  #assertFree(poolId: string): void {
    const going = this.#options.rollouts.of(poolId);
    if (going !== undefined) throw operationConflict(poolId, going);
  }
}
