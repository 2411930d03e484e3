/**
 * All pools of this host: applies a desired state to them and finishes what an earlier agent left behind. It owns which
 * pools exist; each pool owns its own state.
 */
import { isAlive, type Logger } from '@llama-orch/service-kit';
import { removeContainer } from './container-removal.ts';
import { createPool, type Pool, type PoolDeps, type PoolView } from './pool.ts';
import { type PoolSpec, workerDigest } from './pool-spec.ts';
import { workerOf } from './pool-state.ts';
import { attachWorker, mayAdopt, terminateByNonce } from './process.ts';
import { type Action, type FoundWorker, reconcile } from './reconcile.ts';
import { decideSuccession } from './succession.ts';
import { unreachable } from './unreachable.ts';
import type { WorkerRecord } from './worker-state-file.ts';

/** What a pool is to be, and what is to be started beside it to follow it. */
export type DesiredSpec = { readonly spec: PoolSpec; readonly successor: PoolSpec | null };

/** A pool, and the worker that is to follow its own. */
export type PoolPair = { readonly pool: PoolView; readonly successor: PoolView | null };

export type Supervisor = {
  /** Find what an earlier agent left. Call once, before the first `apply`. */
  init(): Promise<void>;
  /** Make these pools run and no others. Calls are carried out one after the other; the last one counts. */
  apply(desired: readonly DesiredSpec[]): Promise<void>;
  views(): readonly PoolPair[];
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
  /** Workers that are to follow those of their pools. */
  const successors = new Map<string, Pool>();
  /** Workers whose place was taken, until they have ended. */
  const retired = new Set<Pool>();
  const seats = new Map<Pool, number>();
  /** What an earlier agent left, by pool; the oldest first. */
  const found = new Map<string, FoundWorker[]>();
  let desired: readonly PoolSpec[] = [];
  let queue: Promise<void> = Promise.resolve();
  let isStopping = false;

  /** Actions are one at a time, so that a start never runs beside the end of the worker it replaces. */
  const inOrder = (run: () => Promise<void>): Promise<void> => {
    const result = queue.then(run);
    queue = result.catch(() => undefined);
    return result;
  };

  const make = async (spec: PoolSpec, seat: number): Promise<Pool> => {
    const pool = createPool(spec, { seat, startCountBefore: await deps.stateFiles.readStartCount(spec.id) }, deps);
    seats.set(pool, seat);
    return pool;
  };

  /** The lowest that no worker of the pool has. */
  const freeSeat = (poolId: string): number => {
    const taken = new Set([...seats].filter(([pool]) => pool.view().spec.id === poolId).map(([, seat]) => seat));
    let seat = 0;
    while (taken.has(seat)) seat += 1;
    return seat;
  };

  const poolOf = async (spec: PoolSpec): Promise<Pool> => {
    const known = pools.get(spec.id);
    if (known !== undefined) return known;
    const pool = await make(spec, freeSeat(spec.id));
    pools.set(spec.id, pool);
    return pool;
  };

  /** Its end may take its whole grace: nobody waits for it. */
  const retire = async (pool: Pool): Promise<void> => {
    retired.add(pool);
    await pool.stop(Number.POSITIVE_INFINITY);
    retired.delete(pool);
    seats.delete(pool);
    deps.onChange();
  };

  /** Workers that are to follow others: started, adopted, put in the place of the first one, or ended. */
  const arrangeSuccessors = async (wanted: ReadonlyMap<string, DesiredSpec>): Promise<void> => {
    for (const [id, second] of successors) {
      const first = pools.get(id);
      const decision = decideSuccession(first?.view().spec ?? null, second.view().spec, wanted.get(id) ?? null);
      if (decision.kind === 'keep') second.update(decision.spec);
      else successors.delete(id);
      if (decision.kind === 'drop') void retire(second);
      if (decision.kind !== 'promote') continue;
      deps.log.info({ event: 'worker_promoted', pool_id: id }, 'the new worker takes the place of the old one, which is ended');
      pools.set(id, second);
      if (first !== undefined) void retire(first);
    }
  };

  const startSuccessors = async (wanted: ReadonlyMap<string, DesiredSpec>): Promise<void> => {
    for (const [id, { successor }] of wanted) {
      if (successor === null || successors.has(id) || isStopping) continue;
      const left = takeFound(id, successor);
      const pool = await make(successor, left === null ? freeSeat(id) : (left.record.seat ?? 0));
      if (left === null) pool.start(successor);
      else pool.adopt(left.record);
      successors.set(id, pool);
    }
  };

  /** The newest worker of an earlier agent that can go on as `spec`. */
  const takeFound = (poolId: string, spec: PoolSpec): FoundWorker | null => {
    const candidates = found.get(poolId) ?? [];
    const fit = candidates.findLast(({ record, condition }) => condition === 'adoptable' && record.digest === workerDigest(spec)) ?? null;
    if (fit !== null)
      found.set(
        poolId,
        candidates.filter((other) => other !== fit),
      );
    return fit;
  };

  /** Of what was found of each pool, the one that may be its worker: the oldest that fits, or any. */
  const foundFirst = (wanted: ReadonlyMap<string, DesiredSpec>): Map<string, FoundWorker> => {
    const firsts = new Map<string, FoundWorker>();
    for (const [id, workers] of found) {
      const spec = wanted.get(id)?.spec;
      const fits = ({ record, condition }: FoundWorker) =>
        spec !== undefined && condition === 'adoptable' && record.digest === workerDigest(spec);
      const first = workers.find(fits) ?? workers.find(({ record }) => !isForSuccessor(record, wanted.get(id) ?? null));
      if (first === undefined) continue;
      firsts.set(id, first);
      found.set(
        id,
        workers.filter((other) => other !== first),
      );
    }
    return firsts;
  };

  const isForSuccessor = (record: WorkerRecord, desiredPool: DesiredSpec | null): boolean =>
    desiredPool?.successor != null && record.digest === workerDigest(desiredPool.successor);

  const carryOut = async (action: Action): Promise<void> => {
    switch (action.kind) {
      case 'adopt': {
        const { spec, record } = action;
        const pool = pools.get(spec.id) ?? (await make(spec, record.seat ?? 0));
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
    if (pools.get(poolId) === pool && !pool.view().wanted) {
      pools.delete(poolId);
      seats.delete(pool);
    }
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
    await deps.stateFiles.remove(record);
  };

  const takeLeft = (): FoundWorker[] => {
    const left = [...found.values()].flat();
    found.clear();
    return left;
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
      for (const record of records.toSorted((a, b) => a.startCount - b.startCount))
        found.set(record.poolId, [...(found.get(record.poolId) ?? []), { record, condition: conditionOf(record) }]);
    },
    apply: (next) =>
      inOrder(async () => {
        if (isStopping) return;
        desired = next.map(({ spec }) => spec);
        const wanted = new Map(next.map((pool) => [pool.spec.id, pool]));
        await arrangeSuccessors(wanted);
        const actions = reconcile({ desired, managed: managed(), found: foundFirst(wanted), hasAdapter: deps.hasAdapter });
        // Adopted workers are watched at once. What must end may need its whole grace, but not one after the other.
        for (const action of actions) if (action.kind === 'adopt') await carryOut(action);
        await startSuccessors(wanted);
        const left = takeLeft().map(({ record }) => endFound(record, 'not-desired'));
        await Promise.all([...left, ...actions.filter(({ kind }) => kind === 'end').map(carryOut)]);
        for (const action of actions) if (action.kind !== 'adopt' && action.kind !== 'end' && !isStopping) await carryOut(action);
        deps.onChange();
      }),
    views: () => [...pools].map(([id, pool]) => ({ pool: pool.view(), successor: successors.get(id)?.view() ?? null })),
    specs: () => desired,
    stopAll(maxGraceMs) {
      isStopping = true;
      const strays = takeLeft();
      // Not in order: an `apply` that waits for a slow end must not hold up the rest.
      const ends = [
        ...[...pools.values(), ...successors.values(), ...retired].map((pool) => pool.stop(maxGraceMs)),
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
