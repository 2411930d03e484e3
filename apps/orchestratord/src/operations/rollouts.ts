/**
 * Replaces the workers of pools, one step at a time (ORCH-2102, ORCH-3031): start the new one, switch, let the old one finish; or report
 * why not and leave everything as it was. It looks when it is poked and waits for nothing; the clock and all reports are read then.
 */
import type { PoolError, PoolOperation } from '@llama-orch/api-types';
import type { ControllerConfig } from '@llama-orch/config-schema';
import type { Scheduler } from '@llama-orch/orchestrator-core';
import type { Logger } from '@llama-orch/service-kit';
import type { Clock } from '../clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { LeavingWorker } from '../fleet/live-workers.ts';
import { startCountOf } from '../fleet/replica-id.ts';
import { laneKeyOf, type ServedPool } from '../fleet/served-pool.ts';
import type { SchedulerLoop } from '../scheduler-loop.ts';
import type { FleetPlan } from './fleet-plan.ts';
import type { LiveOperation, OperationFailure, OperationLog } from './operation-log.ts';

/** What a pool is to become. */
export type Target = {
  readonly operation: LiveOperation;
  readonly poolId: string;
  /** `null` = the pool is gone from the config. */
  readonly after: ServedPool | null;
  /** Make it the config's once the new worker is known to be good; `null` = it is the config's already. */
  readonly commit: (() => Promise<void>) | null;
};

/**
 * | step | what goes on | next |
 * | --- | --- | --- |
 * | `waiting` | other rollouts go on | `starting`, or `leaving` where the old one must go first |
 * | `starting` | the agent starts and tests the new worker beside the old one | `committing`; failed → ended |
 * | `committing` | the config generation is made stable | `leaving` |
 * | `leaving` | new tasks go to the new worker, the old one finishes until its deadline | `awaiting` (old one first), ended |
 * | `awaiting` | the old one is gone, the new one is started, or known from an earlier run | ended; failed → `restoring`, or ended |
 * | `restoring` | the old one is started again | ended |
 */
type Step = 'waiting' | 'starting' | 'committing' | 'leaving' | 'awaiting' | 'restoring';

type Rollout = Target & {
  step: Step;
  order: 'beside' | 'drain_first';
  readonly before: ServedPool | null;
  /** Of the step. */
  untilMs: number;
  /** Generation that the agent must have applied before its reports count. */
  desired: number;
  /** Time of the pool's last error when the step began: older than what happens in it. */
  errorAt: string | null;
  /** The scheduler holds the pool's tasks until its worker is back. */
  isHeld: boolean;
  failure: OperationFailure | null;
};

export type RolloutsOptions = {
  readonly operations: OperationLog;
  readonly plan: FleetPlan;
  readonly fleet: Fleet;
  readonly loop: SchedulerLoop;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: () => ControllerConfig['rollout'];
  /** By an operator: then it stays so, whatever its worker. */
  readonly isDrained: (poolId: string) => boolean;
};

/** Failures of a start that another order would not have. */
const isShortOfMemory = ({ kind }: PoolError): boolean => kind === 'device-memory-short' || kind === 'host-memory-short';

export class Rollouts {
  readonly #options: RolloutsOptions;
  /** By pool, in the order in which they were asked for. */
  readonly #rollouts = new Map<string, Rollout>();

  constructor(options: RolloutsOptions) {
    this.#options = options;
  }

  of(poolId: string): PoolOperation | undefined {
    return this.#rollouts.get(poolId)?.operation;
  }

