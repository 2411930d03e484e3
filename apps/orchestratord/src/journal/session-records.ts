/**
 * Which sessions the journal must know of beside its tasks: those whose tasks are forgotten while they live, and those that were
 * deleted while their tasks are remembered. It writes and forgets their records; sessions themselves are the core's.
 */
import type { Scheduler } from '@llama-orch/orchestrator-core';
import type { JournalTime } from './journal-time.ts';
import type { Journal } from './journal.ts';

export type SessionRecordsOptions = {
  readonly journal: Journal;
  readonly scheduler: Scheduler;
  readonly time: JournalTime;
  readonly ttlMs: () => number;
};

export class SessionRecords {
  readonly #options: SessionRecordsOptions;
  /** When each record may be forgotten unless its session still lives, the earliest first. */
  readonly #dueMs = new Map<string, number>();

  constructor(options: SessionRecordsOptions) {
    this.#options = options;
  }

  /** Records that an earlier run wrote. */
  adopt(sessionKeys: Iterable<string>, nowMs: number): void {
    for (const key of sessionKeys) this.#dueMs.set(key, nowMs + this.#options.ttlMs());
  }

  /** A task of the session is about to be forgotten. */
  onTaskForgotten(sessionKey: string, nowMs: number): void {
    const { scheduler, time, ttlMs } = this.#options;
    const session = scheduler.session(sessionKey, nowMs);
    if (session === undefined) return;
    const lastUsedMs = nowMs - (ttlMs() - session.ttlMsRemaining);
    void this.#write(sessionKey, { turns: session.turns, lastUsedAtMs: time.at(lastUsedMs) }, nowMs);
  }

  /** @returns once it is stable that the session was deleted. */
  onDeleted(sessionKey: string, nowMs: number): Promise<void> {
    return this.#write(sessionKey, { turns: 0, lastUsedAtMs: this.#options.time.at(nowMs) }, nowMs);
  }

  /** Forget records whose session is over: by now no task that is remembered could bring it back. */
  sweep(nowMs: number): void {
    for (const [key, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) return;
      this.#dueMs.delete(key);
      if (this.#options.scheduler.session(key, nowMs) === undefined) this.#options.journal.forget({ kind: 'session', key });
      else this.#dueMs.set(key, nowMs + this.#options.ttlMs());
    }
  }

  #write(sessionKey: string, fields: { readonly turns: number; readonly lastUsedAtMs: number }, nowMs: number): Promise<void> {
    const { journal, time, ttlMs } = this.#options;
    this.#dueMs.delete(sessionKey);
    this.#dueMs.set(sessionKey, nowMs + ttlMs());
    return journal.append({ kind: 'session', sessionKey, ...fields, atMs: time.at(nowMs) });
  }
}
