/** API keys for a stack under test, and their digests as the config holds them. They are worth nothing outside of it. */
import { createHmac, randomBytes } from 'node:crypto';

export type Scope = 'tasks' | 'control' | 'agent' | 'metrics';

export type TestKey = {
  /** What a client shows. */
  readonly key: string;
  /** The entry of `keys` in the config. */
  readonly entry: { readonly id: string; readonly digest: string; readonly tenant: string; readonly scopes: readonly Scope[] };
};

/** What the services get as `ORCH_KEY_SECRET`. */
export const keySecret = randomBytes(24).toString('hex');

export function createKey(id: string, tenant: string, scopes: readonly Scope[]): TestKey {
  const key = `orch_${randomBytes(32).toString('base64url')}`;
  return { key, entry: { id, digest: createHmac('sha256', keySecret).update(key).digest('hex'), tenant, scopes } };
}
