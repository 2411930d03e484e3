/**
 * One task that asks the core for a place, until the core has answered. It makes the task when the core says yes; it neither keeps nor
 * starts it.
 */
import type { Acceptance, CoreEffect } from '@llama-orch/orchestrator-core';
import type { Task } from '../task.ts';

type AcceptEffect = Extract<CoreEffect, { kind: 'accept' }>;
type RefuseEffect = Extract<CoreEffect, { kind: 'refuse' }>;

/** The core's answer to an `enqueue`. */
export type AdmissionAnswer =
  | { readonly kind: 'accepted'; readonly task: Task; readonly acceptance: Acceptance }
  | { readonly kind: 'refused'; readonly refusal: RefuseEffect };

/** Makes the task once the core said with which values. */
export type CreateTask = (acceptance: Acceptance, nowMs: number) => Task;

export class PendingAdmission {
  readonly #create: CreateTask;
  #answer: AdmissionAnswer | null = null;

  constructor(create: CreateTask) {
    this.#create = create;
  }

  get answer(): AdmissionAnswer | null {
    return this.#answer;
  }

  accept({ acceptance }: AcceptEffect, nowMs: number): Task {
    const task = this.#create(acceptance, nowMs);
    this.#answer = { kind: 'accepted', task, acceptance };
    return task;
  }

  refuse(refusal: RefuseEffect): void {
    this.#answer = { kind: 'refused', refusal };
  }
}
