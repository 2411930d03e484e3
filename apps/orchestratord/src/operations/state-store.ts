/**
 * Where the control plane keeps what must outlive a restart: operations, config generations. One value for each key, the last one
 * counts. It knows none of them.
 */

export interface StateStore {
  /** @returns once the value is stable, where the journal is durable. */
  save(key: string, body: unknown): Promise<void>;
  forget(key: string): void;
  /** Why nothing can be made stable now; `null` = it can. What is saved all the same is stable once it can be again. */
  readonly fault: string | null;
}

/** What an earlier run saved, by key. */
export type StoredState = ReadonlyMap<string, unknown>;
