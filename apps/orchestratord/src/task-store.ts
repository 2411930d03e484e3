/**
 * Every task that can be asked for: live ones, and ended ones within the retention. It owns who is remembered and for
 * how long; what a task does is not its concern.
 */
import type { Task } from './task.ts';

export type RetentionLimits = { readonly ms: number; readonly bytes: number; readonly tasks: number };

/** Estimated bytes of a remembered task beside its text and its 202. */
const recordBytes = 2_048;

/** @req ORCH-2011 */
export class TaskStore {
  readonly #remembered = new Map<string, Task>();
  /** Ended tasks by end, oldest first, with the bytes they were counted at. */
  readonly #ended = new Map<string, number>();
  readonly #limits: RetentionLimits;
  readonly #onForget: (task: Task) => void;
  #endedBytes = 0;

  constructor(limits: RetentionLimits, onForget: (task: Task) => void) {
    this.#limits = limits;
    this.#onForget = onForget;
  }

  get liveCount(): number {
    return this.#remembered.size - this.#ended.size;
  }

  /** Make a task findable; its acceptance is stable. */
  publish(task: Task): void {
    this.#remembered.set(task.identity.key, task);
  }

  find(taskKey: string): Task | undefined {
    return this.#remembered.get(taskKey);
  }

  /** Start the retention of an ended task; again changes nothing. */
  retire(task: Task): void {
    const { key } = task.identity;
    if (!this.#remembered.has(key) || this.#ended.has(key)) return;
    const bytes = recordBytes + task.log.memoryBytes + vectorBytes(task) + task.admission.acceptedBody.length;
    this.#ended.set(key, bytes);
    this.#endedBytes += bytes;
    while (this.#endedBytes > this.#limits.bytes || this.#ended.size > this.#limits.tasks) this.#forgetOldest();
  }

  /** Forget what is older than the retention. */
  sweep(nowMs: number): void {
    for (const key of this.#ended.keys()) {
      const endedAtMs = this.#remembered.get(key)?.endedAtMs ?? 0;
      if (nowMs - endedAtMs < this.#limits.ms) return;
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    const oldest = this.#ended.entries().next();
    if (oldest.done) return;
    const [key, bytes] = oldest.value;
    this.#ended.delete(key);
    this.#endedBytes -= bytes;
    const task = this.#remembered.get(key);
    this.#remembered.delete(key);
    if (task !== undefined) this.#onForget(task);
  }
}

/** Vectors are kept beside the terminal event: numbers of 8 bytes. */
const vectorBytes = ({ result }: Task): number => {
  const numbers = (result?.embeddings ?? []).reduce((sum, vector) => sum + vector.length, 0) + (result?.scores?.length ?? 0);
  return numbers * 8;
};
