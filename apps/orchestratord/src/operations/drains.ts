/**
 * Drained pools: asked for, watched until they are empty, and brought back (ORCH-2101). That nothing new is placed and what is late is
 * moved is the scheduler's.
 */
import type { PoolOperation } from '@llama-orch/api-types';
import type { Clock } from '../clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { SchedulerLoop } from '../scheduler-loop.ts';
import type { LiveOperation, OperationLog } from './operation-log.ts';

export type DrainsOptions = {
  readonly operations: OperationLog;
  readonly fleet: Fleet;
  readonly loop: SchedulerLoop;
  readonly clock: Clock;
};

export class Drains {
  readonly #options: DrainsOptions;
  /** The operation that drained the pool, until it is resumed. */
  readonly #drained = new Map<string, LiveOperation>();

  constructor(options: DrainsOptions) {
    this.#options = options;
  }

  /** Drains that an earlier run left. Pools that are gone by now are not drained any more. */
  restore(poolIds: ReadonlySet<string>): void {
    const { operations, clock } = this.#options;
    for (const poolId of poolIds) {
      const last = operations.last(poolId, ['drain', 'resume']);
      if (last?.kind !== 'drain' || (last.state === 'failed' && last.error !== null)) continue;
      const leftMs = last.deadline_at === null ? 0 : Math.max(0, Date.parse(last.deadline_at) - clock.epochMs());
      this.#begin(last, last.state === 'running' ? leftMs : 0);
    }
  }

  isDrained(poolId: string): boolean {
    return this.#drained.has(poolId);
  }

  /** @req ORCH-2101 */
  drain(poolId: string, deadlineMs: number, correlationId: string): PoolOperation {
    const { operations, clock } = this.#options;
    const known = this.#drained.get(poolId);
    if (known !== undefined && known.state !== 'running') return operations.get(known.operation_id);
    const operation = known ?? operations.begin({ kind: 'drain', poolId, phase: 'draining', correlationId });
    operation.deadline_at = new Date(clock.epochMs() + deadlineMs).toISOString();
    operations.save(operation);
    this.#begin(operation, deadlineMs);
    this.poke();
    return operations.get(operation.operation_id);
  }

  /** @req ORCH-2101 */
  resume(poolId: string, correlationId: string): PoolOperation {
    const { operations, fleet, loop, clock } = this.#options;
    const drained = this.#drained.get(poolId);
    this.#drained.delete(poolId);
    const operation = operations.begin({ kind: 'resume', poolId, phase: 'done', correlationId });
    if (drained !== undefined) {
      fleet.setDraining(poolId, false);
      loop.apply({ kind: 'poolResumed', nowMs: clock.nowMs(), poolId });
      if (drained.state === 'running') {
        const message = 'The pool was resumed before it was empty.';
        operations.fail(drained, { kind: 'operation-conflict', message });
      }
    }
    operations.succeed(operation);
    return operations.get(operation.operation_id);
  }

  /** The pool is not configured any more. */
  forget(poolId: string): void {
    const drained = this.#drained.get(poolId);
    if (drained === undefined) return;
    this.#drained.delete(poolId);
    if (drained.state === 'running') this.#options.operations.succeed(drained);
  }

  /** A task was moved off a pool. */
  onMoved(poolId: string): void {
    const operation = this.#drained.get(poolId);
    if (operation?.state === 'running') operation.progress.replaced += 1;
  }

  /** Look at what has become of the drains. */
  poke(): void {
    for (const [poolId, operation] of this.#drained) {
      if (operation.state !== 'running') continue;
      const worker = this.#options.fleet.pool(poolId)?.worker ?? null;
      operation.progress.running = worker?.running ?? 0;
      if (worker === null || worker.running + worker.releasing === 0) this.#options.operations.succeed(operation);
    }
  }

  #begin(operation: LiveOperation, leftMs: number): void {
    const { fleet, loop, clock } = this.#options;
    const { pool_id: poolId } = operation;
    this.#drained.set(poolId, operation);
    fleet.setDraining(poolId, true);
    const nowMs = clock.nowMs();
    loop.apply({ kind: 'poolDrained', nowMs, poolId, abortAtMs: nowMs + leftMs, returns: false });
  }
}
