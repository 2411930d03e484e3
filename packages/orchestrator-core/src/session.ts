/**
 * Sessions: how long they live, how many turns they had, and where their KV cache lies (ORCH-3021 to 3023). They know
 * no prompt and never move KV.
 */
import type { RestoredSession } from './event.ts';
import { hashOf, KeyTable, type Keyed } from './key-table.ts';
import type { CoreConfig, SessionKey, SessionUsage } from './model.ts';
import type { Replica } from './replica.ts';
import { SessionAccount } from './session-budget.ts';
import type { Tenant } from './tenant.ts';

/** One session; linked into the table's order of last use. */
export class Session implements Keyed {
  readonly key: SessionKey;
  readonly keyHash: number;
  lastUsedMs: number;
  /** When it took its place in the order: at its last turn's begin, or when it was found still alive. */
  begunMs: number;
  turns = 0;
  /** Admitted tasks of it that have not ended; while there are any it does not expire. */
  active = 0;
  /** Replica of the last good turn; `null` = cold. */
  replica: Replica | null = null;
  /** Tokens of it in that replica's cache; 0 = nothing left there. */
  kvTokens = 0;
  /** Whose it is; `null` = nobody has said since a restart. */
  tenant: Tenant | null = null;
  /** Kept only where its tenant sets budgets. */
  account: SessionAccount | undefined = undefined;
  /** Deleted, expired or pushed out: what still runs for it leaves no trace. */
  ended = false;
  /** The canary that decided for it, and whether it goes there; kept while the session lives. */
  canaryId: string | null = null;
  onCanary = false;
  newer: Session | null = null;
  older: Session | null = null;

  constructor(key: SessionKey, nowMs: number) {
    this.key = key;
    this.keyHash = hashOf(key);
    this.lastUsedMs = nowMs;
    this.begunMs = nowMs;
  }

  /** A task was admitted that may use this of its budgets. */
  hold(demand: SessionUsage): void {
    this.account ??= new SessionAccount();
    this.account.hold(demand);
  }
}

export type SessionLimits = CoreConfig['sessions'];

/**
 * All sessions in the order in which they began their last turn, at most `maxSessions` of them. `onCold` is called for each one that loses its KV by
 * a limit, before it does, so that its owner can have it evicted on the worker.
 *
 * @req ORCH-3021, ORCH-3022
 */
export class SessionTable {
  readonly #byKey = new KeyTable<Session>();
  readonly #onCold: (session: Session) => void;
  #limits: SessionLimits;
  #newest: Session | null = null;
  #oldest: Session | null = null;

  constructor(limits: SessionLimits, onCold: (session: Session) => void) {
    this.#limits = limits;
    this.#onCold = onCold;
  }

  get size(): number {
    return this.#byKey.size;
  }

  reconfigure(limits: SessionLimits): void {
    this.#limits = limits;
    this.#evictSurplus();
  }

  get(key: SessionKey, nowMs: number): Session | undefined {
    const session = this.#byKey.get(key);
    return session !== undefined && this.ttlMsRemaining(session, nowMs) > 0 ? session : undefined;
  }

  ttlMsRemaining(session: Session, nowMs: number): number {
    return session.active > 0 ? this.#limits.ttlMs : Math.max(0, session.lastUsedMs + this.#limits.ttlMs - nowMs);
  }

  /** As {@link SessionTable.get}, for a task that comes now: one that has expired ends here. */
  find(key: SessionKey, nowMs: number): Session | undefined {
    const session = this.#byKey.get(key);
    if (session === undefined || this.ttlMsRemaining(session, nowMs) > 0) return session;
    this.#end(session);
    return undefined;
  }

  /**
   * Begin a turn of an admitted task.
   *
   * 1. Unknown or expired → a new session.
   * 2. All turns used up → it rolls over: cold, and this is turn 1.
   * 3. Else one more turn.
   *
   * @param known - What {@link SessionTable.find} just gave for this key.
   */
  beginTurn(key: SessionKey, known: Session | undefined, nowMs: number): Session {
    // 1
    if (known === undefined) {
      const session = new Session(key, nowMs);
      session.turns = 1;
      session.active = 1;
      this.#byKey.add(session);
      this.#linkNewest(session);
      this.#evictSurplus();
      return session;
    }
    // 2
    if (known.turns >= this.#limits.maxTurns) {
      this.#chill(known);
      known.turns = 0;
    }
    // 3
    known.turns += 1;
    known.active += 1;
    known.lastUsedMs = nowMs;
    this.#renew(known, nowMs);
    return known;
  }

  /** What an earlier run left of a session, cold: its KV may still be there, but nobody knows. Called in the order of last use. */
  restore({ sessionKey, turns, lastUsedMs, account }: RestoredSession, tenant: Tenant | null): void {
    const session = new Session(sessionKey, lastUsedMs);
    session.turns = turns;
    session.tenant = tenant;
    if (account !== undefined) {
      session.account = new SessionAccount();
      session.account.restore(account.used);
    }
    this.#byKey.add(session);
    this.#linkNewest(session);
    this.#evictSurplus();
  }

  /** A task that was admitted by an earlier run belongs to it; no new turn begins. */
  rejoin(key: SessionKey, nowMs: number): Session {
    const known = this.#byKey.get(key);
    if (known === undefined) return this.beginTurn(key, undefined, nowMs);
    known.active += 1;
    return known;
  }

  /** A task of the session ended, in whatever way. Its place in the order is put right when it would expire. */
  endTurn(session: Session, nowMs: number): void {
    session.active -= 1;
    session.lastUsedMs = nowMs;
  }

  /** @returns The session that was ended, if there was one; its KV is the caller's to evict. */
  delete(key: SessionKey): Session | undefined {
    const session = this.#byKey.get(key);
    if (session !== undefined) this.#forget(session);
    return session;
  }

  /** End what has outlived its TTL: the oldest first, so the first one that began its turn lately stops it. */
  expire(nowMs: number): void {
    const { ttlMs } = this.#limits;
    let session = this.#oldest;
    while (session !== null && session.begunMs + ttlMs <= nowMs) {
      if (this.ttlMsRemaining(session, nowMs) > 0) this.#renew(session, nowMs);
      else this.#end(session);
      session = this.#oldest;
    }
  }

  #evictSurplus(): void {
    while (this.#byKey.size > Math.max(1, this.#limits.maxSessions) && this.#oldest !== null) this.#end(this.#oldest);
  }

  #end(session: Session): void {
    this.#chill(session);
    this.#forget(session);
  }

  #forget(session: Session): void {
    session.ended = true;
    this.#byKey.delete(session);
    this.#unlink(session);
  }

  #chill(session: Session): void {
    if (session.replica !== null && session.kvTokens > 0) this.#onCold(session);
    session.replica = null;
    session.kvTokens = 0;
  }

  #renew(session: Session, nowMs: number): void {
    session.begunMs = nowMs;
    if (this.#newest === session) return;
    this.#unlink(session);
    this.#linkNewest(session);
  }

  #linkNewest(session: Session): void {
    session.older = this.#newest;
    if (this.#newest === null) this.#oldest = session;
    else this.#newest.newer = session;
    this.#newest = session;
  }

  #unlink(session: Session): void {
    if (session.newer === null) this.#newest = session.older;
    else session.newer.older = session.older;
    if (session.older === null) this.#oldest = session.newer;
    else session.older.newer = session.newer;
    session.newer = null;
    session.older = null;
  }
}