  begin(target: Target): void {
    const before = this.#options.plan.servedAs(target.poolId) ?? null;
    this.#rollouts.set(target.poolId, {
      ...target,
      before,
      step: 'waiting',
      order: this.#options.settings().strategy === 'drain_first' ? 'drain_first' : 'beside',
      untilMs: Infinity,
      desired: 0,
      errorAt: null,
      isHeld: false,
      failure: null,
    });
  }

  /** End a rollout that has not switched yet; `false` where it has. */
  cancel(poolId: string, message: string): boolean {
    const rollout = this.#rollouts.get(poolId);
    if (rollout === undefined || (rollout.step !== 'waiting' && rollout.step !== 'starting')) return false;
    this.#end(rollout, { kind: 'operation-conflict', message });
    return true;
  }

  /** The pool left the config: its worker finishes what it has. */
  beginRemoval(operation: LiveOperation, before: ServedPool): void {
    const { plan, clock, settings } = this.#options;
    plan.keepRunning(before.pool.id, before);
    this.#rollouts.set(before.pool.id, {
      operation,
      poolId: before.pool.id,
      after: null,
      commit: null,
      before,
      step: 'leaving',
      order: 'beside',
      untilMs: clock.nowMs() + settings().drain_deadline_ms,
      desired: 0,
      errorAt: null,
      isHeld: false,
      failure: null,
    });
    this.#enter(this.#rollouts.get(before.pool.id) as Rollout, 'leaving', settings().drain_deadline_ms);
  }

  /**
   * Go on with one that an earlier run had switched: its new worker was good and has the pool. The old one is not known any more, so the
   * agent is not told to keep it; what ran on it runs again. `false` where there is nothing to go on with.
   */
  takeUp(operation: LiveOperation): boolean {
    const { plan, fleet, settings } = this.#options;
    const { pool_id: poolId, switchedTo } = operation;
    const after = plan.wanted(poolId);
    if (after === undefined || switchedTo === undefined) return false;
    fleet.replaceWorker(after, switchedTo);
    const rollout: Rollout = {
      operation,
      poolId,
      after,
      commit: null,
      before: null,
      step: 'awaiting',
      order: 'beside',
      untilMs: Infinity,
      desired: fleet.desired.generation(after.pool.host),
      errorAt: null,
      isHeld: false,
      failure: null,
    };
    this.#rollouts.set(poolId, rollout);
    operation.progress = { ...operation.progress, running: 0, waiting: 0 };
    this.#enter(rollout, 'awaiting', settings().ready_deadline_ms);
    return true;
  }

  onMoved(poolId: string): void {
    const rollout = this.#rollouts.get(poolId);
    if (rollout !== undefined) rollout.operation.progress.replaced += 1;
  }

  /** Go on with whatever can. */
  poke(): void {
    for (const rollout of this.#rollouts.values()) {
      // Each step may be over at once.
      for (let step: Step | null = null; step !== rollout.step && this.#rollouts.get(rollout.poolId) === rollout; ) {
        step = rollout.step;
        this.#advance(rollout);
      }
    }
  }

  #advance(rollout: Rollout): void {
    switch (rollout.step) {
      case 'waiting':
        return this.#onWaiting(rollout);
      case 'starting':
        return this.#onStarting(rollout);
      case 'committing':
        return;
      case 'leaving':
        return this.#onLeaving(rollout);
      case 'awaiting':
        return this.#onAwaiting(rollout);
      case 'restoring':
        return this.#onRestoring(rollout);
    }
  }

  #onWaiting(rollout: Rollout): void {
    const { fleet, plan, settings } = this.#options;
    const { after, poolId } = rollout;
    if (after === null) return;
    const going = [...this.#rollouts.values()].filter((other) => other.after !== null && other.step !== 'waiting').length;
    if (going >= settings().max_parallel) return;
    const view = fleet.pool(poolId);
    // Nothing is started that is not to be preloaded: its worker comes when the config says so.
    if (!after.pool.preload) return this.#commit(rollout);
    if (view?.worker == null || rollout.order === 'drain_first') {
      rollout.order = 'drain_first';
      return this.#switch(rollout);
    }
    plan.setSuccessor(poolId, after);
    plan.tellAgents();
    rollout.desired = fleet.desired.generation(after.pool.host);
    this.#enter(rollout, 'starting', settings().ready_deadline_ms);
  }

  #onStarting(rollout: Rollout): void {
    const { fleet, settings, plan, clock } = this.#options;
    const { poolId, after } = rollout;
    if (after === null) return;
    const isApplied = (fleet.appliedGeneration(after.pool.host) ?? 0) >= rollout.desired;
    const successor = isApplied ? (fleet.report(poolId)?.successor ?? null) : null;
    const phase = isApplied ? fleet.successorPhase(after) : null;
    if (phase?.kind === 'ready') return this.#commit(rollout);
    if (phase?.kind === 'down' && successor?.replica != null) {
      return this.#end(rollout, { kind: 'rollout-failed', message: `The new worker cannot serve the pool: ${phase.reason}.` });
    }
    const error = successor?.last_error ?? null;
    if (error !== null && isShortOfMemory(error) && settings().strategy === 'auto') {
      const fields = { event: 'rollout_drains_first', pool_id: poolId, reason: error.message };
      this.#options.log.warn(fields, 'no room for both workers; the old one goes first');
      plan.setSuccessor(poolId, null);
      plan.tellAgents();
      rollout.order = 'drain_first';
      return this.#switch(rollout);
    }
    if (error !== null) return this.#end(rollout, toFailure(error));
    if (clock.nowMs() >= rollout.untilMs) return this.#end(rollout, tooLate(settings().ready_deadline_ms));
  }

  #commit(rollout: Rollout): void {
    const { commit } = rollout;
    if (commit === null) return this.#onCommitted(rollout);
    rollout.step = 'committing';
    commit()
      .then(() => this.#onCommitted(rollout))
      .catch((cause: unknown) => {
        this.#options.log.error({ event: 'journal_failed', err: cause }, 'a config generation could not be journaled');
        this.#end(rollout, { kind: 'journal-unavailable', message: 'The new generation could not be journaled; nothing was changed.' });
      });
  }

  #onCommitted(rollout: Rollout): void {
    if (rollout.after?.pool.preload === false) {
      this.#options.plan.release(rollout.poolId);
      this.#options.plan.apply();
      return this.#end(rollout, null);
    }
    this.#switch(rollout);
    this.poke();
  }

  /**
   * From here on new tasks are the new worker's, and the old one finishes what it has: what runs on it, and what waits for nothing else.
   * Where both serve one queue and the new one is yet to come, the queue waits for it.
   */
  #switch(rollout: Rollout): void {
    const { fleet, plan, loop, clock, settings } = this.#options;
    const { poolId, before, after, order } = rollout;
    if (after === null || before === null) return;
    const drainMs = settings().drain_deadline_ms;
    const report = fleet.report(poolId);
    const worker = fleet.pool(poolId)?.worker ?? null;
    const successor = report?.successor?.replica ?? null;
    const firstStart =
      order === 'beside' && successor !== null
        ? startCountOf(successor.replica_id)
        : Math.max(report?.start_count ?? 0, worker === null ? 0 : startCountOf(worker.replicaId)) + 1;
    // The agent runs the old one until it is idle, beside the new one or before it.
    plan.keepRunning(poolId, before);
    plan.holdBack(after);
    if (order === 'drain_first' && worker !== null && laneKeyOf(before) === laneKeyOf(after) && !this.#options.isDrained(poolId)) {
      rollout.isHeld = true;
      const nowMs = clock.nowMs();
      loop.apply({ kind: 'poolDrained', nowMs, poolId, abortAtMs: nowMs + drainMs, returns: true });
    }
    fleet.replaceWorker(after, firstStart);
    if (rollout.isHeld) fleet.setDraining(poolId, true);
    plan.apply();
    // Before it is saved: where the new one is yet to be tried, a later run cannot know whether it is good.
    if (order === 'beside') rollout.operation.switchedTo = firstStart;
    this.#enter(rollout, 'leaving', drainMs);
  }

  #onLeaving(rollout: Rollout): void {
    const { fleet, plan, clock, settings } = this.#options;
    const { poolId, order, after, operation } = rollout;
    const leaving = fleet.leaving(poolId);
    const isLate = clock.nowMs() >= rollout.untilMs;
    operation.progress.running = leaving.reduce((sum, { worker }) => sum + worker.running, 0);
    operation.progress.waiting = leaving.reduce((sum, each) => sum + this.#waitingFor(each), 0);
    for (const each of leaving) {
      const isIdle = each.worker.running + each.worker.releasing + this.#waitingFor(each) === 0;
      if (!isIdle && !isLate) return;
      if (isLate) operation.progress.replaced += each.worker.running;
      fleet.dropLeaving(each);
    }
    operation.progress = { ...operation.progress, running: 0, waiting: 0 };
    plan.setSuccessor(poolId, null);
    plan.keepRunning(poolId, null);
    if (order === 'beside') return this.#end(rollout, null);
    plan.tellAgents();
    rollout.errorAt = fleet.report(poolId)?.last_error?.at ?? null;
    rollout.desired = after === null ? 0 : fleet.desired.generation(after.pool.host);
    this.#enter(rollout, 'awaiting', settings().ready_deadline_ms);
  }

  #onAwaiting(rollout: Rollout): void {
    const { fleet, plan, clock, settings } = this.#options;
    const { poolId, before, after } = rollout;
    if (after === null) return;
    const view = fleet.pool(poolId);
    const isApplied = (fleet.appliedGeneration(after.pool.host) ?? 0) >= rollout.desired;
    if (isApplied && view?.phase.kind === 'ready' && view.worker !== null) {
      if (rollout.commit === null) return this.#end(rollout, null);
      return this.#commitAwaited(rollout);
    }
    const report = fleet.report(poolId);
    const error = isApplied && report?.replica == null ? (report?.last_error ?? null) : null;
    const isUnfit = isApplied && report?.replica != null && view?.phase.kind === 'down';
    const failure = isUnfit
      ? { kind: 'rollout-failed' as const, message: `The new worker cannot serve the pool: ${view.phase.reason}.` }
      : error !== null && error.at !== rollout.errorAt
        ? toFailure(error)
        : clock.nowMs() >= rollout.untilMs
          ? tooLate(settings().ready_deadline_ms)
          : null;
    if (failure === null) return;
    // Taken up from an earlier run: the old one is gone, and its agent goes on trying.
    if (before === null) return this.#end(rollout, failure);
    rollout.failure = failure;
    plan.holdBack(before);
    fleet.replaceWorker(before, (report?.start_count ?? 0) + 1);
    plan.apply();
    this.#enter(rollout, 'restoring', settings().ready_deadline_ms);
  }

  #commitAwaited(rollout: Rollout): void {
    const { commit } = rollout;
    if (commit === null) return;
    rollout.step = 'committing';
    commit()
      .then(() => this.#end(rollout, null))
      .catch(() =>
        this.#end(rollout, { kind: 'journal-unavailable', message: 'The new worker serves, but its generation could not be journaled.' }),
      );
  }

  #onRestoring(rollout: Rollout): void {
    const { fleet, clock } = this.#options;
    const view = fleet.pool(rollout.poolId);
    const isBack = view?.phase.kind === 'ready' && view.worker !== null;
    if (isBack || clock.nowMs() >= rollout.untilMs) this.#end(rollout, rollout.failure);
  }

  #enter(rollout: Rollout, step: Step, limitMs: number): void {
    const { clock, operations } = this.#options;
    const { operation } = rollout;
    rollout.step = step;
    rollout.untilMs = clock.nowMs() + limitMs;
    operation.phase = phases[step];
    operation.deadline_at = step === 'leaving' ? new Date(clock.epochMs() + limitMs).toISOString() : operation.deadline_at;
    operations.save(operation);
  }

  #end(rollout: Rollout, failure: OperationFailure | null): void {
    const { plan, fleet, loop, operations, clock } = this.#options;
    const { poolId, operation } = rollout;
    this.#rollouts.delete(poolId);
    plan.setSuccessor(poolId, null);
    plan.keepRunning(poolId, null);
    // A change of the config that failed is held back until another one takes its place.
    if (failure === null || rollout.commit !== null) plan.release(poolId);
    if (rollout.isHeld) {
      fleet.setDraining(poolId, false);
      loop.apply({ kind: 'poolResumed', nowMs: clock.nowMs(), poolId });
    }
    plan.apply();
    if (failure === null) operations.succeed(operation);
    else operations.fail(operation, failure);
    this.poke();
  }

  #waitingFor({ worker }: LeavingWorker): number {
    return this.#options.scheduler.replicas().find(({ replicaId }) => replicaId === worker.replicaId)?.waiting ?? 0;
  }
}

const phases: Readonly<Record<Step, PoolOperation['phase']>> = {
  waiting: 'waiting',
  starting: 'starting',
  committing: 'starting',
  leaving: 'draining',
  awaiting: 'starting',
  restoring: 'restoring',
};

const toFailure = ({ code, message, cause }: PoolError): OperationFailure => ({
  kind: code === 'UNTRUSTED_ARTIFACT' ? 'untrusted-artifact' : 'rollout-failed',
  message,
  cause,
});

const tooLate = (limitMs: number): OperationFailure => ({
  kind: 'rollout-failed',
  message: `The new worker was not Ready within ${limitMs} ms. Look at its host, or raise controller.rollout.ready_deadline_ms.`,
});
