/** Plays one run: a fleet, its clients and its faults against the scheduler core, which sees only events. */
import { type AttemptOutcome, type CoreEffect, type CoreEvent, createScheduler, type Scheduler } from '@llama-orch/orchestrator-core';
import { type Arrival, Arrivals } from './arrivals.ts';
import { EventWheel } from './event-wheel.ts';
import { Faults } from './faults.ts';
import type { Options } from './options.ts';
import { type Followed, Referee, Violation } from './referee.ts';
import { count, Measures, type Report, toReport } from './report.ts';
import { meanServiceMs, toConfig, type TrueAttempt, TrueFleet, type TrueWorker } from './true-fleet.ts';

const HOUR_MS = 3_600_000;
/** A refused client comes back this often, each time after the advised wait. */
const RETRIES = 3;
/** Runs go on this long after the last arrival; a task that has not ended by then never will. */
const LONGEST_TAIL_MS = 24 * HOUR_MS;

type Planned =
  | { readonly kind: 'retry'; readonly arrival: Arrival; readonly tries: number }
  | { readonly kind: 'cancel'; readonly taskKey: string }
  | TrueAttempt
  | FleetPlan
  | { readonly kind: 'drain' | 'resume'; readonly worker: TrueWorker }
  | { readonly kind: 'tick' };

type FleetPlan = {
  readonly kind: 'crash' | 'rot' | 'silence' | 'heard' | 'gone' | 'poolDown' | 'up';
  readonly worker: TrueWorker;
  /** Which life of the worker is meant; of another one it is no longer true. */
  readonly start: number;
};

/** How far a run has come. */
export type Progress = { readonly simulatedHours: number; readonly offered: number };

/**
 * Play a whole run.
 *
 * @param onHour - Told at each full simulated hour while clients come.
 * @throws Violation when the core broke a promise.
 */
export function simulate(options: Options, onHour?: (progress: Progress) => void): Report {
  return new Simulation(options).run(onHour);
}

