/**
 * Keys and their digests.
 */
import { expect, test } from 'vitest';
import { createKeyring, digestKey, newKey } from './api-key.ts';

const secret = 'secret-of-the-tests-0123456789';
const entry = (id: string, key: string) => ({ id, digest: digestKey(secret, key), tenant: `tenant-${id}`, scopes: ['tasks' as const] });

test('[ORCH-3035] a digest is HMAC-SHA256 in hex (RFC 4231, test case 2)', () => {
  expect(digestKey('Jefe', 'what do ya want for nothing?')).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
});

test('[ORCH-3035] a key finds its owner, wherever it stands in the list; another one finds nobody', () => {
  const keys = [newKey(), newKey(), newKey()];
  const keyring = createKeyring({ keys: keys.map((key, index) => entry(String(index), key)), secret });
  keys.forEach((key, index) =>
    expect(keyring.verify(key)).toEqual({ keyId: String(index), tenantId: `tenant-${index}`, scopes: ['tasks'] }),
  );
  for (const key of [newKey(), '', keys[0]?.slice(0, -1) ?? '', `${keys[0]}x`, digestKey(secret, keys[0] ?? '')])
    expect(keyring.verify(key)).toBeUndefined();
});

test('[ORCH-3035] under another secret no key is valid', () => {
  const key = newKey();
  const keyring = createKeyring({ keys: [entry('a', key)], secret: `${secret}x` });
  expect(keyring.verify(key)).toBeUndefined();
});

test('new keys are long, unlike each other, and recognisable', () => {
  const keys = Array.from({ length: 100 }, newKey);
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^orch_[A-Za-z0-9_-]{43}$/);
});
