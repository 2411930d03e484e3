/**
 * Which sessions the journal must know of beside its tasks: those whose tasks are forgotten while they live, and those that were
 * deleted while their tasks are remembered. It writes and forgets their records; sessions themselves are the core's.
 */
import type { Scheduler } from '@llama-orch/orchestrator-core';
import type { JournalTime } from './journal-time.ts';
import type { TaskIdentity } from '../task.ts';
import { sessionKeyOf } from '../admission/accepted-task.ts';
import type { Journal, SessionRecord } from './journal.ts';

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
  onTaskForgotten(identity: TaskIdentity, nowMs: number): void {
    const sessionKey = sessionKeyOf(identity);
    const { scheduler, time, ttlMs } = this.#options;
    const session = scheduler.session(sessionKey, nowMs);
    if (session === undefined) return;
    const lastUsedMs = nowMs - (ttlMs() - session.ttlMsRemaining);
    const { turns, used } = session;
    void this.#write(sessionKey, { tenantId: identity.tenantId, turns, used, lastUsedAtMs: time.at(lastUsedMs) }, nowMs);
  }

  /** @returns once it is stable that the session was deleted. */
  onDeleted(session: Pick<TaskIdentity, 'tenantId' | 'sessionId'>, nowMs: number): Promise<void> {
    const fields = { tenantId: session.tenantId, turns: 0, used: null, lastUsedAtMs: this.#options.time.at(nowMs) };
    return this.#write(sessionKeyOf(session), fields, nowMs);
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

  #write(sessionKey: string, fields: Pick<SessionRecord, 'tenantId' | 'turns' | 'used' | 'lastUsedAtMs'>, nowMs: number): Promise<void> {
    const { journal, time, ttlMs } = this.#options;
    this.#dueMs.delete(sessionKey);
    this.#dueMs.set(sessionKey, nowMs + ttlMs());
    return journal.append({ kind: 'session', sessionKey, ...fields, atMs: time.at(nowMs) });
  }
}