class Simulation {
  readonly #options: Options;
  readonly #core: Scheduler;
  readonly #fleet: TrueFleet;
  readonly #arrivals: Arrivals;
  readonly #faults: Faults;
  readonly #referee: Referee;
  readonly #future = new EventWheel<Planned>();
  readonly #measures = new Measures();
  readonly #endOfArrivalsMs: number;
  #nowMs = 0;
  #arriving: { readonly arrival: Arrival; readonly tries: number } | null = null;
  #nextArrivalMs = 0;
  /** Arrivals are drawn in fractions; everything happens at whole milliseconds. */
  #arrivalClockMs = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#core = createScheduler(toConfig(options));
    this.#fleet = new TrueFleet(options);
    this.#arrivals = new Arrivals(options, meanServiceMs(options));
    this.#faults = new Faults(options);
    this.#referee = new Referee(this.#fleet, options);
    this.#endOfArrivalsMs = (options.hours ?? Infinity) * HOUR_MS;
  }

  run(onHour?: (progress: Progress) => void): Report {
    let hours = 0;
    for (const worker of this.#fleet.workers) {
      this.#start(worker);
      this.#plan(this.#faults.untilDrainMs(), { kind: 'drain', worker });
    }
    this.#plan(1000, { kind: 'tick' });
    let tailEndsMs = Infinity;
    // Something is always planned: the next tick.
    for (;;) {
      if (this.#nextArrivalMs <= this.#future.nextMs) {
        this.#nowMs = this.#nextArrivalMs;
        if (this.#nowMs >= (hours + 1) * HOUR_MS) {
          hours = Math.floor(this.#nowMs / HOUR_MS);
          onHour?.({ simulatedHours: hours, offered: this.#measures.offered });
        }
        this.#onArrival();
        continue;
      }
      this.#nowMs = this.#future.nextMs;
      const next = this.#future.pop();
      if (next !== undefined) this.#happen(next);
      if (this.#nextArrivalMs !== Infinity) continue;
      tailEndsMs = Math.min(tailEndsMs, this.#nowMs + LONGEST_TAIL_MS);
      if (this.#referee.alive === 0 || this.#nowMs > tailEndsMs) break;
    }
    this.#referee.close();
    for (const lane of this.#core.lanes()) {
      if (lane.queued.interactive + lane.queued.batch + lane.running > 0)
        throw new Violation(`lane ${lane.laneId} is not empty at the end`);
    }
    return toReport(this.#options, this.#measures);
  }

  #happen(what: Planned): void {
    switch (what.kind) {
      case 'retry':
        return this.#enqueue(what.arrival, what.tries);
      case 'cancel':
        return this.#send({ kind: 'cancel', nowMs: this.#nowMs, taskKey: what.taskKey });
      case 'firstToken':
        if (what.state !== 'running') return;
        what.kind = 'end';
        this.#plan(what.decodeMs, what);
        return this.#send({ kind: 'firstToken', nowMs: this.#nowMs, taskKey: what.taskKey, attempt: what.number });
      case 'end':
        return this.#onAttemptOver(what, {
          kind: 'succeeded',
          finishReason: 'stop',
          tokensIn: what.promptTokens,
          tokensOut: what.outTokens,
          cachedTokens: what.cachedTokens,
        });
      case 'break':
        return this.#onAttemptOver(what, { kind: 'failed', error: 'worker-reset', message: 'connection reset', mayRunAgain: true });
      case 'released':
        return this.#onReleased(what);
      case 'crash':
      case 'rot':
      case 'gone':
      case 'silence':
      case 'heard':
      case 'poolDown':
      case 'up':
        return this.#onFleet(what);
      case 'drain':
        return this.#drain(what.worker);
      case 'resume':
        return this.#resume(what.worker);
      case 'tick':
        this.#plan(1000, what);
        return this.#send({ kind: 'tick', nowMs: this.#nowMs });
    }
  }

  // ---- clients ----

  #onArrival(): void {
    this.#enqueue(this.#arrivals.next(), 0);
    this.#measures.offered += 1;
    const { tasks } = this.#options;
    const gapMs = this.#arrivals.gapMs(this.#arrivalClockMs);
    const goesOn = (tasks === null || this.#measures.offered < tasks) && this.#arrivalClockMs + gapMs <= this.#endOfArrivalsMs;
    this.#arrivalClockMs += gapMs;
    this.#nextArrivalMs = goesOn ? Math.round(this.#arrivalClockMs) : Infinity;
    if (!goesOn) this.#measureLoad();
  }

  #enqueue(arrival: Arrival, tries: number): void {
    if (tries === 0) this.#add(this.#measures.offeredMs, arrival.tenant, idealMs(arrival));
    this.#arriving = { arrival, tries };
    this.#send({ kind: 'enqueue', nowMs: this.#nowMs, task: arrival.spec });
    this.#arriving = null;
  }

  // ---- workers ----

  #start(worker: TrueWorker): void {
    worker.starts += 1;
    worker.alive = true;
    worker.rotten = false;
    worker.reported = true;
    this.#plan(this.#faults.untilCrashMs(), { kind: 'crash', worker, start: worker.starts });
    this.#plan(this.#faults.untilRotMs(), { kind: 'rot', worker, start: worker.starts });
    this.#plan(this.#faults.untilSilenceMs(), { kind: 'silence', worker, start: worker.starts });
    this.#report(worker);
  }

  #report(worker: TrueWorker): void {
    const { replicaId, poolId, numerics } = worker;
    worker.reported = true;
    this.#send({
      kind: 'replicaUp',
      nowMs: this.#nowMs,
      replica: { replicaId, poolId, engineVersion: '1.0', numerics, slots: this.#options.slots },
    });
  }

  /** The process dies: its requests break at once, its agent tells of it a moment later, a new one comes up after that. */
  #crash(worker: TrueWorker): void {
    if (!worker.alive) return;
    worker.alive = false;
    this.#measures.crashes += 1;
    const start = worker.starts;
    const noticeMs = this.#faults.noticeMs();
    this.#plan(noticeMs, { kind: 'gone', worker, start });
    const recovery = this.#faults.recovery();
    if (recovery.kind === 'repair') this.#plan(noticeMs, { kind: 'poolDown', worker, start });
    this.#plan(noticeMs + recovery.afterMs, { kind: 'up', worker, start });
    for (const attempt of worker.attempts.slice()) {
      if (attempt.state === 'running') {
        this.#onAttemptOver(attempt, { kind: 'failed', error: 'worker-reset', message: 'the worker died', mayRunAgain: true });
      }
    }
  }

  #onFleet({ kind, worker, start }: FleetPlan): void {
    if (worker.starts !== start) return;
    const nowMs = this.#nowMs;
    const { replicaId, poolId } = worker;
    switch (kind) {
      case 'crash':
        return this.#crash(worker);
      case 'rot':
        if (!worker.alive) return;
        worker.rotten = true;
        this.#measures.rots += 1;
        return;
      case 'gone':
        worker.reported = false;
        for (const attempt of worker.attempts) attempt.state = 'over';
        worker.attempts.length = 0;
        return this.#send({ kind: 'replicaDown', nowMs, replicaId });
      case 'poolDown':
        return this.#send({ kind: 'poolState', nowMs, poolId, state: 'down' });
      case 'up':
        this.#send({ kind: 'poolState', nowMs, poolId, state: 'starting' });
        return this.#start(worker);
      case 'silence':
        if (!worker.alive) return;
        worker.reported = false;
        this.#plan(this.#faults.silenceMs(), { kind: 'heard', worker, start });
        return this.#send({ kind: 'replicaPaused', nowMs, replicaId });
      case 'heard':
        if (!worker.alive) return;
        this.#plan(this.#faults.untilSilenceMs(), { kind: 'silence', worker, start });
        return this.#report(worker);
    }
  }

  /** Operators drain pools whatever state their workers are in. */
  #drain(worker: TrueWorker): void {
    const { graceMs, lengthMs } = this.#faults.drain();
    const abortAtMs = this.#nowMs + graceMs;
    worker.drainedUntilMs = abortAtMs;
    this.#measures.drains += 1;
    this.#plan(lengthMs, { kind: 'resume', worker });
    this.#send({ kind: 'poolDrained', nowMs: this.#nowMs, poolId: worker.poolId, abortAtMs, returns: false });
  }

  #resume(worker: TrueWorker): void {
    this.#referee.resume(worker, this.#nowMs);
    worker.drainedUntilMs = null;
    this.#plan(this.#faults.untilDrainMs(), { kind: 'drain', worker });
    this.#send({ kind: 'poolResumed', nowMs: this.#nowMs, poolId: worker.poolId });
  }

  #onAttemptOver(attempt: TrueAttempt, outcome: AttemptOutcome): void {
    if (attempt.state !== 'running') return;
    this.#measureBusy(attempt);
    attempt.state = 'over';
    attempt.worker.leave(attempt);
    if (attempt.task.running === attempt) attempt.task.running = null;
    this.#send({ kind: 'ended', nowMs: this.#nowMs, taskKey: attempt.taskKey, attempt: attempt.number, outcome, slotFree: true });
  }

  #onReleased(attempt: TrueAttempt): void {
    if (attempt.state !== 'releasing') return;
    attempt.state = 'over';
    attempt.worker.leave(attempt);
    const { taskKey, number } = attempt;
    const { replicaId } = attempt.worker;
    // Engines that confirm the abort itself, and those whose slots are polled.
    if (number % 2 === 1) this.#send({ kind: 'slotFreed', nowMs: this.#nowMs, replicaId, taskKey, attempt: number });
    else this.#send({ kind: 'ended', nowMs: this.#nowMs, taskKey, attempt: number, outcome: { kind: 'aborted' }, slotFree: true });
  }

  // ---- effects ----

  #send(event: CoreEvent): void {
    const effects = this.#core.handle(event);
    for (let index = 0; index < effects.length; index++) this.#carryOut(effects[index] as CoreEffect);
  }

  #carryOut(effect: CoreEffect): void {
    switch (effect.kind) {
      case 'accept':
        return this.#onAccept(effect);
      case 'refuse':
        return this.#onRefuse(effect);
      case 'dispatch':
        return this.#onDispatch(effect);
      case 'abort':
        return this.#onAbort(effect);
      case 'requeued':
        this.#referee.requeue(effect.taskKey);
        this.#measures.failovers += 1;
        return;
      case 'finish':
        return this.#onFinish(effect, this.#referee.finish(effect.taskKey));
      case 'restartReplica': {
        this.#measures.restartsAsked += 1;
        const worker = this.#fleet.byPool.get(effect.poolId);
        if (worker !== undefined) this.#plan(0, { kind: 'crash', worker, start: worker.starts });
        return;
      }
      case 'breaker':
        if (effect.state === 'open') this.#measures.breakersOpened += 1;
        return;
      case 'evictSession':
        return;
    }
  }

  #onAccept(effect: Extract<CoreEffect, { kind: 'accept' }>): void {
    if (this.#arriving?.arrival.spec.taskKey !== effect.taskKey) throw new Violation(`${effect.taskKey} was accepted out of turn`);
    this.#referee.accept(this.#arriving.arrival, effect, this.#nowMs);
    this.#measures.admitted += 1;
    const cancelMs = this.#faults.cancelAfterMs();
    if (cancelMs !== null) this.#plan(cancelMs, { kind: 'cancel', taskKey: effect.taskKey });
  }

  #onRefuse(effect: Extract<CoreEffect, { kind: 'refuse' }>): void {
    const arriving = this.#arriving;
    if (arriving === null || arriving.arrival.spec.taskKey !== effect.taskKey)
      throw new Violation(`${effect.taskKey} was refused out of turn`);
    count(this.#measures.refused, effect.error);
    if (effect.retryAfterMs === null || arriving.tries >= RETRIES) return;
    this.#measures.retried += 1;
    this.#plan(effect.retryAfterMs + this.#faults.jitterMs(), { kind: 'retry', arrival: arriving.arrival, tries: arriving.tries + 1 });
  }

  #onDispatch(effect: Extract<CoreEffect, { kind: 'dispatch' }>): void {
    const { task, worker } = this.#referee.dispatch(effect);
    const { spec, outTokens } = task.arrival;
    if (effect.kvWarmth) this.#measures.warmStarts += 1;
    if (effect.attempt === 1) this.#measureStart(task);
    const cachedTokens = effect.kvWarmth ? Math.floor(spec.promptTokens / 2) : 0;
    const attempt: TrueAttempt = {
      kind: 'firstToken',
      task,
      taskKey: effect.taskKey,
      number: effect.attempt,
      worker,
      startedAtMs: this.#nowMs,
      outTokens,
      promptTokens: spec.promptTokens,
      cachedTokens,
      hangs: this.#faults.hangs(),
      decodeMs: 0,
      state: 'running',
    };
    task.running = attempt;
    worker.attempts.push(attempt);
    // A dead worker whose agent has not told yet: connection refused.
    if (!worker.alive) return this.#planNext(attempt, 'break', 2);
    if (worker.rotten) {
      this.#measures.lostToRot += 1;
      return this.#planNext(attempt, 'break', this.#faults.rotMs());
    }
    if (attempt.hangs) return;
    const { prefillMs, decodeMs } = this.#fleet.serve(worker, spec.promptTokens - cachedTokens, outTokens);
    attempt.decodeMs = decodeMs;
    if (this.#faults.breaks()) return this.#planNext(attempt, 'break', (prefillMs + decodeMs) / 2);
    this.#planNext(attempt, 'firstToken', prefillMs);
  }

  #onAbort(effect: Extract<CoreEffect, { kind: 'abort' }>): void {
    const pool = effect.replicaId.slice(0, effect.replicaId.lastIndexOf('/'));
    for (const attempt of this.#fleet.byPool.get(pool)?.attempts ?? []) {
      if (attempt.taskKey !== effect.taskKey || attempt.number !== effect.attempt) continue;
      this.#measureBusy(attempt);
      attempt.state = 'releasing';
      if (effect.reason === 'drained') {
        // It is placed again while its slot is still being freed.
        attempt.task.running = null;
        this.#measures.movedByDrains += 1;
      }
      // What is planned for it already can only free the slot earlier.
      if (!attempt.hangs) this.#planNext(attempt, 'released', this.#faults.releaseMs());
    }
  }

  #onFinish({ end }: Extract<CoreEffect, { kind: 'finish' }>, task: Followed): void {
    const { arrival, acceptedAtMs, deadlineAtMs } = task;
    count(this.#measures.ended, end.kind === 'failed' ? end.error : end.kind);
    const { deadlines, deadlinesMet } = this.#measures;
    if (deadlineAtMs !== Infinity && end.kind !== 'canceled') {
      this.#measures.deadlines = deadlines + 1;
      if (end.kind === 'succeeded' && this.#nowMs <= deadlineAtMs) this.#measures.deadlinesMet = deadlinesMet + 1;
    }
    if (end.kind !== 'succeeded') return;
    const serviceMs = idealMs(arrival);
    this.#add(this.#measures.servedMs, arrival.tenant, serviceMs);
    const known = this.#measures.slowdown.get(arrival.tenant) ?? { sum: 0, count: 0 };
    known.sum += (this.#nowMs - acceptedAtMs) / serviceMs;
    known.count += 1;
    this.#measures.slowdown.set(arrival.tenant, known);
  }

  #measureStart(task: Followed): void {
    const waitedMs = this.#nowMs - task.acceptedAtMs;
    this.#measures.wait(task.arrival.klass, task.arrival.tenant, waitedMs);
    if (task.predictedStartMs === null) return;
    const error = waitedMs - task.predictedStartMs;
    this.#measures.predictionError.add(Math.abs(error));
    if (waitedMs === 0 && task.predictedStartMs === 0) return;
    this.#measures.queuedPredictionError.add(Math.abs(error));
    this.#measures.biasSumMs += error;
    this.#measures.actualWaitSumMs += waitedMs;
  }

  /** How busy the fleet was while clients came: taken when the last one did. */
  #measureLoad(): void {
    this.#measures.simulatedMs = this.#nowMs;
    for (const worker of this.#fleet.workers) {
      for (const attempt of worker.attempts)
        if (attempt.state === 'running') this.#measures.busySlotMs += this.#nowMs - attempt.startedAtMs;
    }
  }

  #planNext(attempt: TrueAttempt, kind: TrueAttempt['kind'], afterMs: number): void {
    attempt.kind = kind;
    this.#plan(afterMs, attempt);
  }

  /** Slot time used while clients came; an attempt that ends later was counted up to then. */
  #measureBusy(attempt: TrueAttempt): void {
    if (this.#nextArrivalMs !== Infinity) this.#measures.busySlotMs += this.#nowMs - attempt.startedAtMs;
  }

  #plan(afterMs: number, what: Planned): void {
    if (afterMs !== Infinity) this.#future.plan(this.#nowMs + Math.round(afterMs), what);
  }

  #add(sums: number[], index: number, amount: number): void {
    while (sums.length <= index) sums.push(0);
    sums[index] = (sums[index] ?? 0) + amount;
  }
}

/** Slot time of a task on an idle worker of mean speed. */
function idealMs({ spec, outTokens }: Arrival): number {
  return spec.promptTokens * 0.4 + outTokens * 18;
}
