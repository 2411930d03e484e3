/**
 * The attempts that run: found by task and number, counted on their workers, asked for progress, stopped together. What an attempt
 * means for its task it does not know; no task and no event of the core is changed or made here.
 */
import { WorkerError } from '@llama-orch/adapter-api';
import type { Attempt } from './attempt.ts';
import type { Worker } from './fleet/worker.ts';

/** Attempts report progress to the idle watchdog this often. */
const progressMs = 1_000;

export class RunningAttempts {
  readonly #attempts = new Map<string, Attempt>();
  /** Called when nothing runs, once somebody waits for that. */
  #onIdle: (() => void) | null = null;
  #lastProgressMs = 0;

  get size(): number {
    return this.#attempts.size;
  }

  add(attempt: Attempt): void {
    this.#attempts.set(attemptKey(attempt.taskKey, attempt.number), attempt);
    attempt.worker.running += 1;
  }

  /** A slot of the engine took it. */
  onStarted({ worker }: Attempt): void {
    worker.decoding += 1;
  }

  /** It has settled. */
  remove(attempt: Attempt): void {
    const { worker, taskKey, number, hasStarted } = attempt;
    this.#attempts.delete(attemptKey(taskKey, number));
    // After what follows from this end.
    if (this.#onIdle !== null) queueMicrotask(() => this.#checkIdle());
    worker.running -= 1;
    if (hasStarted) worker.decoding -= 1;
  }

  abort(taskKey: string, number: number): void {
    this.#attempts.get(attemptKey(taskKey, number))?.abort();
  }

  abortAll(): void {
    for (const attempt of this.#attempts.values()) attempt.abort();
  }

  /** The worker is gone; nothing that runs there will settle by itself. */
  resetOn(worker: Worker, reason: string): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.worker === worker) attempt.reset(new WorkerError('worker-reset', `The worker is gone: ${reason}`, { mayRunAgain: true }));
    }
  }

  /** Tell of each attempt that went on since it was last asked, and how many tokens further it is. */
  reportProgress(nowMs: number, onProgress: (attempt: Attempt, tokensOut: number) => void): void {
    if (nowMs - this.#lastProgressMs < progressMs) return;
    this.#lastProgressMs = nowMs;
    for (const attempt of this.#attempts.values()) {
      if (!attempt.progressed) continue;
      attempt.progressed = false;
      const tokensOut = attempt.generated - attempt.reported;
      attempt.reported = attempt.generated;
      onProgress(attempt, tokensOut);
    }
  }

  /** @returns once nothing runs, and what followed from the last end has happened. */
  whenIdle(): Promise<void> {
    const idle = Promise.withResolvers<void>();
    this.#onIdle = idle.resolve;
    this.#checkIdle();
    return idle.promise;
  }

  #checkIdle(): void {
    if (this.#attempts.size === 0) this.#onIdle?.();
  }
}

const attemptKey = (taskKey: string, number: number): string => `${taskKey}#${number}`;
