/**
 * The key that a pool's engine asks its callers for. It owns where the key comes from; it is shown to the engine and to
 * adapters only.
 */
import { readFileSync } from 'node:fs';
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
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PoolFailure('key-missing', `The key of pool \`${id}\`’s engine cannot be read: ${reason}; correct \`runtime.api_key_file\`.`);
  }
  if (key === '') throw new PoolFailure('key-missing', `The key file ${file} of pool \`${id}\` is empty.`);
  return key;
};
