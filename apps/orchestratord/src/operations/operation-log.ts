/**
 * Every operation on a pool: those that go on, and those that ended lately (ORCH-2101, 2102, 2106). It keeps and shows; what an
 * operation does is its owner's.
 */
import { randomUUID } from 'node:crypto';
import { type ErrorKind, OrchError, type PoolOperation, toErrorEnvelope } from '@llama-orch/api-types';
import type { Logger } from '@llama-orch/service-kit';
import type { Clock } from '../clock.ts';
import type { StateStore, StoredState } from './state-store.ts';

/** One operation while it goes on; only its owner changes it. */
export type LiveOperation = { -readonly [Field in keyof PoolOperation]: PoolOperation[Field] } & {
  readonly correlationId: string;
  /** The first start of the pool's new worker, once that one was good and got the pool; a later run goes on from there. */
  switchedTo?: number;
};

export type OperationStart = {
  readonly kind: PoolOperation['kind'];
  readonly poolId: string;
  readonly phase: PoolOperation['phase'];
  readonly correlationId: string;
  readonly newModelRef?: string;
  readonly generation?: number;
};

export type OperationFailure = { readonly kind: ErrorKind; readonly message: string; readonly cause?: string | null };

export type OperationLogOptions = {
  readonly store: StateStore;
  readonly stored: StoredState;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ended operations that can still be read. */
  readonly keep: () => number;
  readonly onEnded: (operation: PoolOperation) => void;
};

const keyPrefix = 'operation/';

export class OperationLog {
  readonly #options: OperationLogOptions;
  /** Oldest first. */
  readonly #operations = new Map<string, LiveOperation>();

  constructor(options: OperationLogOptions) {
    this.#options = options;
    const stored = [...options.stored].flatMap(([key, body]) => (key.startsWith(keyPrefix) ? [body as LiveOperation] : []));
    for (const operation of stored.toSorted((a, b) => (a.created_at < b.created_at ? -1 : 1)))
      this.#operations.set(operation.operation_id, operation);
  }

  get(id: string): PoolOperation {
    const operation = this.#operations.get(id);
    if (operation === undefined) throw new OrchError('not-found', { message: `No operation ${JSON.stringify(id.slice(0, 100))}.` });
    return toWire(operation);
  }

  /** Newest first. */
  list(): PoolOperation[] {
    return [...this.#operations.values()].toReversed().map(toWire);
  }

  /** Of an earlier run, and not ended in it. */
  unfinished(): readonly LiveOperation[] {
    return [...this.#operations.values()].filter(({ state }) => state === 'running');
  }

  /** The newest of these kinds on a pool. */
  last(poolId: string, kinds: readonly PoolOperation['kind'][]): LiveOperation | undefined {
    return [...this.#operations.values()].findLast((operation) => operation.pool_id === poolId && kinds.includes(operation.kind));
  }

  begin(start: OperationStart): LiveOperation {
    const operation: LiveOperation = {
      operation_id: randomUUID(),
      kind: start.kind,
      pool_id: start.poolId,
      state: 'running',
      phase: start.phase,
      new_model_ref: start.newModelRef ?? null,
      deadline_at: null,
      generation: start.generation ?? null,
      progress: { running: 0, waiting: 0, replaced: 0 },
      created_at: this.#now(),
      ended_at: null,
      error: null,
      correlationId: start.correlationId,
    };
    this.#operations.set(operation.operation_id, operation);
    this.#options.log.info({ event: 'operation_started', ...fields(operation) }, `${operation.kind} of pool ${operation.pool_id} began`);
    this.save(operation);
    return operation;
  }

  succeed(operation: LiveOperation): void {
    this.#end(operation, 'succeeded');
    this.#options.log.info({ event: 'operation_ended', ...fields(operation) }, `${operation.kind} of pool ${operation.pool_id} succeeded`);
  }

  fail(operation: LiveOperation, { kind, message, cause = null }: OperationFailure): void {
    operation.error = toErrorEnvelope(kind, {
      correlationId: operation.correlationId,
      message,
      poolId: operation.pool_id,
      ...(cause !== null && { details: { cause } }),
    });
    this.#end(operation, 'failed');
    this.#options.log.error(
      { event: 'operation_ended', ...fields(operation), error: kind, cause: message },
      `${operation.kind} of pool ${operation.pool_id} failed`,
    );
  }

  /** Make the operation as it is now outlive a restart. */
  save(operation: LiveOperation): void {
    this.#options.store
      // It goes on changing while it is written.
      .save(keyPrefix + operation.operation_id, structuredClone(operation))
      .catch((cause: unknown) =>
        this.#options.log.error({ event: 'journal_failed', err: cause, ...fields(operation) }, 'an operation could not be journaled'),
      );
  }

  #end(operation: LiveOperation, state: 'succeeded' | 'failed'): void {
    operation.state = state;
    operation.phase = 'done';
    operation.ended_at = this.#now();
    this.save(operation);
    this.#options.onEnded(operation);
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    let surplus = [...this.#operations.values()].filter(({ state }) => state !== 'running').length - this.#options.keep();
    for (const [id, { state }] of this.#operations) {
      if (surplus <= 0) return;
      if (state === 'running') continue;
      surplus -= 1;
      this.#operations.delete(id);
      this.#options.store.forget(keyPrefix + id);
    }
  }

  #now(): string {
    return new Date(this.#options.clock.epochMs()).toISOString();
  }
}

const toWire = (operation: LiveOperation): PoolOperation => {
  const wire: PoolOperation & { correlationId?: string; switchedTo?: number } = structuredClone(operation);
  delete wire.correlationId;
  delete wire.switchedTo;
  return wire;
};

const fields = ({ operation_id, kind, pool_id, state, generation }: LiveOperation) => ({
  operation_id,
  kind,
  pool_id,
  state,
  generation,
});

/** The pool has something going on that must end first. */
export const operationConflict = (poolId: string, { kind, operation_id: id }: PoolOperation): OrchError =>
  new OrchError('operation-conflict', { message: `A ${kind} of pool ${poolId} goes on: operation ${id}.`, poolId });
