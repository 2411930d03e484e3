/**
 * The scheduler: every event goes in here, changes the state once, and leaves as effects. It only says who answers an event;
 * the answers are in the files beside it, the state is one record. No I/O, no clock, no randomness.
 */
import { onActivity, onEnded } from './attempt-flow.ts';
import { unreachable } from './assert.ts';
import { CoreState } from './core-state.ts';
import { freeReleasing } from './dispatch.ts';
import type { CoreEffect } from './effect.ts';
import type { CoreEvent } from './event.ts';
import { breakerFigures, laneFigures, replicaFigures, sessionFigures, shareFigures, taskFigures } from './figures.ts';
import { onEnqueue } from './intake.ts';
import type { BudgetLevel, CoreConfig, SessionKey, TaskKey } from './model.ts';
import type { BreakerFigures, LaneFigures, ReplicaFigures, Scheduler, SessionFigures, ShareFigures, TaskFigures } from './ports.ts';
import { reconfigure } from './reconfiguration.ts';
import { budgetLevels, restore } from './restore.ts';
import { stopTask } from './task-end.ts';
import { settle, watch } from './time-flow.ts';

/**
 * Build a scheduler. Without `config` it is unusable before its `configured` event; with one it is configured at time 0.
 *
 * @throws Error on a bug of the caller: an `enqueue` before `configured`, or of a task key that still lives.
 */
export function createScheduler(config?: CoreConfig): Scheduler {
  const scheduler = new CoreScheduler();
  if (config !== undefined) scheduler.handle({ kind: 'configured', nowMs: 0, config });
  return scheduler;
}

/**
 * | task     | event                                      | next                                              |
 * | -------- | ------------------------------------------ | ------------------------------------------------- |
 * | –        | `enqueue`                                  | refused; running (a slot is free); queued         |
 * | queued   | a slot frees in its scope                  | running                                           |
 * | queued   | `cancel`, deadline, drop, nothing serves it | ended                                             |
 * | running  | `ended` succeeded                          | ended                                             |
 * | running  | `ended` failed, and it may run again       | queued at the head, or running elsewhere          |
 * | running  | `ended` failed otherwise                   | ended                                             |
 * | running  | `cancel`, deadline, wall or idle limit     | ended; its slot is releasing                      |
 * | running  | its pool's drain is over                   | like failed, and it counts as no failure          |
 *
 * Between two events no free slot of a Ready replica is in scope of any waiting task: so a task that arrives may take a
 * free slot without passing anybody, and only freed slots need to look into the queues.
 */
class CoreScheduler implements Scheduler {
  readonly #state = new CoreState();

  handle(event: CoreEvent): readonly CoreEffect[] {
    const state = this.#state;
    state.beginEvent(event.nowMs);
    switch (event.kind) {
      case 'enqueue':
        // A newcomer must find the places of those whose time is up.
        settle(state);
        onEnqueue(state, event.task);
        break;
      case 'configured':
        reconfigure(state, event.config);
        break;
      case 'restored':
        restore(state, event.state);
        break;
      case 'cancel':
        this.#onCancel(event.taskKey);
        break;
      case 'replicaUp':
        state.fleet.onUp(event.replica, state.nowMs);
        state.sweepAtMs = state.nowMs;
        break;
      case 'replicaPaused':
        state.fleet.onPaused(event.replicaId, state.nowMs);
        state.sweepAtMs = state.nowMs;
        break;
      case 'replicaDown':
        state.fleet.onDown(event.replicaId, state.nowMs);
        state.sweepAtMs = state.nowMs;
        break;
      case 'poolState':
        state.fleet.onPoolState(event.poolId, event.state, state.nowMs);
        state.sweepAtMs = state.nowMs;
        break;
      case 'poolDrained':
        state.fleet.onDrained(event.poolId, event, state.nowMs);
        state.sweepAtMs = state.nowMs;
        break;
      case 'poolResumed':
        state.fleet.onResumed(event.poolId, state.nowMs);
        break;
      case 'started':
      case 'firstToken':
      case 'progress':
        onActivity(state, event);
        break;
      case 'ended':
        onEnded(state, event.taskKey, event.attempt, event.outcome, event.slotFree);
        break;
      case 'slotFreed':
        freeReleasing(state, state.releasing.take(event.taskKey, event.attempt));
        break;
      case 'sessionDeleted':
        this.#onSessionDeleted(event.sessionKey);
        break;
      case 'tick':
        state.sessions.expire(state.nowMs);
        watch(state);
        break;
      default:
        return unreachable(event);
    }
    settle(state);
    return state.effects;
  }

  task(taskKey: TaskKey, nowMs: number): TaskFigures | undefined {
    const task = this.#state.tasks.get(taskKey);
    return task === undefined ? undefined : taskFigures(task, this.#state.recoveryMs, nowMs);
  }

  session(sessionKey: SessionKey, nowMs: number): SessionFigures | undefined {
    const { sessions } = this.#state;
    const session = sessions.get(sessionKey, nowMs);
    return session === undefined ? undefined : sessionFigures(session, sessions.ttlMsRemaining(session, nowMs));
  }

  replicas(): readonly ReplicaFigures[] {
    return [...this.#state.fleet.replicas.values()].map(replicaFigures);
  }

  breaker(poolId: string, nowMs: number): BreakerFigures | undefined {
    const pool = this.#state.fleet.pools.get(poolId);
    return pool === undefined ? undefined : breakerFigures(pool, nowMs);
  }

  lanes(): readonly LaneFigures[] {
    return [...this.#state.fleet.lanes.values()].map((lane) => laneFigures(lane, this.#state.nowMs));
  }

  shares(): ShareFigures {
    return shareFigures(this.#state.classServedMs, this.#state.tenants.values());
  }

  budgets(nowMs: number): readonly BudgetLevel[] {
    return budgetLevels(this.#state, nowMs);
  }

  /** Canceled at once in every state; of a task that has ended there is nothing to cancel (ORCH-2003, 3026). */
  #onCancel(taskKey: TaskKey): void {
    const task = this.#state.tasks.get(taskKey);
    if (task !== undefined) stopTask(this.#state, task, { kind: 'canceled' }, 'canceled');
  }

  #onSessionDeleted(sessionKey: SessionKey): void {
    const session = this.#state.sessions.delete(sessionKey);
    if (session !== undefined) this.#state.evict(session);
  }
}
