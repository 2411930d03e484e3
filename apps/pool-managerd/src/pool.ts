/**
 * One pool: the single writer of its state. It does what each state asks for (check, launch, test, probe, wait, stop) and
 * turns the outcome into the next event; which moves exist is in `pool-state.ts`.
 */
import type { Logger } from '@llama-orch/service-kit';
import { lowerSlots } from './capacity.ts';
import { createFailure, type Failure, failureKinds, PoolFailure } from './failure.ts';
import { type ExitStatus, explainExit } from './failure-cause.ts';
import type { CheckedPool, CheckPool } from './host-checks.ts';
import { readOomKills } from './host-memory.ts';
import type { LiveWorker } from './live-worker.ts';
import { type Mishaps, noMishaps, withMishap } from './pool-mishaps.ts';
import type { PoolSpec } from './pool-spec.ts';
import { type PoolEvent, type PoolState, transition, workerOf } from './pool-state.ts';
import { decideRestart, freshHistory, onAttempt, onReady, onServed, type RestartPolicy } from './restart-policy.ts';
import { unreachable } from './unreachable.ts';
import type { WorkerGauges } from './worker-gauges.ts';
import type { WorkerLauncher } from './worker-launcher.ts';
import { awaitLoaded, testInTime, type WorkerStartDeps } from './worker-start.ts';
import type { WorkerRecord, WorkerStateFiles } from './worker-state-file.ts';
import { watchWorker, type WorkerSights, type WorkerWatchDeps } from './worker-watch.ts';

/** Why a worker was started again. */
export type RestartReason = Failure['kind'] | 'spec-changed';

/** What others may know of a pool at one moment. */
export type PoolView = Mishaps & {
  readonly spec: PoolSpec;
  readonly state: PoolState;
  /** False once it was told to stop. */
  readonly wanted: boolean;
  readonly startCount: number;
  readonly restarts: number;
  /** Slots a worker is started with: the configured ones, or fewer after a device ran out of memory. */
  readonly capacitySlots: number;
  readonly preload: { readonly outcome: 'ok' | 'failed'; readonly loadMs: number | null } | null;
  /** `null` until first read after the worker became Ready. */
  readonly gauges: WorkerGauges | null;
};

export type Pool = {
  view(): PoolView;
  start(spec: PoolSpec): void;
  adopt(record: WorkerRecord): void;
  /** New clocks and labels; the worker goes on. */
  update(spec: PoolSpec): void;
  /** The worker was started from something else than what is wanted now. */
  replace(spec: PoolSpec): void;
  /** Somebody else found the worker wanting; paced like any other fault. */
  restart(spec: PoolSpec): void;
  /** Resolves once nothing of the pool runs, or once it was started again. The grace before SIGKILL is at most `maxGraceMs`. */
  stop(maxGraceMs: number): Promise<void>;
};

export type PoolSeat = { readonly seat: number; readonly startCountBefore: number };

export type PoolDeps = WorkerStartDeps &
  WorkerWatchDeps & {
    readonly check: CheckPool;
    readonly launcher: WorkerLauncher;
    readonly stateFiles: WorkerStateFiles;
    readonly policy: RestartPolicy;
    /** Uniform in [0, 1). */
    readonly random: () => number;
    readonly log: Logger;
    /** Called after each change that others may want to hear of. */
    readonly onChange: () => void;
    readonly onRestart: (spec: PoolSpec, engineVersion: string | null, reason: RestartReason) => void;
    readonly onPreload: (spec: PoolSpec, engineVersion: string | null, outcome: 'ok' | 'failed') => void;
  };

/** Probes in a row without an answer after which it is Unready, and after which it is restarted. */
const missesUntilUnready = 3;
const missesUntilDead = 6;
/** A dying worker breaks its connections before its exit is seen; the exit says more, so it is waited for. */
const exitSeenMs = 300;
/** How often the checks of a refused pool are repeated. */
const recheckIntervalMs = 30_000;

