/**
 * API keys: their digests, and who a presented key belongs to. It holds digests only; a key is never stored and never logged.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type KeyConfig, type Scope, scopes } from '@llama-orch/config-schema';

/** Who asks, and what it may do. */
export type Principal = {
  readonly keyId: string;
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
};

/** Who asks while no keys are set: everybody on this machine, as tenant `default` (ORCH-3035). */
export const anonymousPrincipal: Principal = Object.freeze({ keyId: 'anonymous', tenantId: 'default', scopes });

export interface Keyring {
  /** How many keys there are; without any nobody is asked for one. */
  readonly size: number;
  /** The owner of a key, or `undefined`. Takes equally long whichever key it is. */
  verify(presentedKey: string): Principal | undefined;
}

/** What {@link newKey} puts before a key, so that scanners and logs can recognise one. */
export const keyPrefix = 'orch_';

/** A new key with 256 random bits. */
export const newKey = (): string => `${keyPrefix}${randomBytes(32).toString('base64url')}`;

/** The digest that the config holds of a key: HMAC-SHA256 under the secret, in hex. */
export const digestKey = (secret: string, key: string): string => hmac(secret, key).toString('hex');

/**
 * @param keys - From the config; digests are 64 hex digits.
 * @req ORCH-3035
 */
export const createKeyring = ({ keys, secret }: { readonly keys: readonly KeyConfig[]; readonly secret: string }): Keyring => {
  const entries = keys.map((key) => ({
    digest: Buffer.from(key.digest, 'hex'),
    principal: Object.freeze({ keyId: key.id, tenantId: key.tenant, scopes: key.scopes }),
  }));
  return {
    size: entries.length,
    verify: (presentedKey) => {
      const digest = hmac(secret, presentedKey);
      let found: Principal | undefined;
      // No early exit: the time says neither whether a key is known nor where it stands.
      for (const entry of entries) if (timingSafeEqual(entry.digest, digest)) found = entry.principal;
      return found;
    },
  };
};

const hmac = (secret: string, key: string): Buffer => createHmac('sha256', secret).update(key, 'utf8').digest();
