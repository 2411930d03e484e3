/**
 * The key that a pool's engine asks its callers for. It owns where the key comes from; it is shown to the engine and to
 * adapters only.
 */
import { readSecretFile } from '@llama-orch/service-kit';
import { PoolFailure } from './failure.ts';
import type { PoolSpec } from './pool-spec.ts';

/**
 * Read it anew at each start, so that a changed key needs a restart of the worker and nothing else.
 *
 * @returns `null` where the pool names no file.
 * @throws PoolFailure `key-missing` when the file cannot be read or is empty.
 * @req ORCH-3043
 */
export const readEngineKey = ({ id, runtime }: PoolSpec): string | null => {
  const file = runtime.kind === 'embedded' ? null : runtime.apiKeyFile;
  if (file === null) return null;
  const secret = readSecretFile(file, 'runtime.api_key_file');
  if (!secret.ok || secret.value === undefined)
    throw new PoolFailure(
      'key-missing',
      `The key of pool \`${id}\`’s engine is not to be had: ${secret.ok ? 'nothing there' : secret.fault.message}.`,
    );
  return secret.value;
};
