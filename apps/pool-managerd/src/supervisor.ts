/**
 * All pools of this host: applies a desired state to them and finishes what an earlier agent left behind. It owns which
 * pools exist; each pool owns its own state.
 */
import { isAlive, type Logger } from '@llama-orch/service-kit';
import { removeContainer } from './container-removal.ts';
import { createPool, type Pool, type PoolDeps, type PoolView } from './pool.ts';
import type { PoolSpec } from './pool-spec.ts';
import { workerOf } from './pool-state.ts';
import { attachWorker, mayAdopt, terminateByNonce } from './process.ts';
import { type Action, type FoundWorker, reconcile } from './reconcile.ts';
import { unreachable } from './unreachable.ts';
import type { WorkerRecord } from './worker-state-file.ts';

export type Supervisor = {
  /** Find what an earlier agent left. Call once, before the first `apply`. */
  init(): Promise<void>;
  /** Make these pools run and no others. Calls are carried out one after the other; the last one counts. */
  apply(desired: readonly PoolSpec[]): Promise<void>;
  views(): readonly PoolView[];
  specs(): readonly PoolSpec[];
  /** Stop every worker; SIGKILL at the latest after `maxGraceMs`. Nothing is started afterwards. */
  stopAll(maxGraceMs: number): Promise<void>;
};

export type SupervisorDeps = Omit<PoolDeps, 'log'> & {
  readonly log: Logger;
  readonly hasAdapter: (spec: PoolSpec) => boolean;
};

/** Grace of workers that nobody wants any more and whose pool is not known. */
const strayGraceMs = 10_000;

export const createSupervisor = (deps: SupervisorDeps): Supervisor => {
  const pools = new Map<string, Pool>();
  const found = new Map<string, FoundWorker>();
  let desired: readonly PoolSpec[] = [];
  let queue: Promise<void> = Promise.resolve();
  let isStopping = false;

  /** Actions are one at a time, so that a start never runs beside the end of the worker it replaces. */
  const inOrder = (run: () => Promise<void>): Promise<void> => {
    const result = queue.then(run);
    queue = result.catch(() => undefined);
    return result;
  };

  const poolOf = async (spec: PoolSpec): Promise<Pool> => {
    const known = pools.get(spec.id);
    if (known !== undefined) return known;
    const pool = createPool(spec, await deps.stateFiles.readStartCount(spec.id), deps);
    pools.set(spec.id, pool);
    return pool;
  };

  const carryOut = async (action: Action): Promise<void> => {
    switch (action.kind) {
      case 'adopt': {
        const { spec, record } = action;
        const pool = pools.get(spec.id) ?? createPool(spec, await deps.stateFiles.readStartCount(spec.id), deps);
        pool.adopt(record);
        // Only now: a status in between would call a pool stopped whose worker lives, and its streams would be cut.
        pools.set(spec.id, pool);
        return;
      }
      case 'end':
        return endFound(action.record, action.reason);
      case 'start':
        return (await poolOf(action.spec)).start(action.spec);
      case 'update':
        return pools.get(action.spec.id)?.update(action.spec);
      case 'replace':
        return pools.get(action.spec.id)?.replace(action.spec);
      case 'restart':
        return pools.get(action.spec.id)?.restart(action.spec);
      case 'stop': {
        const pool = await poolOf(action.spec);
        pool.update(action.spec);
        void pool.stop(Number.POSITIVE_INFINITY);
        return;
      }
      case 'remove': {
        const pool = pools.get(action.poolId);
        // Not awaited: a slow end must not hold up the other pools.
        if (pool !== undefined) void remove(pool, action.poolId);
        return;
      }
      default:
        return unreachable(action);
    }
  };

  const remove = async (pool: Pool, poolId: string): Promise<void> => {
    await pool.stop(Number.POSITIVE_INFINITY);
    // It may have become wanted again while it stopped.
    if (pools.get(poolId) === pool && !pool.view().wanted) pools.delete(poolId);
    deps.onChange();
  };

  /** End a worker of an earlier agent: by its recorded identity, and by its nonce if it died before it had one. */
  const endFound = async (record: WorkerRecord, reason: string): Promise<void> => {
    deps.log.warn(
      { event: 'worker_not_adopted', pool_id: record.poolId, pid: record.process?.pid, reason },
      'a worker of an earlier agent is ended, not adopted',
    );
    if (record.process === null) await terminateByNonce(record.nonce, strayGraceMs);
    else await attachWorker(record.process, record.nonce, 100).terminate(strayGraceMs);
    if (record.container !== undefined) await removeContainer(record.container);
    await deps.stateFiles.remove(record.poolId);
  };

  const managed = () =>
    new Map(
      [...pools].map(([id, pool]) => {
        const view = pool.view();
        return [id, { spec: view.spec, liveStartCount: workerOf(view.state)?.record.startCount ?? null, wanted: view.wanted }];
      }),
    );

  return {
    async init() {
      const { records, unreadable } = await deps.stateFiles.readAll();
      for (const path of unreadable)
        deps.log.error(
          { event: 'worker_record_unreadable', path },
          'a worker record cannot be read; its worker, if it lives, must be ended by hand',
        );
      for (const record of records) found.set(record.poolId, { record, condition: conditionOf(record) });
    },
    apply: (next) =>
      inOrder(async () => {
        if (isStopping) return;
        desired = next;
        const actions = reconcile({ desired, managed: managed(), found, hasAdapter: deps.hasAdapter });
        found.clear();
        // Adopted workers are watched at once. What must end may need its whole grace, but not one after the other.
        for (const action of actions) if (action.kind === 'adopt') await carryOut(action);
        await Promise.all(actions.filter(({ kind }) => kind === 'end').map(carryOut));
        for (const action of actions) if (action.kind !== 'adopt' && action.kind !== 'end' && !isStopping) await carryOut(action);
        deps.onChange();
      }),
    views: () => [...pools.values()].map((pool) => pool.view()),
    specs: () => desired,
    stopAll(maxGraceMs) {
      isStopping = true;
      const strays = [...found.values()];
      found.clear();
      // Not in order: an `apply` that waits for a slow end must not hold up the rest.
      const ends = [
        ...[...pools.values()].map((pool) => pool.stop(maxGraceMs)),
        ...strays.map(({ record }) => endFound(record, 'not-desired')),
        queue,
      ];
      return Promise.all(ends).then(() => undefined);
    },
  };
};

const conditionOf = (record: WorkerRecord): FoundWorker['condition'] => {
  if (record.external) return 'adoptable';
  if (record.process === null || !isAlive(record.process)) return 'dead';
  return mayAdopt(record.process, record.nonce) ? 'adoptable' : 'foreign';
};