/** @param seat - Tells the workers of one pool apart while one is replaced by another. */
export const createPool = (firstSpec: PoolSpec, { seat, startCountBefore }: PoolSeat, deps: PoolDeps): Pool => {
  let spec = firstSpec;
  let state: PoolState = { kind: 'stopped' };
  let wanted = false;
  let maxGraceMs = Number.POSITIVE_INFINITY;
  let checked: CheckedPool | null = null;
  let startCount = startCountBefore;
  let history = freshHistory;
  let mishaps = noMishaps;
  let restarts = 0;
  /** Lowered by every device OOM, for as long as the pool is asked for like this. */
  let capacitySlots = firstSpec.slots;
  let preload: PoolView['preload'] = null;
  let gauges: WorkerGauges | null = null;
  /** Of the last worker that said it. */
  let engineVersion: string | null = null;
  /** Why the last worker of this agent's life ended; `null` before the first. */
  let endReason: RestartReason | null = null;
  let activity = new AbortController();
  const stopWaiters: (() => void)[] = [];
  const log = deps.log.child({ pool_id: spec.id, engine: spec.engine });

  /** The pool as far as its devices can carry it. */
  const carried = (): PoolSpec => (capacitySlots < spec.slots ? { ...spec, slots: capacitySlots } : spec);

  const dispatch = (event: PoolEvent): void => {
    const before = state;
    state = transition(before, event);
    if (state === before) return;
    log.info(
      { event: 'pool_state', state: state.kind, from: before.kind, replica_id: replicaIdOf(workerOf(state)) },
      `pool is ${state.kind}`,
    );
    if (state.kind === 'stopped') releaseWaiters();
    if (activityOf(state) !== activityOf(before) || state.kind === 'checking') {
      activity.abort();
      activity = new AbortController();
      run(state, activity.signal);
    }
    deps.onChange();
  };

  /** Start what the state asks for. Its failure counts only while the state still asks for it. */
  const run = (current: PoolState, signal: AbortSignal): void => {
    act(current, signal).catch(async (error: unknown) => {
      const child = workerOf(current)?.process;
      if (child && !signal.aborted) {
        const exit = await Promise.race([child.exited, deps.sleep(exitSeenMs, signal).catch(() => undefined)]);
        if (exit !== undefined) return; // `watchExit` tells why.
      }
      if (!signal.aborted) fail(PoolFailure.toFailure(error));
    });
  };

  const act = async (current: PoolState, signal: AbortSignal): Promise<void> => {
    switch (current.kind) {
      case 'stopped':
        return;
      case 'checking':
        return check(signal);
      case 'launching':
        return launch();
      case 'loading':
        return load(current.worker, signal);
      case 'testing':
        return test(current.worker, signal);
      case 'ready':
      case 'unready':
        return serve(current.worker, signal);
      case 'stopping':
        return end(current.worker);
      case 'waiting':
        await deps.sleep(Math.max(0, current.retryAtMs - deps.nowMs()), signal);
        history = onAttempt(history);
        return dispatch({ kind: 'retry' });
      case 'refused':
        return recheck(current.failure, signal);
      default:
        return unreachable(current);
    }
  };

  /** Record a failure and leave the state it happened in. */
  const fail = (failure: Failure): void => {
    const nowMs = deps.nowMs();
    mishaps = withMishap(mishaps, failure, nowMs);
    if (failure.kind === 'device-oom') {
      const slots = lowerSlots(carried().slots);
      if (slots < carried().slots)
        log.warn(
          { event: 'capacity_lowered', slots, configured_slots: spec.slots },
          'a device ran out of memory: started with fewer slots from now on',
        );
      capacitySlots = slots;
    }
    const worker = workerOf(state);
    if (worker !== null) endReason = failure.kind;
    if (state.kind !== 'ready' && state.kind !== 'unready') {
      preload = { outcome: 'failed', loadMs: null };
      deps.onPreload(spec, engineVersion, 'failed');
    }

    const fields = {
      event: 'pool_failed',
      kind: failure.kind,
      cause: failure.cause,
      replica_id: replicaIdOf(worker),
      oom_events: mishaps.oomEvents,
      driver_reset_events: mishaps.driverResetEvents,
      ecc_events: mishaps.eccEvents,
    };
    const failureClass = failureKinds[failure.kind].class;
    if (failureClass === 'final') {
      log.error(fields, failure.message);
      return dispatch({ kind: 'refused', failure });
    }
    const decision = decideRestart(deps.policy, history, failureClass, nowMs, deps.random());
    history = decision.history;
    log.error({ ...fields, retry_ms: decision.delayMs, reason: decision.reason }, failure.message);
    dispatch({ kind: 'failed', failure, retryAtMs: nowMs + decision.delayMs });
  };

  const check = async (signal: AbortSignal): Promise<void> => {
    const found = await deps.check(carried(), signal);
    if (signal.aborted) return;
    checked = found;
    dispatch({ kind: 'checked' });
  };

  const launch = async (): Promise<void> => {
    if (checked === null) throw new TypeError('launching without checks');
    startCount = await deps.stateFiles.takeStartCount(spec.id, Math.max(startCount + 1, spec.minStartCount));
    const worker = await deps.launcher.launch(spec, { startCount, seat, slots: carried().slots }, checked);
    gauges = null;
    if (endReason !== null) {
      restarts += 1;
      deps.onRestart(spec, engineVersion, endReason);
    }
    log.info(
      {
        event: 'worker_started',
        pid: worker.process?.identity.pid,
        url: worker.record.advertisedUrl,
        replica_id: replicaIdOf(worker),
        cpu_carve_out: worker.record.facts.cpuCarveOut,
        worst_link: worker.record.facts.topology?.worstLink ?? undefined,
        numa_nodes: worker.record.facts.topology?.numaNodes,
      },
      'worker started',
    );
    dispatch({ kind: 'spawned', worker });
    watchExit(worker);
  };

  /** A worker that ends by itself, in whatever state, is a failure of that state. */
  const watchExit = (worker: LiveWorker): void => {
    const { process: child } = worker;
    if (child === null) return;
    const explain = async (exit: ExitStatus): Promise<void> => {
      const oomKillsNow = readOomKills();
      const logTail = (await worker.log?.tail(deps.logBytes)) ?? '';
      const current = workerOf(state);
      if (current?.process !== child || state.kind === 'stopping') return;
      const oomKills = worker.oomKillsBefore === null || oomKillsNow === null ? null : oomKillsNow - worker.oomKillsBefore;
      fail(explainExit({ exit, oomKills, logTail }));
    };
    child.exited.then(explain).catch((error: unknown) => fail(PoolFailure.toFailure(error)));
  };

  const load = async (worker: LiveWorker, signal: AbortSignal): Promise<void> => {
    await awaitLoaded(worker, carried, deps, signal);
    if (!signal.aborted) dispatch({ kind: 'loaded' });
  };

  const test = async (worker: LiveWorker, signal: AbortSignal): Promise<void> => {
    const tested = await testInTime(worker, carried, deps, signal);
    if (signal.aborted) return;
    const loadMs = deps.nowMs() - worker.record.startedAtMs;
    const record: WorkerRecord = { ...worker.record, tested: { ...tested, loadMs } };
    await deps.stateFiles.write(record);
    if (signal.aborted) return;
    history = onReady(history, deps.nowMs());
    preload = { outcome: 'ok', loadMs };
    engineVersion = tested.engineVersion;
    deps.onPreload(spec, engineVersion, 'ok');
    dispatch({ kind: 'passed', worker: { ...worker, record } });
  };

  const serve = (worker: LiveWorker, signal: AbortSignal): Promise<void> => {
    const sights: WorkerSights = {
      onAnswer: () => dispatch({ kind: 'probed' }),
      onMiss,
      onGauges: (read) => {
        gauges = read;
      },
      onTokens: () => {
        history = onServed(history);
      },
    };
    return watchWorker(worker, { ...sights, spec: carried }, deps, signal);
  };

  const onMiss = (misses: number, why: string): void => {
    if (misses >= missesUntilDead) {
      return fail(createFailure('unresponsive', `The worker did not answer ${misses} probes in a row (${why}) and is restarted.`));
    }
    if (misses === missesUntilUnready) {
      log.warn({ event: 'worker_unready', misses, cause: why }, 'worker does not answer its probes');
      dispatch({ kind: 'missed' });
    }
  };

  const end = async (worker: LiveWorker): Promise<void> => {
    // Nothing may start on its devices while it may live, so a failure here (a full disk, a hanging driver) is tried again.
    for (;;) {
      try {
        await worker.process?.terminate(Math.min(maxGraceMs, spec.timeouts.stopGraceMs));
        await deps.launcher.release(worker);
        break;
      } catch (error) {
        log.error({ event: 'worker_stop_failed', err: error, replica_id: replicaIdOf(worker) }, 'worker could not be ended; trying again');
        await deps.sleep(1_000, new AbortController().signal);
      }
    }
    gauges = null;
    log.info({ event: 'worker_ended', replica_id: replicaIdOf(worker) }, 'worker ended');
    dispatch({ kind: 'ended' });
  };

  const recheck = async (refusal: Failure, signal: AbortSignal): Promise<void> => {
    let known = refusal;
    for (;;) {
      await deps.sleep(recheckIntervalMs, signal);
      try {
        await deps.check(carried(), signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure = PoolFailure.toFailure(error);
        if (failureKinds[failure.kind].class === 'final') {
          if (failure.message !== known.message) fail(failure);
          known = failure;
          continue;
        }
      }
      if (signal.aborted) return;
      return dispatch({ kind: 'retry' });
    }
  };

  const releaseWaiters = (): void => {
    for (const waiter of stopWaiters.splice(0)) waiter();
  };

  return {
    view: () => ({
      spec,
      state,
      wanted,
      startCount,
      restarts,
      ...mishaps,
      capacitySlots: carried().slots,
      preload,
      gauges,
    }),
    start(next) {
      capacitySlots = next.slots;
      spec = next;
      wanted = true;
      maxGraceMs = Number.POSITIVE_INFINITY;
      releaseWaiters();
      dispatch({ kind: 'start' });
    },
    adopt(record) {
      // The machine's clock may have been set back since: nothing started in the future.
      const worker = deps.launcher.adopt(spec, { ...record, startedAtMs: Math.min(record.startedAtMs, deps.nowMs()) });
      wanted = true;
      startCount = Math.max(startCount, record.startCount);
      capacitySlots = record.slots ?? spec.slots;
      if (record.tested !== null) {
        preload = { outcome: 'ok', loadMs: record.tested.loadMs };
        engineVersion = record.tested.engineVersion;
        history = onReady(history, deps.nowMs());
      }
      log.info({ event: 'worker_adopted', pid: record.process?.pid, replica_id: replicaIdOf(worker) }, 'worker adopted');
      dispatch({ kind: 'adopt', worker });
      watchExit(worker);
    },
    update(next) {
      spec = next;
      // Whatever changed may be what it was refused for.
      if (state.kind === 'refused') dispatch({ kind: 'retry' });
      else deps.onChange();
    },
    replace(next) {
      capacitySlots = next.slots;
      spec = next;
      history = freshHistory;
      if (workerOf(state) !== null || state.kind === 'launching') endReason = 'spec-changed';
      dispatch({ kind: 'restart' });
    },
    restart(next) {
      spec = next;
      if (workerOf(state) === null || state.kind === 'stopping') return; // The next start count is above the one complained of.
      const why = 'it does so when a canceled task keeps its slot, or when task after task fails though the worker answers its probes';
      fail(createFailure('restart-requested', `The controller asked for another worker; ${why}.`));
    },
    stop(atMostMs) {
      wanted = false;
      maxGraceMs = atMostMs;
      endReason = null;
      const stopped = new Promise<void>((resolve) => {
        stopWaiters.push(resolve);
      });
      dispatch({ kind: 'stop' });
      if (state.kind === 'stopped') releaseWaiters();
      return stopped;
    },
  };
};

/** States that share one activity: a stop asked for twice is one stop, and probing goes on from Ready to Unready and back. */
const activityOf = (state: PoolState): string => (state.kind === 'unready' ? 'ready' : state.kind);

const replicaIdOf = (worker: LiveWorker | null): string | undefined =>
  worker === null ? undefined : `${worker.record.poolId}/${worker.record.startCount}`;
