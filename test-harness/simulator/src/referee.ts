/** Watches every effect of the core while a run goes on, and stops it at the first broken promise. It plays no part itself. */
import type { CoreEffect } from '@llama-orch/orchestrator-core';
import { type Arrival, numberOf } from './arrivals.ts';
import type { Options } from './options.ts';
import type { TrueAttempt, TrueFleet, TrueWorker } from './true-fleet.ts';

/** A power of two, as every size of the ring. */
const SMALLEST_RING = 16_384;

/** A promise of the core that a run saw broken. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** An admitted task as the referee knows it. */
export type Followed = {
  /** That of its arrival: kept here too, since every effect looks for it. */
  readonly number: number;
  readonly arrival: Arrival;
  readonly acceptedAtMs: number;
  readonly acceptance: number;
  readonly predictedStartMs: number | null;
  readonly deadlineAtMs: number;
  attempts: number;
  running: TrueAttempt | null;
  /** Set of its first attempt, `strict` only. */
  numerics: string | null;
};

export class Referee {
  /** A ring: each task lies at the number of its arrival, modulo its size. It grows when two that are alive would meet. */
  #tasks: (Followed | undefined)[] = emptyRing(SMALLEST_RING);
  #alive = 0;
  readonly #fleet: TrueFleet;
  readonly #slots: number;
  readonly #models: number;
  /** Latest first start of each tenant's queue of each class and model. */
  readonly #lastStarted: number[] = [];
  #acceptances = 0;

  constructor(fleet: TrueFleet, options: Options) {
    this.#fleet = fleet;
    this.#slots = options.slots;
    this.#models = options.models;
  }

  /** Admitted tasks that have not ended. */
  get alive(): number {
    return this.#alive;
  }

  find(taskKey: string): Followed | undefined {
    const number = numberOf(taskKey);
    const task = this.#tasks[number & (this.#tasks.length - 1)];
    return task !== undefined && task.number === number ? task : undefined;
  }

  accept(arrival: Arrival, effect: Extract<CoreEffect, { kind: 'accept' }>, nowMs: number): Followed {
    this.#demand(this.find(effect.taskKey) === undefined, () => `${effect.taskKey} was accepted twice`);
    this.#acceptances += 1;
    const { predictedStartMs, deadlineMs } = effect.acceptance;
    const task: Followed = {
      number: arrival.number,
      arrival,
      acceptedAtMs: nowMs,
      acceptance: this.#acceptances,
      predictedStartMs,
      deadlineAtMs: deadlineMs === null ? Infinity : nowMs + deadlineMs,
      attempts: 0,
      running: null,
      numerics: null,
    };
    while (this.#tasks[arrival.number & (this.#tasks.length - 1)] !== undefined) this.#growRing();
    this.#tasks[arrival.number & (this.#tasks.length - 1)] = task;
    this.#alive += 1;
    return task;
  }

  /** @returns The worker that the attempt goes to. */
  dispatch(effect: Extract<CoreEffect, { kind: 'dispatch' }>): { readonly task: Followed; readonly worker: TrueWorker } {
    const task = this.#follow(effect.taskKey, 'dispatched');
    const { spec } = task.arrival;
    this.#demand(task.running === null, () => `${effect.taskKey} runs twice at a time`);
    this.#demand(effect.attempt === task.attempts + 1, () => `${effect.taskKey} jumped to attempt ${effect.attempt}`);
    const worker = this.#fleet.byPool.get(effect.poolId);
    if (worker === undefined) throw new Violation(`${effect.taskKey} was sent to the unknown pool ${effect.poolId}`);
    this.#demand(
      worker.reported && worker.replicaId === effect.replicaId,
      () => `${effect.replicaId} got ${effect.taskKey} but is not Ready`,
    );
    this.#demand(worker.drainedUntilMs === null, () => `${effect.replicaId} got ${effect.taskKey} but is drained`);
    this.#demand(worker.occupied < this.#slots, () => `${effect.replicaId} got more tasks than it has free slots`);
    this.#demand(spec.pinPoolId === null || spec.pinPoolId === effect.poolId, () => `${effect.taskKey} left its pinned pool`);
    this.#demand(task.numerics === null || task.numerics === worker.numerics, () => `${effect.taskKey} left its replica set`);
    if (spec.determinism === 'strict') task.numerics ??= worker.numerics;
    if (effect.attempt === 1 && spec.pinPoolId === null) {
      const { tenant, klass, model } = task.arrival;
      const queue = (tenant * this.#models + model) * 2 + klass;
      while (this.#lastStarted.length <= queue) this.#lastStarted.push(0);
      this.#demand((this.#lastStarted[queue] ?? 0) < task.acceptance, () => `${effect.taskKey} was passed by a younger task of its queue`);
      this.#lastStarted[queue] = task.acceptance;
    }
    task.attempts = effect.attempt;
    return { task, worker };
  }

  /** At the end of a drain nothing that had to stop may run any more; the core looks once a second. */
  resume(worker: TrueWorker, nowMs: number): void {
    const { poolId, drainedUntilMs, attempts } = worker;
    if (drainedUntilMs === null) throw new Violation(`${poolId} was resumed and was not drained`);
    const left = nowMs > drainedUntilMs + 1000 ? attempts.find(({ state }) => state === 'running') : undefined;
    this.#demand(left === undefined, () => `${left?.taskKey} still ran on the drained ${poolId} after its time was up`);
  }

  requeue(taskKey: string): Followed {
    const task = this.#follow(taskKey, 'requeued');
    this.#demand(task.running === null, () => `${taskKey} was requeued while it runs`);
    return task;
  }

  finish(taskKey: string): Followed {
    const task = this.#follow(taskKey, 'finished');
    this.#tasks[task.number & (this.#tasks.length - 1)] = undefined;
    this.#alive -= 1;
    return task;
  }

  /** After the last event. */
  close(): void {
    const left = this.#tasks.find((task) => task !== undefined);
    this.#demand(left === undefined, () => `${this.#alive} admitted tasks never ended, the first is ${left?.arrival.spec.taskKey}`);
  }

  #growRing(): void {
    const tasks = this.#tasks;
    const ring = emptyRing(2 * tasks.length);
    for (const task of tasks) if (task !== undefined) ring[task.number & (ring.length - 1)] = task;
    this.#tasks = ring;
  }

  #follow(taskKey: string, what: string): Followed {
    const task = this.find(taskKey);
    if (task === undefined) throw new Violation(`${taskKey} was ${what} though it is not alive`);
    return task;
  }

  #demand(holds: boolean, message: () => string): void {
    if (!holds) throw new Violation(message());
  }
}

function emptyRing(size: number): (Followed | undefined)[] {
  return Array.from({ length: size }, () => undefined);
}
